"""The questions for the whole answerer, and the knowledge that it answers with.

The live knowledge contains the held-out wordings, so each would find itself. So a separate index is built without
them and without any other wording that is asked; an answer stays as long as it has a wording left. A question
whose answer has none left, or is not live, cannot be measured and is counted.

Foreign questions are those that a curator marked, which the threshold has seen, and others that no FAQ answers,
which it has not. They are counted apart.

This module knows no model.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import select

from supportbot.db.models import Example, Wording
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, Split
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge import store
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.folding import folded
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.index import MOST_FITTED_ANSWERS, Index
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.small_talk import SmallTalk
from supportbot.knowledge.vectors import Vectors
from supportbot.redact import redact
from training.evaluate.rows import Row

MARKED, OUT_OF_SCOPE = "marked", "out_of_scope"

NOT_KNOWN = "their answer is not live"
NO_OTHER_WORDING = "their answer has no other wording"

_ALL = sys.maxsize


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Knowledge to measure, with its questions.

    Attributes:
        knowledge: without the wordings to ask; it never follows the database.
        rows: questions that can be measured.
        meant: for each of them the entries with its answer.
        foreign: questions that nothing answers, by kind.
        left_out: rows that cannot be measured, by the reason.
        wordings: number of known ones.
        held_back: wordings that are live and left out here.
    """

    knowledge: Knowledge
    rows: tuple[Row, ...]
    meant: tuple[frozenset[int], ...]
    foreign: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, int]
    wordings: int
    held_back: int

    @property
    def steps(self) -> int:
        """How many questions are asked in one mode."""
        return len(self.rows) + sum(map(len, self.foreign.values()))


async def has_knowledge(database: Database) -> bool:
    """Return whether there are live answers of the operator's own."""
    async with database.read() as session:
        return await store.count_live(session) > 0


async def know(
    database: Database,
    rows: Sequence[Row],
    out_of_scope: Sequence[str],
    *,
    open_encoder: Callable[[], TextEncoder | None],
    wrong_rate: float,
    small_talk: bool,
    limit: int,
    keep: Collection[str] = (),
) -> Known:
    """Build the knowledge that can be measured with some rows.

    Args:
        database: whose live answers count; missing vectors are computed and stored.
        rows: the questions, with the right answers.
        out_of_scope: questions that nothing answers; known ones are left out.
        open_encoder: see ``Knowledge``.
        wrong_rate: see ``Knowledge``.
        small_talk: whether greetings and the like are answered.
        limit: most of the marked questions, the newest.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        EncoderError: the encoder cannot be used.
    """
    async with database.read() as session:
        live = await store.changes_since(session, 0)
        held_out = set(
            await session.scalars(
                select(Wording.id)
                .join(Example, Wording.example_id == Example.id)
                .where(Example.split == Split.HELD_OUT)
            )
        )
    own = [entry for entry in live.entries if entry.source is not EntrySource.SMALL_TALK and entry.wordings]
    asked = {_folded(row.question) for row in rows}
    left = [entry for entry in (_without(entry, held_out, asked) for entry in own) if entry.wordings]
    known, meant, left_out = await asyncio.to_thread(_measurable, rows, own, left, keep)
    knowledge = Knowledge(database, open_encoder, wrong_rate=wrong_rate)
    # Set here and never refreshed: a refresh would read the held-out wordings back, and store a threshold that is
    # not the daemon's.
    talk = [entry for entry in live.entries if entry.source is EntrySource.SMALL_TALK]
    knowledge.small_talk = SmallTalk(talk if small_talk else ())
    if left:
        vectors = Vectors(database, await asyncio.to_thread(open_encoder))
        await vectors.complete(own, most=_ALL, with_tokens=len(left) <= MOST_FITTED_ANSWERS)
        index = await asyncio.to_thread(
            Index,
            left,
            vectors.encoder,
            vectors.of_wordings(left),
            vectors.of_answers(left),
            tokens=vectors.of_tokens(left),
            foreign=live.foreign,
            wrong_rate=wrong_rate,
        )
        knowledge.index = await asyncio.to_thread(index.fitted, shipped_foreign(), await vectors.of_foreign())
    taken = {_folded(wording.text) for entry in own for wording in entry.wordings}
    wordings = sum(len(entry.wordings) for entry in left)
    return Known(
        knowledge=knowledge,
        rows=known,
        meant=meant,
        foreign={
            MARKED: live.foreign[-limit:],
            OUT_OF_SCOPE: tuple(question for question in out_of_scope if _folded(question) not in taken),
        },
        left_out=left_out,
        wordings=wordings,
        held_back=sum(len(entry.wordings) for entry in own) - wordings,
    )


def _without(entry: KnownEntry, held_out: Collection[int], asked: Collection[str]) -> KnownEntry:
    wordings = (one for one in entry.wordings if one.id not in held_out and _folded(one.text) not in asked)
    return replace(entry, wordings=tuple(wordings))


def _measurable(
    rows: Sequence[Row], own: Sequence[KnownEntry], left: Sequence[KnownEntry], keep: Collection[str]
) -> tuple[tuple[Row, ...], tuple[frozenset[int], ...], dict[str, int]]:
    """Return the rows whose answer is still known, the entries with it, and the numbers of other rows by
    reason."""
    before, after = _by_answer(own, keep), _by_answer(left, keep)
    known: list[Row] = []
    meant: list[frozenset[int]] = []
    left_out: dict[str, int] = {}
    for row in rows:
        key = store.answer_key(row.answer)
        if key in after:
            known.append(row)
            meant.append(frozenset(after[key]))
        else:
            reason = NO_OTHER_WORDING if key in before else NOT_KNOWN
            left_out[reason] = left_out.get(reason, 0) + 1
    return tuple(known), tuple(meant), left_out


def _by_answer(entries: Sequence[KnownEntry], keep: Collection[str]) -> dict[str, set[int]]:
    """Return the entries that may be given, by their answers, exact and in the form of a training row."""
    now = datetime.now(UTC)
    found: dict[str, set[int]] = {}
    for entry in entries:
        if entry.valid_until is None or entry.valid_until > now:
            for answer in (entry.answer, redact(entry.answer, keep=keep).text):
                found.setdefault(store.answer_key(answer), set()).add(entry.id)
    return found


def _folded(question: str) -> str:
    return folded(normalise_question(question))
