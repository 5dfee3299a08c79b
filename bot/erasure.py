"""What people in chat read who want to be forgotten: the same words on every platform."""

from __future__ import annotations

from supportbot.privacy.erasing import Erased
from supportbot.privacy.reach import beyond_reach_in_chat

ASK_TEXT = (
    "Shall I erase everything of yours: your questions with their answers, your votes, what you corrected, and "
    "what was collected of it for me to learn? This cannot be undone."
)
CONFIRM_LABEL = "Erase everything of mine"
CANCEL_LABEL = "Cancel"
CANCELLED_TEXT = "All right, nothing was erased."
ERASING_TEXT = "I am erasing everything of yours. This takes a moment…"
FAILED_TEXT = "Sorry, something went wrong on my side, and not everything is erased. Please try again in a moment."

_FORGET_ME = "forget me"
_SIGNS = " \t\n.!?\"'“”`"


def asks_to_be_forgotten(text: str) -> bool:
    """Return whether somebody typed ``forget me``, and nothing else, after the command."""
    return " ".join(text.strip(_SIGNS).casefold().split()) == _FORGET_ME


def build_told(platform: str, erased: Erased) -> str:
    """Return what somebody is told who was erased: what is gone, what stays, and what could not be reached."""
    counts = ", ".join(f"{count} {kind}" for kind, count in erased.counts.items())
    parts = [f"Erased: {counts}." if counts else "There was nothing of yours to erase."]
    if erased.kept:
        parts.append(
            f"{len(erased.kept)} approved answers that you worded stay, because questions of other people lead to "
            "them."
        )
    parts.append(beyond_reach_in_chat(platform))
    return " ".join(parts)
