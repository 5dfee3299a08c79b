"""One item with everything that a decision on it needs: what was asked and said, and what people thought of that.

It only reads, and knows no knowledge: the nearest answers are looked up by whoever asks for an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from supportbot.db.models import Answer, Conversation, Example, Feedback, Handoff, Question, Workspace
from supportbot.db.states import AnswerSource, ExampleLabel, FeedbackReason, HandoffState
from supportbot.feedback.curation.alike import Alike, Group, accounts_of
from supportbot.feedback.review.leases import MOST_LIKE, Place, Seat
from supportbot.feedback.review.order import KIND, WAITS, Kind, reasons_for

_TURNS_BEFORE = 4
_TURNS_AFTER = 2
"""Questions of the conversation that are shown around the one that an item is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was said in the thread; ``is_meant`` marks what the item is about."""

    by: str
    text: str
    at: datetime
    is_meant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The bot's answer, as the log has it.

    Attributes:
        question_id: of the question in the log.
        text: what was said.
        source: who wrote it.
        model_version: of the model that did.
        similarity: of the question and the approved answer that was given.
        up: votes for it.
        down: votes against it.
        reasons: what was wrong with it, and how many said so.
        handoff: how far a person who was asked has come.
    """

    question_id: int
    text: str
    source: AnswerSource
    model_version: str | None
    similarity: float | None
    up: int
    down: int
    reasons: Sequence[tuple[FeedbackReason, int]]
    handoff: HandoffState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeItem:
    """An item that proposes the same answer."""

    example_id: int
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What waits for a decision.

    Attributes:
        place: in the queue.
        kind: what it is.
        question: redacted.
        answer: that is proposed, or to be avoided; redacted.
        rejected: the answer instead of which it is proposed.
        is_bad: whether the answer is one to avoid.
        votes: for the answer, less those against it.
        workspace: whose log it is from, as ``slack:T1``; None for what operators gave.
        counts: whether that workspace allowed training.
        reasons: why it stands where it does, the strongest first.
        alike: corrections that say nearly the same and are decided on with it.
        like: items that propose the same answer, held for the same page.
        given: what the bot said; None where the log has it no more.
        thread: what was said around it, the oldest first.
    """

    place: Place
    kind: Kind
    question: str
    answer: str
    rejected: str | None
    is_bad: bool
    votes: int
    workspace: str | None
    counts: bool
    created_at: datetime
    reasons: Sequence[str]
    alike: Alike | None
    like: Sequence[LikeItem]
    given: Given | None
    thread: Sequence[Said]

    @property
    def example_id(self) -> int:
        """Its number."""
        return self.place.example_id


async def read_item(session: AsyncSession, seat: Seat, example_id: int) -> Item | None:
    """Return an item that a page holds; None where it is gone."""
    query = (
        select(Example, KIND.label("kind"), Workspace)
        .outerjoin(Workspace, Workspace.id == Example.workspace_id)
        .where(Example.id == example_id)
    )
    if (row := (await session.execute(query)).one_or_none()) is None:
        return None
    example, kind, workspace = row
    others = await others_of(session, [example_id])
    answer_id = _answer_of(example)
    return Item(
        place=Place(example.weight, example_id),
        kind=Kind(kind),
        question=example.prompt,
        answer=example.completion,
        rejected=example.rejected,
        is_bad=example.label is ExampleLabel.BAD,
        votes=example.votes,
        workspace=f"{workspace.platform}:{workspace.name or workspace.external_id}" if workspace else None,
        counts=workspace is None or workspace.counts,
        created_at=example.created_at,
        reasons=await reasons_for(session, example_id),
        alike=await accounts_of(session, Group(example_id, example.votes, tuple(others))),
        like=await _like(session, seat, example),
        given=await _given(session, answer_id),
        thread=await _thread(session, answer_id),
    )


async def others_of(session: AsyncSession, example_ids: Sequence[int]) -> list[int]:
    """Return the corrections that wait and for which some of these stand."""
    shown = Example.duplicate_of_id.in_(example_ids)
    return list(await session.scalars(select(Example.id).where(shown, ~WAITS).order_by(Example.id)))


async def _like(session: AsyncSession, seat: Seat, example: Example) -> list[LikeItem]:
    query = (
        select(Example.id, Example.prompt)
        .where(
            Example.lease_owner == seat.name,
            Example.id != example.id,
            Example.completion == example.completion,
            Example.label == example.label,
            WAITS,
        )
        .order_by(Example.weight.desc(), Example.id)
        .limit(MOST_LIKE)
    )
    return [LikeItem(example_id=row.id, question=row.prompt) for row in await session.execute(query)]


def _answer_of(example: Example) -> int | None:
    """Return the answer in the log that a row was made of; a click on a suggestion names it in its origin."""
    kind, _, rest = example.origin.partition(":")
    return int(rest.partition(":")[0]) if kind == "suggestion" else example.origin_answer_id


async def _given(session: AsyncSession, answer_id: int | None) -> Given | None:
    if answer_id is None:
        return None
    named = aliased(Answer)
    row = (
        await session.execute(
            select(Answer, Handoff.state.label("handoff"))
            .join(named, named.question_id == Answer.question_id)
            .outerjoin(Handoff, Handoff.question_id == Answer.question_id)
            .where(named.id == answer_id, Answer.source != AnswerSource.HUMAN)
        )
    ).one_or_none()
    if row is None:
        return None
    answer: Answer = row.Answer
    votes = (
        await session.execute(
            select(Feedback.vote, func.count()).where(Feedback.answer_id == answer.id).group_by(Feedback.vote)
        )
    ).all()
    reasons = await session.execute(
        select(Feedback.reason, func.count().label("number"))
        .where(Feedback.answer_id == answer.id, Feedback.reason.is_not(None))
        .group_by(Feedback.reason)
        .order_by(func.count().desc(), Feedback.reason)
    )
    return Given(
        question_id=answer.question_id,
        text=answer.text,
        source=answer.source,
        model_version=answer.model_version,
        similarity=answer.similarity,
        up=sum(number for vote, number in votes if vote > 0),
        down=sum(number for vote, number in votes if vote < 0),
        reasons=[(reason, number) for reason, number in reasons if reason is not None],
        handoff=row.handoff,
    )


async def _thread(session: AsyncSession, answer_id: int | None) -> list[Said]:
    if answer_id is None:
        return []
    meant = (
        await session.execute(
            select(Question.id, Question.conversation_id)
            .join(Answer, Answer.question_id == Question.id)
            .where(Answer.id == answer_id)
        )
    ).one_or_none()
    if meant is None:
        return []
    there = select(Question).join(Conversation).where(Conversation.id == meant.conversation_id)
    before = await session.scalars(
        there.where(Question.id <= meant.id).order_by(Question.id.desc()).limit(_TURNS_BEFORE + 1)
    )
    after = await session.scalars(there.where(Question.id > meant.id).order_by(Question.id).limit(_TURNS_AFTER))
    questions = [*reversed(before.all()), *after.all()]
    answers = await session.scalars(
        select(Answer).where(Answer.question_id.in_([one.id for one in questions])).order_by(Answer.id)
    )
    by_question: dict[int, list[Answer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question_id, []).append(answer)
    return [said for question in questions for said in _turn(question, by_question.get(question.id, []), meant.id)]


def _turn(question: Question, answers: Sequence[Answer], meant: int) -> list[Said]:
    is_meant = question.id == meant
    asked = Said(by="asker", text=question.text, at=question.received_at, is_meant=is_meant)
    return [
        asked,
        *(
            Said(
                by="person" if answer.source is AnswerSource.HUMAN else "bot",
                text=answer.text,
                at=answer.created_at,
                is_meant=is_meant,
            )
            for answer in answers
        ),
    ]
