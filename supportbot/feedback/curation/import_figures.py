"""What an import found in a file, and what it did with it: figures for a person to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supportbot.feedback.curation.contradictions import Contradiction
from supportbot.feedback.curation.returning import Returned
from supportbot.feedback.curation.staging import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    Attributes:
        rows: of the file, with a question and an answer.
        wordings: questions of these rows.
        answers: different ones.
        skipped: rows without a question or an answer.
        here: wordings that were exported from here and are here.
        gone: wordings that were exported from here and erased since.
        foreign: wordings that came from the log of a workspace, whose consent they take.
        contradictions: questions with different answers, within the file or against what is known.
        dropped: wordings that were left out for a later answer in the file.
        replaced: wordings that were known and gave way.
        new: wordings that were not there yet.
        approved: those that were approved, those among them that had waited for a curator too.
        held_out: wordings of the file that are kept for measuring.
        too_long: answers of which the end cannot be trained on; None if no tokenizer was at hand.
        contacts: answers with an e-mail address or a phone number.
        redacted: what was taken out of all rows, by kind; contacts of the shop's own are among it unless they are
            set as public.
    """

    rows: int
    wordings: int
    answers: int
    skipped: int
    here: int
    gone: int
    foreign: int
    contradictions: int
    dropped: int
    replaced: int
    new: int
    approved: int
    held_out: int
    too_long: int | None
    contacts: int
    redacted: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that was looked through.

    Attributes:
        survey: what is in it.
        answers: different ones.
        contradictions: how many questions have different answers.
        named: the first of these.
        dropped: wordings that are left out for a later answer in the file.
        held_out: wordings that are kept for measuring.
        returned: what the rows of an export came from.
    """

    survey: Survey
    answers: int
    contradictions: int
    named: Sequence[Contradiction]
    dropped: int
    held_out: int
    returned: Returned
