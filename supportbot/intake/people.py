"""What a person is called across the tables: one name over all platforms, and a digest where no name is needed.

Slack numbers people within a workspace, Discord across all guilds, and the page and the terminal make names that
begin with the platform already. What somebody writes to the bot alone in Discord is a workspace of their own, so
that nobody's consent counts for another; its name is a digest, since files and audits contain it.
"""

from __future__ import annotations

import hashlib
import re

DIRECT = "dm:"
"""With which the name of such a workspace begins."""

_OF_PERSON = re.compile(r"dm:(\d{1,20})")
_DIGITS = 32


def person_of(platform: str, workspace: str, user: str) -> str:
    """Return a person's name over all platforms, such as ``slack:T1:U1``; voters have this form.

    Args:
        platform: as in ``IncomingQuestion``.
        workspace: as above.
        user: the platform's id of the person.
    """
    if user.startswith(f"{platform}:"):
        return user
    within = f"{workspace}:" if platform == "slack" else ""
    return f"{platform}:{within}{user}"


def digest_of(person: str) -> str:
    """Return what stands for a person where they need only be known again: 64 hexadecimal digits."""
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()


def direct_messages_of(platform: str, user: str) -> str:
    """Return the workspace of what a person writes to the bot alone, where the platform has none for that.

    Args:
        platform: as in ``IncomingQuestion``.
        user: the platform's id of the person.
    """
    return f"{DIRECT}{digest_of(person_of(platform, '', user))[:_DIGITS]}"


def workspace_named(platform: str, name: str) -> str:
    """Return the workspace that an operator names: ``dm:4177`` are the direct messages of the person 4177."""
    found = _OF_PERSON.fullmatch(name.strip())
    return direct_messages_of(platform, found[1]) if found and platform == "discord" else name.strip()
