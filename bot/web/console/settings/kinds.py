"""What people read for the kinds of rows that are found of a person, and erased."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.words import N_

KINDS: Mapping[str, str] = {
    "questions": N_("Questions"),
    "answers": N_("Answers to them"),
    "replies": N_("Messages on their way or delivered"),
    "votes": N_("Votes"),
    "answers they wrote": N_("Answers that they wrote"),
    "hand-offs": N_("Hand-offs"),
    "hand-offs they closed": N_("Hand-offs that they closed"),
    "training rows": N_("Rows for training"),
    "wordings": N_("Wordings of approved answers"),
    "approved answers": N_("Approved answers"),
    "conversations": N_("Conversations"),
    "answers to others": N_("Answers to others, emptied"),
    "audit rows": N_("Lines of the audit, emptied"),
    "foreign questions": N_("Questions that are none of ours"),
    "policies": N_("Decisions about channels, without the name"),
    "files": N_("Files"),
}
"""By the words of ``privacy.found`` and ``privacy.erasing``."""

STEPS: Mapping[str, str] = {
    "Files": N_("Looking through files…"),
    "Rows": N_("Erasing rows…"),
    "Waiting for daemons": N_("Waiting until every daemon has followed…"),
    "Writing the database anew": N_("Writing the database anew…"),
}
"""By what ``privacy.erasing`` tells."""
