"""Whom "ask a human" asks, read from what the policy says: a pure function.

What a target is called is the platform's own affair, but Discord's numbers do not say what they name. So there a
person is ``@123`` and a role ``@&123``, as in Discord's own signs. The page has no people of its own: its target
says where they are, such as ``slack:C123``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from supportbot.db.states import LOCAL_PLATFORMS


class TargetKind(StrEnum):
    """What a target is."""

    CHANNEL = "channel"
    """A channel, or in Discord a forum."""
    PERSON = "person"
    GROUP = "group"
    """A user group of Slack, or a role of Discord; it is named where the question stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom to ask, and on which platform; ``name`` is the platform's id."""

    platform: str
    kind: TargetKind
    name: str


_FORMS = {
    "slack": (
        (TargetKind.CHANNEL, re.compile(r"(?:<#)?([CG][A-Z0-9]{1,30})(?:(?:\|[^<>]*)?>)?")),
        (TargetKind.PERSON, re.compile(r"(?:<?@)?([UW][A-Z0-9]{1,30})(?:(?:\|[^<>]*)?>)?")),
        (TargetKind.GROUP, re.compile(r"(?:<!subteam\^)?(S[A-Z0-9]{1,30})(?:(?:\|[^<>]*)?>)?")),
    ),
    "discord": (
        (TargetKind.CHANNEL, re.compile(r"(?:<?#)?(\d{1,20})>?")),
        (TargetKind.PERSON, re.compile(r"<?@!?(\d{1,20})>?")),
        (TargetKind.GROUP, re.compile(r"<?@&(\d{1,20})>?")),
    ),
}


def read_target(said: str, platform: str) -> Target | None:
    """Return whom a policy names; None if that is no target.

    Args:
        said: the policy's ``handoff_target``, perhaps with its platform and a colon before it.
        platform: of the workspace that the policy is for.
    """
    before, colon, name = said.strip().rpartition(":")
    there = before if colon else platform
    if there not in _FORMS or (there != platform and platform not in LOCAL_PLATFORMS):
        return None  # what is asked in one workspace is shown in no other
    for kind, form in _FORMS[there]:
        if found := form.fullmatch(name.strip()):
            return Target(platform=there, kind=kind, name=found[1])
    return None
