"""What a person is called across the tables: one name over all platforms, and a digest where no name is needed.

Slack numbers people within a workspace, Discord across all guilds, and the page and the terminal make names that
begin with the platform already.
"""

from __future__ import annotations

import hashlib


def person_of(platform: str, workspace: str, user: str) -> str:
    """Return a person's name over all platforms, such as ``slack:T1:U1``; voters have this form.

    Args:
        platform: as in ``IncomingQuestion``.
        workspace: likewise.
        user: the platform's id of the person.
    """
    if user.startswith(f"{platform}:"):
        return user
    within = f"{workspace}:" if platform == "slack" else ""
    return f"{platform}:{within}{user}"


def digest_of(person: str) -> str:
    """Return what stands for a person where they need only be known again: 64 hexadecimal digits."""
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()
