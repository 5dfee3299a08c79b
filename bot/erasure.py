"""The texts for people in chat who want to be forgotten, the same on every platform."""

from __future__ import annotations

from supportbot.privacy.erasing import Erased
from supportbot.privacy.reach import beyond_reach_in_chat
from supportbot.words import ENGLISH, N_, Words

ASK_TEXT = N_(
    "Erase all your data? This covers your questions with their answers, your votes, your corrections, and "
    "what was collected from them for me to learn. This can't be undone."
)
CONFIRM_LABEL = N_("Erase all my data")
CANCEL_LABEL = N_("Cancel")
CANCELLED_TEXT = N_("OK, nothing was erased.")
ERASING_TEXT = N_("I'm erasing all your data. This takes a moment…")
FAILED_TEXT = N_(
    "Sorry, something went wrong on my side, and not everything was erased. Please try again in a moment."
)

_KINDS = (
    N_("questions"),
    N_("answers"),
    N_("replies"),
    N_("votes"),
    N_("answers they wrote"),
    N_("hand-offs they closed"),
    N_("training rows"),
    N_("wordings"),
    N_("answers to others"),
    N_("audit rows"),
    N_("foreign questions"),
    N_("policies"),
    N_("files"),
    N_("approved answers"),
)
"""What ``Erased.counts`` names, for the catalogue."""

_FORGET_ME = "forget me"
_SIGNS = " \t\n.!?\"'“”`"


def asks_to_be_forgotten(text: str) -> bool:
    """Return whether somebody typed ``forget me``, and nothing else, after the command."""
    return " ".join(text.strip(_SIGNS).casefold().split()) == _FORGET_ME


def build_told(platform: str, erased: Erased, words: Words = ENGLISH) -> str:
    """Return what somebody is told who was erased: what is gone, what stays, and what could not be reached."""
    counts = ", ".join(f"{count} {words.say(kind)}" for kind, count in erased.counts.items())
    nothing = words.say("There was no data of yours to erase.")
    parts = [words.say("Erased: {counts}.", counts=counts) if counts else nothing]
    if erased.kept:
        parts.append(
            words.say_many(
                "{number} approved answer that you wrote stays, because it also answers other people's questions.",
                "{number} approved answers that you wrote stay, because they also answer other people's "
                "questions.",
                len(erased.kept),
            )
        )
    parts.append(beyond_reach_in_chat(platform, words))
    return " ".join(parts)
