"""Everything that is kept of a person, to hand out: all columns of their rows, as JSON can hold them.

What others wrote about an answer of theirs is in it as far as it is about their question; who that was is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.base import Base
from supportbot.db.models import (
    Answer,
    Conversation,
    Example,
    Feedback,
    Handoff,
    Outbox,
    Question,
    Wording,
    Workspace,
)
from supportbot.db.session import Database
from supportbot.db.states import OutboxKind
from supportbot.privacy.found import find, pages, parts
from supportbot.privacy.person import Person, theirs
from supportbot.privacy.policies import decided_by
from supportbot.privacy.reach import beyond_reach

_VECTORS = ("vector", "token_vectors")
"""They say what their text says."""

_OTHERS = ("voter", "person", "author")
"""Columns that name people: left out where the row may be about somebody else."""


async def export_person(database: Database, person: Person) -> dict[str, Any]:
    """Return all that is kept of a person."""
    found = await find(database, person)
    async with database.read() as session:
        who = await theirs(session, person)
    questions: list[dict[str, Any]] = []
    async for rows in pages(database, select(Question.id).where(who.questions), Question.id):
        async with database.read() as session:
            questions += await _questions(session, [row.id for row in rows])
    async with database.read() as session:
        votes = [_record(row) for row in await session.scalars(select(Feedback).where(who.votes))]
        written = [_record(row) for row in await session.scalars(select(Answer).where(who.answers))]
        closed = [
            {"id": row.id, "resolved_at": _plain(row.resolved_at)}
            for row in await session.scalars(select(Handoff).where(who.closed))
        ]
        examples = [record for ids in parts(sorted(found.examples)) for record in await _examples(session, ids)]
    return {
        "person": {
            "platform": person.platform,
            "user": person.user,
            "workspaces": sorted(person.workspaces) or "all",
        },
        "exported_at": datetime.now(UTC).isoformat(),
        "counts": found.counts(),
        "questions": questions,
        "votes": votes,
        "handoffs_closed": closed,
        "answers_written_for_others": written,
        "training_rows": examples,
        "decisions_about_channels": await decided_by(database, who.names),
        "model_versions": {name: list(ids) for name, ids in found.versions.items()},
        "not_included": beyond_reach(person.platform, is_sqlite=database.is_sqlite),
    }


async def _questions(session: AsyncSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    answers = list(await session.scalars(select(Answer).where(Answer.question_id.in_(ids)).order_by(Answer.id)))
    votes = list(
        await session.scalars(select(Feedback).where(Feedback.answer_id.in_([answer.id for answer in answers])))
    )
    replies = list(await session.scalars(select(Outbox).where(Outbox.question_id.in_(ids))))
    handoffs = list(await session.scalars(select(Handoff).where(Handoff.question_id.in_(ids))))
    rows = await session.execute(
        select(Question, Conversation, Workspace)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Question.id.in_(ids))
        .order_by(Question.id)
    )
    return [
        {
            **_record(question),
            "workspace": workspace.external_id,
            "channel": conversation.channel,
            "thread": conversation.thread,
            "answers": [
                _record(answer, without=_OTHERS)
                | {"votes": [_record(vote, without=_OTHERS) for vote in votes if vote.answer_id == answer.id]}
                for answer in answers
                if answer.question_id == question.id
            ],
            "replies": [_reply(reply) for reply in replies if reply.question_id == question.id],
            "handoffs": [
                _record(one, without=("resolved_by",)) for one in handoffs if one.question_id == question.id
            ],
        }
        for question, conversation, workspace in rows
    ]


async def _examples(session: AsyncSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    wordings = list(await session.scalars(select(Wording).where(Wording.example_id.in_(ids))))
    rows = await session.scalars(select(Example).where(Example.id.in_(ids)).order_by(Example.id))
    return [
        _record(row, without=_OTHERS)
        | {"wordings": [_record(wording) for wording in wordings if wording.example_id == row.id]}
        for row in rows
    ]


def _record(row: Base, without: Sequence[str] = ()) -> dict[str, Any]:
    """Return a row without vectors."""
    names = [column.key for column in inspect(type(row)).column_attrs if column.key not in (*_VECTORS, *without)]
    return {name: _plain(getattr(row, name)) for name in names}


def _reply(row: Outbox) -> dict[str, Any]:
    """Return a row of the outbox; who answered elsewhere is named by the note of what was passed on."""
    return _record(row, without=("note",) if row.kind is OutboxKind.RELAY else ())


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
