"""What there is of a person: the numbers of their rows, and the texts that say something of them.

Rows hang on questions and on names. A row for training hangs on the answer that it was made of, whoever gave it:
what a colleague corrected quotes the question of the asker. This module only looks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db.models import Answer, Example, Feedback, Handoff, Outbox, Question, Wording
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleSource
from supportbot.models.publishing.lineage import trained_on
from supportbot.privacy.person import Person, theirs

PAGE = 200
"""Rows that are looked at, or erased, at a time: SQLite's only writer is free again after milliseconds."""

N = TypeVar("N")


@dataclass(slots=True)
class Found:
    """What there is of a person.

    Attributes:
        questions: how many they asked.
        answers: how many answers these have.
        replies: how many of those are on their way or delivered.
        votes: how many votes they gave.
        written: how many answers they wrote where the bot was not sure.
        closed: how many hand-offs they closed.
        examples: the numbers of rows for training that came from them.
        own_words: of these, the rows whose answer is in their words.
        wordings: the numbers of these as wordings of approved answers.
        versions: the model versions that learned from these rows, and from which.
        texts: what they wrote, and what a model wrote for them, as the tables have it. Colleagues' answers and
            approved answers may be given to anybody, so they identify nobody.
    """

    questions: int = 0
    answers: int = 0
    replies: int = 0
    votes: int = 0
    written: int = 0
    closed: int = 0
    examples: set[int] = field(default_factory=set)
    own_words: set[int] = field(default_factory=set)
    wordings: set[int] = field(default_factory=set)
    versions: dict[str, tuple[int, ...]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.questions or self.votes or self.written or self.closed or self.examples)

    def counts(self) -> dict[str, int]:
        """Return how much there is of each kind, in the words that people are told."""
        return {
            "questions": self.questions,
            "answers": self.answers,
            "replies": self.replies,
            "votes": self.votes,
            "answers they wrote": self.written,
            "hand-offs they closed": self.closed,
            "training rows": len(self.examples),
            "wordings": len(self.wordings),
        }


async def find(database: Database, person: Person) -> Found:
    """Look for everything of a person."""
    found = Found()
    async with database.read() as session:
        who = await theirs(session, person)
    async for rows in pages(database, select(Question.id, Question.text).where(who.questions), Question.id):
        ids = [row.id for row in rows]
        found.questions += len(ids)
        found.texts |= {row.text for row in rows}
        async with database.read() as session:
            await _look_at_answers(session, ids, found)
    async for rows in pages(database, select(Feedback.id, Feedback.correction).where(who.votes), Feedback.id):
        found.votes += len(rows)
        found.texts |= {row.correction for row in rows if row.correction}
        async with database.read() as session:
            made = await examples_of_votes(session, [row.id for row in rows])
            await _take(session, made, found, is_answer_theirs=True)
    async for rows in pages(database, select(Answer.id, Answer.text).where(who.answers), Answer.id):
        found.written += len(rows)
        found.texts |= {row.text for row in rows}
        async with database.read() as session:
            made = await examples_of_answers(session, [row.id for row in rows])
            await _take(session, made, found, is_answer_theirs=True)
    named = select(Example.id, Example.source, Example.origin, who.wrote.label("wrote")).where(who.examples)
    async for rows in pages(database, named, Example.id):
        given = {row.id for row in rows if row.source is ExampleSource.CORRECTION or row.wrote}
        # A click on a suggestion proposes a wording that anybody may have typed.
        clicked = {row.id for row in rows if row.origin.startswith("suggestion:")}
        asked = {row.id for row in rows} - given - clicked
        async with database.read() as session:
            await _take(session, given, found, is_answer_theirs=True)
            await _take(session, clicked, found)
            await _take(session, asked, found, is_question_theirs=True)
    async with database.read() as session:
        found.closed = await session.scalar(select(func.count()).select_from(Handoff).where(who.closed)) or 0
        found.versions = await trained_on(session, found.examples)
    found.texts.discard("")
    return found


async def _look_at_answers(session: AsyncSession, question_ids: Sequence[int], found: Found) -> None:
    rows = (await session.execute(select(Answer).where(Answer.question_id.in_(question_ids)))).scalars().all()
    found.answers += len(rows)
    replies = select(func.count()).select_from(Outbox).where(Outbox.question_id.in_(question_ids))
    found.replies += await session.scalar(replies) or 0
    for row in rows:
        is_model = row.source is AnswerSource.GENERATED
        found.texts |= {text for text in (row.prompt, row.draft, row.text if is_model else None) if text}
    ids = await examples_of_answers(session, [row.id for row in rows])
    await _take(session, ids, found, is_question_theirs=True)


async def _take(
    session: AsyncSession,
    ids: Collection[int],
    found: Found,
    *,
    is_question_theirs: bool = False,
    is_answer_theirs: bool = False,
) -> None:
    """Add rows for training; their texts only as far as these are the person's."""
    found.examples |= set(ids)
    if is_answer_theirs:
        found.own_words |= set(ids)
    for part in parts(sorted(ids)):
        rows = await session.execute(
            select(Example.prompt, Example.completion, Wording.id, Wording.text)
            .outerjoin(Wording, Wording.example_id == Example.id)
            .where(Example.id.in_(part))
        )
        for prompt, completion, wording_id, wording in rows:
            if wording_id is not None:
                found.wordings.add(wording_id)
            if is_question_theirs:
                found.texts |= {prompt, wording or ""}
            if is_answer_theirs:
                found.texts.add(completion)


async def examples_of_answers(session: AsyncSession, answer_ids: Sequence[int]) -> set[int]:
    """Return the rows for training that were made of some answers, of votes on them, or of clicks beneath them."""
    found: set[int] = set()
    for ids in parts(answer_ids):
        names = [f"{kind}:{number}" for kind in ("answer", "human") for number in ids]
        given = select(Feedback.id).where(Feedback.answer_id.in_(ids))
        names += [f"feedback:{number}" for number in await session.scalars(given)]
        clicked = [Example.origin.like(f"suggestion:{number}:%") for number in ids]
        which = or_(
            Example.origin.in_(names),
            Example.origin_answer_id.in_(ids),
            and_(Example.origin.like("suggestion:%"), or_(*clicked)),
        )
        found |= set(await session.scalars(select(Example.id).where(which)))
    return found


async def examples_of_votes(session: AsyncSession, feedback_ids: Sequence[int]) -> set[int]:
    """Return the rows for training that are corrections which some votes gave."""
    found: set[int] = set()
    for ids in parts(feedback_ids):
        names = [f"feedback:{number}" for number in ids]
        found |= set(await session.scalars(select(Example.id).where(Example.origin.in_(names))))
    return found


async def pages(
    database: Database, query: Select[*tuple[Any, ...]], number: InstrumentedAttribute[int]
) -> AsyncGenerator[Sequence[Row[*tuple[Any, ...]]]]:
    """Yield the rows of a query, ``PAGE`` at a time, by their numbers; ``id`` is among the columns."""
    last = 0
    while True:
        async with database.read() as session:
            rows = (await session.execute(query.where(number > last).order_by(number).limit(PAGE))).all()
        if not rows:
            return
        last = rows[-1].id
        yield rows


def parts(numbers: Iterable[N], most: int = PAGE) -> Iterator[list[N]]:
    """Yield some numbers at a time, as many as one query takes."""
    rest = list(numbers)
    for start in range(0, len(rest), most):
        yield rest[start : start + most]
