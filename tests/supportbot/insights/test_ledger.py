"""What is remembered of days that are over: the same as what would be read, whatever is changed of them late."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, func, select, update

from benchmarks.console.filling import fill_log, fill_places, settle
from supportbot.db.models import Answer, Entry, Feedback, Handoff, LateChange, Question
from supportbot.db.session import Database, create_blocking_engine
from supportbot.db.states import AnswerSource, EntrySource, EntryState, HandoffState, QuestionState
from supportbot.insights.period import Days, Period
from supportbot.insights.standing import Queue
from supportbot.insights.today import Glance, Today
from supportbot.statistics.kinds import Kind
from supportbot.statistics.statistics import read_statistics
from tests.supportbot.insights.test_glance import today_of

_CONVERSATIONS = 400
_DEEDS = 24


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with a log of 90 days, nothing of which is remembered."""
    engine, now = create_blocking_engine(database.url), datetime.now(UTC)
    try:
        fill_places(engine, now)
        fill_log(engine, _CONVERSATIONS, 50, 1_000, now)
        settle(engine)
    finally:
        engine.dispose()
    return database


async def _look(today: Today, period: Period) -> Glance:
    """Return all of a period but what waits, which grows with the clock."""
    return replace(await today.glance(period), queue=Queue(count=0, seconds=0), handoffs=Queue(count=0, seconds=0))


class Deeds:
    """What may happen to a question days after it was asked.

    Args:
        database: the record.
        seed: the same one does the same.
    """

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._rng = random.Random(seed)
        self.all: tuple[Callable[[], Awaitable[None]], ...] = (
            *(self.vote, self.change_votes, self.withdraw_votes, self.hand_off, self.answer, self.refuse),
            *(self.sample, self.erase, self.erase_answer, self.make_small_talk, self.move),
        )

    async def _question(self) -> Question:
        """Return a question of the last sixty days, which the bot answered."""
        since = datetime.now(UTC) - timedelta(days=60)
        async with self._database.read() as session:
            query = (
                select(Question)
                .join(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
                .where(Question.received_at > since)
                .order_by(Question.id)
            )
            return self._rng.choice((await session.scalars(query)).all())

    async def _answer_id(self) -> int:
        number = (await self._question()).id
        async with self._database.read() as session:
            query = select(Answer.id).where(Answer.question_id == number, Answer.source != AnswerSource.HUMAN)
            return (await session.scalars(query)).one()

    async def vote(self) -> None:
        """Have somebody vote."""
        now, name = datetime.now(UTC), f"late {self._rng.random()}"
        values = {"answer_id": await self._answer_id(), "voter": name, "vote": self._rng.choice((-1, 1))}
        async with self._database.write() as session:
            session.add(Feedback(**values, created_at=now, updated_at=now))

    async def change_votes(self) -> None:
        """Have all who voted on some answers change their minds."""
        async with self._database.write() as session:
            await session.execute(update(Feedback).where(Feedback.id % 5 == 0).values(vote=-Feedback.vote))

    async def withdraw_votes(self) -> None:
        """Have some who voted be erased."""
        async with self._database.write() as session:
            await session.execute(delete(Feedback).where(Feedback.id % 7 == self._rng.randrange(7)))

    async def hand_off(self) -> None:
        """Have a human asked, or the one who was asked forgotten."""
        one = await self._question()
        async with self._database.write() as session:
            if await session.scalar(select(Handoff.id).where(Handoff.question_id == one.id)) is not None:
                await session.execute(delete(Handoff).where(Handoff.question_id == one.id))
                return
            place = {"workspace_id": one.workspace_id, "channel": one.channel, "platform": one.platform}
            asked = {"state": HandoffState.OPEN, "asked_at": datetime.now(UTC), "target": "C9"}
            session.add(Handoff(question_id=one.id, **place, **asked))

    async def answer(self) -> None:
        """Have what failed answered after all, as after an outage."""
        async with self._database.write() as session:
            late = await session.scalars(select(Question).where(Question.state == QuestionState.FAILED))
            for one in list(late)[: self._rng.randrange(3)]:
                one.state, one.answered_at = QuestionState.DELIVERED, datetime.now(UTC)
                session.add(self._said(one.id))

    async def refuse(self) -> None:
        """Have a question end otherwise."""
        one = await self._question()
        async with self._database.write() as session:
            changed = update(Question).where(Question.id == one.id).values(state=QuestionState.REFUSED)
            await session.execute(changed)

    async def sample(self) -> None:
        """Have another answer drawn now, which stands for the old question then."""
        one = await self._question()
        async with self._database.write() as session:
            number = select(func.max(Question.sample)).where(Question.sample_of == one.id)
            again = Question(
                conversation_id=one.conversation_id,
                workspace_id=one.workspace_id,
                channel=one.channel,
                platform=one.platform,
                identity=f"again {self._rng.random()}",
                asker=one.asker,
                text=one.text,
                reply_to={},
                sample_of=one.sample_of or one.id,
                sample=(await session.scalar(number) or one.sample) + 1,
                state=QuestionState.DELIVERED,
                received_at=datetime.now(UTC),
            )
            session.add(again)
            await session.flush()
            session.add(self._said(again.id))

    async def erase(self) -> None:
        """Erase a question with everything that belongs to it."""
        one = await self._question()
        async with self._database.write() as session:
            await session.execute(delete(Question).where(Question.id == one.id))

    async def erase_answer(self) -> None:
        """Erase what the bot said."""
        number = await self._answer_id()
        async with self._database.write() as session:
            await session.execute(delete(Answer).where(Answer.id == number))

    async def make_small_talk(self) -> None:
        """Have an entry that was given be small talk, which makes no line of the log another one."""
        async with self._database.write() as session:
            given = await session.scalar(select(func.min(Answer.entry_id)).where(Answer.entry_id.is_not(None)))
            if await session.get(Entry, given) is None:
                now = {"approved_at": datetime.now(UTC), "created_at": datetime.now(UTC)}
                kind = {"source": EntrySource.SMALL_TALK, "state": EntryState.LIVE, "revision": 1}
                session.add(Entry(id=given, answer="Hi.", answer_key="hi", approved_by="Ada", **kind, **now))
            else:
                await session.execute(delete(Entry).where(Entry.id == given))

    async def move(self) -> None:
        """Have the clock of a question corrected by days."""
        one = await self._question()
        moved = one.received_at - timedelta(days=self._rng.randrange(3))
        async with self._database.write() as session:
            await session.execute(update(Question).where(Question.id == one.id).values(received_at=moved))

    def _said(self, question_id: int) -> Answer:
        values = {"source": AnswerSource.GENERATED, "text": "Yes.", "model_version": f"v{self._rng.randrange(3)}"}
        return Answer(question_id=question_id, created_at=datetime.now(UTC), **values)


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_remembered_is_what_is_there(filled: Database, seed: int) -> None:
    """After each late change a page that was open before shows what a daemon shows that has just begun."""
    kept, deeds, rng = today_of(filled), Deeds(filled, seed), random.Random(seed)
    periods = [Period(days=days, workspace_id=place) for days in Days for place in (None, 2)]
    for number in range(_DEEDS):
        await deeds.all[(number + seed) % len(deeds.all)]()
        period = rng.choice(periods)
        found = await _look(kept, period)
        assert found == await _look(today_of(filled), period)
        plain = await read_statistics(filled, period.workspace_id, period.days)
        kinds = Counter({kind: number for kind in Kind if (number := getattr(plain, kind.value))})
        assert +Counter(found.now.kinds) == kinds
        # SQLite's own days count in milliseconds.
        seconds = (plain.median_seconds, plain.p95_seconds)
        assert (found.now.median_seconds, found.now.p95_seconds) == pytest.approx(seconds, abs=0.002)


async def test_a_day_that_is_over_is_read_once(filled: Database) -> None:
    """The second look reads what is not over, and the days of which something has changed; nothing else."""
    today = today_of(filled)
    read: list[int] = []
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    def note(connection: Connection, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        if "AS BIGINT" in statement:
            values = parameters.values() if isinstance(parameters, dict) else parameters
            moments = sorted(str(value)[:10] for value in values if str(value)[4:5] == "-")
            begun, end = map(date.fromisoformat, moments)
            read.append((min(end, tomorrow.date()) - begun).days)

    async def days_read() -> int:
        read.clear()
        await today.glance(Period(days=Days.MONTH))
        return sum(read)

    event.listen(filled.engine.sync_engine, "before_cursor_execute", note)
    assert await days_read() == 61
    assert len(read) < 20  # little is asked in a day here
    not_over = await days_read()
    assert not_over in (1, 2)  # within an hour of midnight the day before is not settled
    async with filled.write() as session:
        late = datetime.now(UTC) - timedelta(days=9)
        number = select(func.max(Question.id)).where(Question.received_at < late).scalar_subquery()
        await session.execute(delete(Question).where(Question.id == number))
    assert await days_read() == not_over + 1
    assert await days_read() == not_over


async def test_notes_of_days_that_no_period_reaches_go(filled: Database) -> None:
    """Nothing is noted of a day that is not over, nor of one older than any period; notes go with their days."""
    async with filled.write() as session:
        await session.execute(delete(LateChange))
        old, now = datetime.now(UTC) - timedelta(days=80), datetime.now(UTC)
        await session.execute(delete(Question).where(Question.received_at < old))
        await session.execute(update(Question).where(Question.received_at > now.replace(hour=0)).values(sample=1))
    async with filled.read() as session:
        assert await session.scalar(select(func.count()).select_from(LateChange)) == 0
    async with filled.write() as session:
        session.add(LateChange(day=old.date()))
    await today_of(filled).glance(Period())
    async with filled.read() as session:
        assert (await session.scalars(select(LateChange))).all() == []
