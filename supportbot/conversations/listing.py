"""A page of conversations, and what they can be narrowed by: of each text the beginning, for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.conversations.criteria import Criteria, Cursor, chosen
from supportbot.conversations.latest import read_latest
from supportbot.db.models import Answer, Channel, Conversation, Feedback, Handoff, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, QuestionState
from supportbot.intake.people import DIRECT

PAGE = 50
"""Questions of a page."""

_SHOWN = 300
"""Characters of a text that a list shows at most."""

_MOST_PLACES = 200
"""Workspaces, channels and model versions that are offered; an address can name any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A question of the list, with how it went.

    Attributes:
        question: the beginning of its text.
        answer: the beginning of the bot's answer; None while there is none.
        people: how many answers of people there are besides.
        votes_up: on any answer to it, and likewise down.
        corrections: how many people said what should have been said.
        sample: which answer to the question this is, from 1.
        workspace: what to call it.
    """

    question_id: int
    platform: str
    workspace: str
    channel: str
    question: str
    state: QuestionState
    received_at: datetime
    sample: int
    answer: str | None
    source: AnswerSource | None
    model_version: str | None
    people: int
    votes_up: int
    votes_down: int
    corrections: int
    handoff: HandoffState | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, the newest first; ``below`` begins the next page, None where this is the last."""

    rows: tuple[Found, ...]
    below: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A workspace that somebody asked in; ``name`` says what to call it."""

    workspace_id: int
    platform: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a list can be narrowed by; of each the first ``_MOST_PLACES``.

    Attributes:
        platforms: on which something was asked.
        workspaces: without those of direct messages, which would name people.
        channels: of the workspace that is chosen, the latest first.
        model_versions: that gave an answer.
    """

    platforms: tuple[str, ...]
    workspaces: tuple[Place, ...]
    channels: tuple[str, ...]
    model_versions: tuple[str, ...]


async def read_page(database: Database, criteria: Criteria, below: Cursor | None = None, most: int = PAGE) -> Page:
    """Return a page of the questions that meet the criteria.

    Args:
        database: where the log is.
        criteria: which are wanted.
        below: where the page before ended.
        most: questions of a page.
    """
    async with database.read() as session:
        numbers = await _numbers(session, criteria, below, most + 1, is_sqlite=database.is_sqlite)
        rows = await _read(session, numbers[:most])
    last = rows[-1] if len(numbers) > most else None
    return Page(tuple(rows), Cursor(last.received_at, last.question_id) if last else None)


async def read_choices(database: Database, workspace_id: int | None) -> Choices:
    """Return what a list can be narrowed by.

    Args:
        database: where the log is.
        workspace_id: the workspace whose channels are wanted; None for no channels.
    """
    workspaces = (
        select(Workspace.id, Workspace.platform, _NAME)
        .where(~Workspace.external_id.startswith(DIRECT))
        .order_by(Workspace.platform, _NAME, Workspace.id)
        .limit(_MOST_PLACES)
    )
    channels = (
        select(Channel.channel)
        .where(Channel.workspace_id == workspace_id)
        .order_by(Channel.served_at.desc().nulls_last(), Channel.channel)
        .limit(_MOST_PLACES)
    )
    async with database.read() as session:
        platforms = await session.scalars(select(Workspace.platform).distinct().order_by(Workspace.platform))
        places = await session.execute(workspaces)
        return Choices(
            platforms=tuple(platforms),
            workspaces=tuple(Place(workspace_id=number, platform=on, name=name) for number, on, name in places),
            channels=tuple(await session.scalars(channels)) if workspace_id is not None else (),
            model_versions=tuple(await session.scalars(_versions())),
        )


def _versions() -> Select[str]:
    """Return a query for the versions that gave an answer, which goes from one to the next by their index.

    Not from the registry: a version that is retired and gone has given answers, too.
    """
    known = select(func.min(Answer.model_version).label("version")).cte("known", recursive=True)
    later = select(func.min(Answer.model_version)).where(Answer.model_version > known.c.version).scalar_subquery()
    known = known.union_all(select(later).where(known.c.version.is_not(None)))
    return (
        select(known.c.version).where(known.c.version.is_not(None)).order_by(known.c.version).limit(_MOST_PLACES)
    )


async def _numbers(
    session: AsyncSession, criteria: Criteria, below: Cursor | None, most: int, *, is_sqlite: bool
) -> Sequence[int]:
    if criteria.words.strip():
        asked_below = below.received_at if below else None
        latest = await read_latest(session, criteria.words, asked_below, is_sqlite=is_sqlite)
        query = chosen(criteria, below, is_sqlite=is_sqlite, among=latest.numbers).limit(most)
        if latest.since is None:
            return list(await session.scalars(query))
        numbers = list(await session.scalars(query.where(Question.received_at > latest.since)))
        if len(numbers) == most:
            return numbers
    return list(await session.scalars(chosen(criteria, below, is_sqlite=is_sqlite).limit(most)))


_NAME = case((Workspace.name != "", Workspace.name), else_=Workspace.external_id)


async def _read(session: AsyncSession, numbers: Sequence[int]) -> list[Found]:
    rows = {row.id: row for row in await session.execute(_questions(numbers))}
    people = {row.question_id: row.number for row in await session.execute(_by_people(numbers))}
    votes = {row.question_id: row for row in await session.execute(_votes(numbers))}
    return [
        Found(
            question_id=row.id,
            platform=row.platform,
            workspace=row.workspace,
            channel=row.channel,
            question=row.question,
            state=row.state,
            received_at=row.received_at,
            sample=row.sample,
            answer=row.answer,
            source=row.source,
            model_version=row.model_version,
            people=people.get(row.id, 0),
            votes_up=votes[row.id].up if row.id in votes else 0,
            votes_down=votes[row.id].down if row.id in votes else 0,
            corrections=votes[row.id].corrections if row.id in votes else 0,
            handoff=row.handoff,
        )
        for row in (rows[number] for number in numbers)
    ]


def _questions(numbers: Sequence[int]) -> Select[*tuple[object, ...]]:
    return (
        select(
            Question.id,
            Question.platform,
            _NAME.label("workspace"),
            Conversation.channel,
            func.substr(Question.text, 1, _SHOWN).label("question"),
            Question.state,
            Question.received_at,
            Question.sample,
            func.substr(Answer.text, 1, _SHOWN).label("answer"),
            Answer.source,
            Answer.model_version,
            Handoff.state.label("handoff"),
        )
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .outerjoin(Answer, (Answer.question_id == Question.id) & (Answer.source != AnswerSource.HUMAN))
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(Question.id.in_(numbers))
    )


def _by_people(numbers: Sequence[int]) -> Select[int, int]:
    return (
        select(Answer.question_id, func.count().label("number"))
        .where(Answer.question_id.in_(numbers), Answer.source == AnswerSource.HUMAN)
        .group_by(Answer.question_id)
    )


def _votes(numbers: Sequence[int]) -> Select[int, int, int, int]:
    return (
        select(
            Answer.question_id,
            func.count().filter(Feedback.vote > 0).label("up"),
            func.count().filter(Feedback.vote < 0).label("down"),
            func.count(Feedback.correction).label("corrections"),
        )
        .join(Feedback, Feedback.answer_id == Answer.id)
        .where(Answer.question_id.in_(numbers))
        .group_by(Answer.question_id)
    )
