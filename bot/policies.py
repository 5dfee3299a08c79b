"""The texts about a channel's policy, the same on every platform."""

from __future__ import annotations

import re
from collections.abc import Mapping

from supportbot.policies.policy import Policy
from supportbot.policies.wording import ANSWER_ON_WORDS, LANGUAGE_WORDS, NONE, build_lines
from supportbot.words import ENGLISH, N_, Words

NOT_HERE_TEXT = N_("An admin turned my answers off in this channel.")
ADMINS_TEXT = N_("Only admins can change how I answer here.")
SAVED_TITLE = N_("Saved")

HINTS: Mapping[str, str] = {
    "quiet_hours": N_("I only answer mentions then. Example: {example}. Leave empty for none."),
    "handoff_target": N_("ID of the channel, person or group to ask instead. Leave empty for nobody."),
    "handoff_reminder_minutes": N_("Minutes before an open request is posted again. Leave empty for no reminder."),
    "working_hours": N_("When people answer. Example: {example}. Leave empty for always."),
    "digest_channel": N_("Channel ID. Leave empty for the channel where people are asked."),
}
"""The labels of the fields in which people write."""

VERIFIED_ONLY_WORDS: Mapping[str, str] = {
    "no": N_("No, also answers from the model or a document"),
    "yes": N_("Yes"),
}
DIGEST_WORDS: Mapping[str, str] = {
    "no": N_("No"),
    "yes": N_("Yes, Mondays at 9 in the time zone of the working hours"),
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
        lead = words.say("Now in effect in this channel:")
    else:
        lead = words.say("Now in effect in all channels without their own settings:")
    return "\n".join([lead, *(f"• {line}" for line in build_lines(policy, words))])
