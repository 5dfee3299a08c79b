"""What people are told about a channel's policy, the same on every platform."""

from __future__ import annotations

import re
from collections.abc import Mapping

from supportbot.policies.policy import Policy
from supportbot.policies.wording import HOURS_EXAMPLE, build_lines

NOT_HERE_TEXT = "I answer nothing here: an admin of this channel switched that off."
ADMINS_TEXT = "Only admins may decide what I answer here."
SAVED_TITLE = "Saved"

HINTS: Mapping[str, str] = {
    "quiet_hours": f"In these I speak only to who names me. Such as {HOURS_EXAMPLE}; empty for none.",
    "handoff_target": "The id of a channel, a person or a group whom people may ask instead; empty for nobody.",
    "digest_channel": "The id of a channel; empty for the channel that people are asked in.",
}
"""What stands beside the fields in which people write."""

VERIFIED_ONLY_WORDS: Mapping[str, str] = {"no": "No, also what a model or a document says", "yes": "Yes"}
DIGEST_WORDS: Mapping[str, str] = {"no": "No", "yes": "Yes, on Mondays at 9 in the zone of the working hours"}

_CONFIG = re.compile(r"\s*config(?:\s+(?P<all>all|workspace|server))?\s*", re.IGNORECASE)


def asks_to_configure(text: str) -> bool:
    """Return whether what follows a command asks for the form of the channel's policy."""
    return _CONFIG.fullmatch(text) is not None


def means_all(text: str) -> bool:
    """Return whether it asks for that of all channels."""
    found = _CONFIG.fullmatch(text)
    return found is not None and found["all"] is not None


def build_scope(channel: str) -> str:
    """Return what a form is about, in words."""
    return "this channel" if channel else "all channels that decide nothing else"


def build_confirmation(channel: str, policy: Policy) -> str:
    """Return what an admin is told once a form is kept: what holds now."""
    return "\n".join(
        [f"This holds now in {build_scope(channel)}:", *(f"• {line}" for line in build_lines(policy))]
    )
