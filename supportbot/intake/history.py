"""Reads questions and answers from the log: for the log command, the page and the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from supportbot.db.models import Answer, Channel, Conversation, Feedback, Handoff, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, QuestionState
from supportbot.intake.people import DIRECT
from supportbot.intake.questions import Grounds
from supportbot.intake.samples import IS_SHOWN_LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question with its answer, if there is one yet, the votes on it, and what people answered instead.

    ``handoff`` says how far the people have come who were asked; None where nobody was. ``sample_of`` and
    ``sample`` are as in ``IncomingQuestion``.
    """

    question_id: int
    platform: str
    asker: str
    question: str
    state: QuestionState
    received_at: datetime
    answer_id: int | None
    answer: str | None
    source: AnswerSource | None
    model_version: str | None
    sampling: Mapping[str, Any] | None
    confidence: float | None
    latency_ms: int | None
    prompt_tokens: int | None
    answer_tokens: int | None
    shortened: bool
    grounds: Grounds
    votes_up: int
    votes_down: int
    by_people: tuple[str, ...]
    handoff: HandoffState | None = None
    sample_of: int | None = None
    sample: int = 1

    @property
    def first_id(self) -> int:
        """The question of which this shows a sample."""
        return self.sample_of or self.question_id


class History:
    """The log in the database.

    Args:
        database: where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def recent(self, limit: int, among: Select[int] | None = None) -> list[Exchange]:
        """Return the latest exchanges, the newest first.

        Args:
            limit: how many to return.
            among: numbers of the questions that are wanted; None for all.
        """
        which = [] if among is None else [Question.id.in_(among)]
        return await self._select(*which, limit=limit)

    async def of_person(self, platform: str, workspace: str, asker: str, limit: int) -> list[Exchange]:
        """Return the latest exchanges of a person in one workspace, the newest first, each with its last sample.

        Args:
            platform: as in ``IncomingQuestion``, and so the rest.
            workspace: as above.
            asker: as above.
            limit: how many to return.
        """
        return await self._select(
            Question.platform == platform,
            Question.asker == asker,
            Conversation.workspace.has(Workspace.external_id == workspace),
            IS_SHOWN_LAST,
            limit=limit,
        )

    async def exchange(self, question_id: int) -> Exchange | None:
        """Return one exchange."""
        found = await self._select(Question.id == question_id, limit=1)
        return found[0] if found else None

    async def conversation(self, platform: str, channel: str, thread: str, limit: int) -> list[Exchange]:
        """Return the latest exchanges of one conversation, the oldest first."""
        found = await self._select(
            Question.platform == platform,
            Conversation.channel == channel,
            Conversation.thread == thread,
            limit=limit,
        )
        return found[::-1]

    async def channels(self, platform: str, workspace: str, limit: int) -> list[str]:
        """Return the channels that somebody asked in, those first that a question was taken up of lately."""
        return await self._channels(platform, Workspace.external_id == workspace, limit)

    async def direct_channels(self, platform: str, limit: int) -> list[str]:
        """Return likewise the channels of people whose direct messages are a workspace of their own."""
        return await self._channels(platform, Workspace.external_id.startswith(DIRECT), limit)

    async def _channels(self, platform: str, which: ColumnElement[bool], limit: int) -> list[str]:
        query = (
            select(Channel.channel)
            .join(Workspace, Channel.workspace_id == Workspace.id)
            .where(Workspace.platform == platform, which)
            .order_by(Channel.served_at.desc().nulls_first())
            .limit(limit)
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def _select(self, *which: ColumnElement[bool], limit: int) -> list[Exchange]:
        query = (
            select(Question, Answer, Handoff.state)
            .join(Conversation, Question.conversation_id == Conversation.id)
            .outerjoin(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
            .outerjoin(Handoff, Handoff.question_id == Question.id)
            .where(*which)
            .order_by(Question.id.desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            ids = [answer.id for _, answer, _ in rows if answer is not None]
            votes = {answer_id: (up, down) for answer_id, up, down in await session.execute(_count_votes(ids))}
            by_people: dict[int, tuple[str, ...]] = {}
            for question_id, text in await session.execute(_by_people([question.id for question, _, _ in rows])):
                by_people[question_id] = (*by_people.get(question_id, ()), text)
        return [
            replace(_exchange(question, answer, votes, by_people.get(question.id, ())), handoff=handoff)
            for question, answer, handoff in rows
        ]


def _count_votes(answer_ids: Sequence[int]) -> Select[int, int, int]:
    up = func.sum(case((Feedback.vote > 0, 1), else_=0))
    down = func.sum(case((Feedback.vote < 0, 1), else_=0))
    return (
        select(Feedback.answer_id, up, down).where(Feedback.answer_id.in_(answer_ids)).group_by(Feedback.answer_id)
    )


def _by_people(question_ids: Sequence[int]) -> Select[int, str]:
    return (
        select(Answer.question_id, Answer.text)
        .where(Answer.question_id.in_(question_ids), Answer.source == AnswerSource.HUMAN)
        .order_by(Answer.id)
    )


def _exchange(
    question: Question, answer: Answer | None, votes: dict[int, tuple[int, int]], by_people: tuple[str, ...]
) -> Exchange:
    up, down = votes.get(answer.id, (0, 0)) if answer else (0, 0)
    return Exchange(
        question_id=question.id,
        platform=question.platform,
        asker=question.asker,
        question=question.text,
        state=question.state,
        received_at=question.received_at,
        answer_id=answer.id if answer else None,
        answer=answer.text if answer else None,
        source=answer.source if answer else None,
        model_version=answer.model_version if answer else None,
        sampling=answer.sampling if answer else None,
        confidence=answer.confidence if answer else None,
        latency_ms=answer.latency_ms if answer else None,
        prompt_tokens=answer.prompt_tokens if answer else None,
        answer_tokens=answer.answer_tokens if answer else None,
        shortened=answer.shortened if answer else False,
        grounds=Grounds.from_record(answer.grounds if answer else None),
        votes_up=int(up),
        votes_down=int(down),
        by_people=by_people,
        sample_of=question.sample_of,
        sample=question.sample,
    )
