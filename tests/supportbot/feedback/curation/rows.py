"""Rows of the log and of the training data, put into a database directly."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from supportbot.db.models import Answer, Conversation, Example, Feedback, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import (
    AnswerSource,
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
    QuestionState,
)
from supportbot.feedback.curation.keys import sort_key_of, split_of

_numbers = itertools.count(1)


async def add_answer(
    database: Database,
    question: str = "Where is my order?",
    answer: str = "It arrives tomorrow.",
    *,
    source: AnswerSource = AnswerSource.GENERATED,
    platform: str = "slack",
    workspace: str = "T1",
    asker: str = "U1",
    question_id: int | None = None,
) -> int:
    """Put a question with its answer into the log, or one more answer to a question; return the answer's id."""
    now = datetime.now(UTC)
    number = next(_numbers)
    async with database.write() as session:
        if question_id is None:
            place = await session.scalar(
                select(Workspace).filter_by(platform=platform, external_id=workspace)
            ) or Workspace(platform=platform, external_id=workspace, settings={}, created_at=now)
            session.add(place)
            await session.flush()
            conversation = Conversation(workspace_id=place.id, channel="C1", thread=f"{number}.0", created_at=now)
            session.add(conversation)
            await session.flush()
            asked = Question(
                conversation_id=conversation.id,
                platform=platform,
                identity=f"{number}",
                asker=asker,
                text=question,
                reply_to={},
                state=QuestionState.DELIVERED,
                received_at=now,
            )
            session.add(asked)
            await session.flush()
            question_id = asked.id
        row = Answer(question_id=question_id, text=answer, source=source, created_at=now)
        session.add(row)
        await session.flush()
        return row.id


async def add_feedback(
    database: Database, answer_id: int, vote: int, voter: str = "slack:T1:U9", correction: str | None = None
) -> int:
    """Record or replace a person's vote on an answer; return the row's id."""
    now = datetime.now(UTC)
    async with database.write() as session:
        row = await session.scalar(select(Feedback).filter_by(answer_id=answer_id, voter=voter))
        if row is None:
            row = Feedback(answer_id=answer_id, voter=voter, created_at=now)
            session.add(row)
        row.vote, row.correction, row.updated_at = vote, correction, now
        await session.flush()
        return row.id


async def add_workspace(database: Database, platform: str, *, consents: bool, name: str | None = None) -> int:
    """Add a workspace, of its own unless it has a name; return its id."""
    now = datetime.now(UTC)
    async with database.write() as session:
        row = Workspace(platform=platform, external_id=name or f"T{next(_numbers)}", settings={}, created_at=now)
        if consents:
            row.training_consent_by, row.training_consent_at = "ada", now
        session.add(row)
        await session.flush()
        return row.id


def example(question: str, answer: str = "Certainly.", **values: Any) -> Example:
    """Make an approved row that counts, unless ``values`` say otherwise."""
    conversation = values.get("conversation", question)
    return Example(
        **{
            "origin": f"test:{next(_numbers)}",
            "source": ExampleSource.IMPORT,
            "prompt": question,
            "completion": answer,
            "label": ExampleLabel.GOOD,
            "conversation": conversation,
            "split": split_of(conversation),
            "sort_key": sort_key_of(question),
            "status": ExampleStatus.APPROVED,
            "created_at": datetime.now(UTC),
            **values,
        }
    )


async def add_examples(database: Database, *examples: Example) -> list[int]:
    """Store rows; return their ids."""
    async with database.write() as session:
        session.add_all(examples)
        await session.flush()
        return [row.id for row in examples]


async def stored(database: Database) -> list[Example]:
    """Return all rows by id."""
    async with database.read() as session:
        return list(await session.scalars(select(Example).order_by(Example.id)))
