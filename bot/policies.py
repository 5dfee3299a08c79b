"""What people are told about a channel's policy, the same on every platform."""

from __future__ import annotations

import re
from collections.abc import Mapping

from supportbot.policies.policy import Policy
from supportbot.policies.wording import ANSWER_ON_WORDS, LANGUAGE_WORDS, NONE, build_lines
from supportbot.words import ENGLISH, N_, Words

NOT_HERE_TEXT = N_("I answer nothing here: an admin of this channel switched that off.")
ADMINS_TEXT = N_("Only admins may decide what I answer here.")
SAVED_TITLE = N_("Saved")

HINTS: Mapping[str, str] = {
    "quiet_hours": N_("In these I speak only to who names me. Such as {example}; empty for none."),
    "handoff_target": N_(
        "The id of a channel, a person or a group whom people may ask instead; empty for nobody."
    ),
    "handoff_reminder_minutes": N_("After so many minutes an open one is brought up once more; empty for never."),
    "working_hours": N_("When people answer. Such as {example}; empty for always."),
    "digest_channel": N_("The id of a channel; empty for the channel that people are asked in."),
}
"""What stands beside the fields in which people write."""

VERIFIED_ONLY_WORDS: Mapping[str, str] = {"no": N_("No, also what a model or a document says"), "yes": N_("Yes")}
DIGEST_WORDS: Mapping[str, str] = {
    "no": N_("No"),
    "yes": N_("Yes, on Mondays at 9 in the zone of the working hours"),
}

_YES_NO: Mapping[str, str] = {"no": N_("No"), "yes": N_("Yes")}


def choices(inherited: str) -> Mapping[str, Mapping[str, str]]:
    """Return what there is to choose from for each setting that has a few values: what is typed, and its words.

    Args:
        inherited: what is said of a language that follows the workspace.
    """
    return {
        "answer_on": {str(value): words for value, words in ANSWER_ON_WORDS.items()},
        "verified_only": VERIFIED_ONLY_WORDS,
        "handoff_everywhere": _YES_NO,
        "language": {NONE: inherited, **LANGUAGE_WORDS},
        "digest": DIGEST_WORDS,
    }


_CONFIG = re.compile(r"\s*config(?:\s+(?P<all>all|workspace|server))?\s*", re.IGNORECASE)


def asks_to_configure(text: str) -> bool:
    """Return whether what follows a command asks for the form of the channel's policy."""
    return _CONFIG.fullmatch(text) is not None


def means_all(text: str) -> bool:
    """Return whether it asks for that of all channels."""
    found = _CONFIG.fullmatch(text)
    return found is not None and found["all"] is not None


def build_confirmation(channel: str, policy: Policy, words: Words = ENGLISH) -> str:
    """Return what an admin is told once a form is kept: what holds now."""
    if channel:
        lead = words.say("This holds now in this channel:")
    else:
        lead = words.say("This holds now in all channels that decide nothing else:")
    return "\n".join([lead, *(f"• {line}" for line in build_lines(policy, words))])
