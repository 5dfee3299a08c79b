"""Rows of the log and of the examples, put into a database as the bot would."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from sqlalchemy import select

from supportbot.db.models import Answer, Conversation, Example, Feedback, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import (
    LOCAL_PLATFORMS,
    LOCAL_WORKSPACE,
    AnswerSource,
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
    QuestionState,
    Split,
)

_numbers = count()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def add_answer(
    database: Database,
    question: str,
    votes: list[int],
    *,
    correction: str | None = None,
    platform: str = "web",
    consent: bool = False,
    version: str = "starter",
    confidence: float | None = -0.1,
) -> int:
    """Add an answered question with its votes, the first of them with the correction; return the answer's id."""
    number = next(_numbers)
    place = LOCAL_WORKSPACE if platform in LOCAL_PLATFORMS else str(number)
    async with database.write() as session:
        workspace = await session.scalar(
            select(Workspace).filter_by(platform=platform, external_id=place)
        ) or Workspace(platform=platform, external_id=place, created_at=NOW, settings={})
        workspace.training_consent_at = NOW if consent else None
        session.add(workspace)
        await session.flush()
        conversation = Conversation(workspace_id=workspace.id, channel="c", thread=str(number), created_at=NOW)
        session.add(conversation)
        await session.flush()
        asked = Question(
            conversation_id=conversation.id,
            platform=platform,
            identity=str(number),
            asker="u",
            text=question,
            reply_to={},
            state=QuestionState.DELIVERED,
            received_at=NOW,
        )
        session.add(asked)
        await session.flush()
        answer = Answer(
            question_id=asked.id,
            text="No idea.",
            source=AnswerSource.GENERATED,
            model_version=version,
            confidence=confidence,
            created_at=NOW,
        )
        session.add(answer)
        await session.flush()
        for voter, vote in enumerate(votes):
            given = correction if voter == 0 else None
            session.add(
                Feedback(
                    answer_id=answer.id,
                    voter=str(voter),
                    vote=vote,
                    correction=given,
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
        return answer.id


async def add_example(
    database: Database,
    question: str,
    answer: str,
    *,
    status: ExampleStatus = ExampleStatus.APPROVED,
    split: Split = Split.HELD_OUT,
    origin_answer_id: int | None = None,
) -> int:
    """Add an example of the local page, of a correction where it has an answer; return its id."""
    number = next(_numbers)
    async with database.write() as session:
        example = Example(
            origin=f"test:{number}",
            source=ExampleSource.CORRECTION if origin_answer_id else ExampleSource.IMPORT,
            prompt=question,
            completion=answer,
            label=ExampleLabel.GOOD,
            origin_answer_id=origin_answer_id,
            conversation=f"test:{number}",
            split=split,
            sort_key=question,
            status=status,
            created_at=NOW,
        )
        session.add(example)
        await session.flush()
        return example.id
