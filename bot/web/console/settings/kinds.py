"""What people read for the kinds of rows that are found of a person, and erased."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.words import N_

KINDS: Mapping[str, str] = {
    "questions": N_("Questions"),
    "answers": N_("Answers to them"),
    "replies": N_("Queued and delivered messages"),
    "votes": N_("Votes"),
    "answers they wrote": N_("Answers they wrote"),
    "hand-offs": N_("Hand-offs"),
    "hand-offs they closed": N_("Hand-offs they closed"),
    "training rows": N_("Training rows"),
    "wordings": N_("Wordings of approved answers"),
    "approved answers": N_("Approved answers"),
    "conversations": N_("Conversations"),
    "answers to others": N_("Answers to others, cleared"),
    "audit rows": N_("Audit log entries, cleared"),
    "foreign questions": N_("Off-topic questions"),
    "policies": N_("Channel settings, without the name"),
    "files": N_("Files"),
}
"""By the words of ``privacy.found`` and ``privacy.erasing``."""

STEPS: Mapping[str, str] = {
    "Files": N_("Looking through files…"),
    "Rows": N_("Erasing rows…"),
    "Waiting for daemons": N_("Waiting until every daemon is up to date…"),
    "Writing the database anew": N_("Compacting the database…"),
}
"""By what ``privacy.erasing`` tells."""
