"""Clicks that ask again: "try again" for another sample, and "ask again" for an edited question. Both become
questions like any other. The asker may do it, and an admin may ask for another sample; the sample belongs to the
asker, whoever clicks. A click says nothing about the answers: only votes do (``curation.collect``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from supportbot.db import audit
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Conversation, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxKind
from supportbot.errors import SupportBotError
from supportbot.feedback.reach import was_given_to
from supportbot.intake.questions import IncomingQuestion
from supportbot.intake.samples import is_offered
from supportbot.words import N_

_GONE_TEXT = N_("This answer is no longer available. Please ask the question again.")
_NO_SAMPLE_TEXT = N_("This answer has no alternative.")
_ENOUGH_TEXT = N_(
    "I've tried several times and have nothing better. Please rephrase the question, or ask a member of the team."
)
_NOT_ASKER_TEXT = N_("Only the person who asked this, or an admin, can have me try again.")
_NOT_YOURS_TEXT = N_("Only the person who asked this can ask it again.")
_DIGITS = 16

Build = Callable[[str], IncomingQuestion]
"""Makes the question to ask from its text, as it is asked where the click was."""


class CannotAskAgainError(SupportBotError):
    """A question can't be asked once more; the sentence says why."""


async def nobody() -> bool:
    """Return False: where there are no admins, nobody is one."""
    return False


class Again:
    """Answered questions in the database, to be asked once more.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def another_sample(
        self,
        answer_id: int,
        person: str,
        build: Build,
        *,
        workspace: str | None = None,
        is_admin: Callable[[], Awaitable[bool]] = nobody,
    ) -> IncomingQuestion:
        """Return the question to ask so that another answer is drawn.

        Args:
            answer_id: the answer under which somebody clicked.
            person: who clicked, unique over all platforms and beginning with theirs.
            build: see ``Build``; who asks, their workspace and the identity are changed.
            workspace: the platform's id of where that is; None where a platform has only one.
            is_admin: asked whether the person is an admin there, if they did not ask the question.

        Raises:
            CannotAskAgainError: there is no such answer there, no other sample of it, or they may not have one.
        """
        row = await self._find(
            select(
                Question.id,
                Question.text,
                Question.asker,
                Question.sample,
                Question.sample_of,
                Answer.source,
                Workspace.external_id.label("workspace"),
            )
            .join(Answer, Answer.question_id == Question.id)
            .join(Conversation, Question.conversation_id == Conversation.id)
            .join(Workspace, Conversation.workspace_id == Workspace.id)
            .where(Answer.id == answer_id, was_given_to(person, workspace))
        )
        if not _is_same(person, row.asker) and not await is_admin():
            raise CannotAskAgainError(_NOT_ASKER_TEXT)
        if not is_offered(row.source, row.sample):
            is_enough = row.source is AnswerSource.GENERATED
            raise CannotAskAgainError(_ENOUGH_TEXT if is_enough else _NO_SAMPLE_TEXT)
        first, sample = row.sample_of or row.id, row.sample + 1
        return replace(
            build(row.text),
            # The same at every click under one answer, whoever clicks, so one more is drawn.
            identity=f"sample:{first}:{sample}",
            # As the asker's own, not in the direct messages of an admin who clicks.
            workspace=row.workspace,
            asker=row.asker,
            text=row.text,
            sample_of=first,
            sample=sample,
        )

    async def reworded(
        self, question_id: int, person: str, build: Build, *, workspace: str | None = None
    ) -> IncomingQuestion:
        """Return a question as it reads since it was edited; the arguments are as above.

        Raises:
            CannotAskAgainError: there is none there that was edited, or somebody else asked it.
        """
        row = await self._find(
            select(Question.asker, Outbox.text)
            .join(Outbox, Outbox.question_id == Question.id)
            .join(Answer, Outbox.answer_id == Answer.id)
            .where(
                Question.id == question_id, Outbox.kind == OutboxKind.ASK_AGAIN, was_given_to(person, workspace)
            )
        )
        if not _is_same(person, row.asker):
            raise CannotAskAgainError(_NOT_YOURS_TEXT)
        digest = hashlib.sha256(row.text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
        # Another edit makes another question of it; a second click does not.
        identity = f"reworded:{question_id}:{digest}"
        return replace(build(row.text), identity=identity, asker=row.asker, text=row.text)

    async def _find(self, query: Select[*tuple[Any, ...]]) -> Row[*tuple[Any, ...]]:
        async with self._database.read() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise CannotAskAgainError(_GONE_TEXT)
        return row


def record(person: str, incoming: IncomingQuestion, connection: Connection, question_id: int) -> None:
    """Note in the audit that somebody had another answer drawn, in the transaction that keeps the question."""
    audit.record_on(
        connection,
        actor=f"somebody on {person.partition(':')[0]}",
        action="answer.try_again",
        subject=f"question:{incoming.sample_of}",
        now=now_of(connection),
    )


def _is_same(person: str, asker: str) -> bool:
    """Return whether a person asked a question of their platform and workspace.

    Slack names a guest of a shared channel under their own workspace, and the asker without any.
    """
    return person.rpartition(":")[2] == asker.rpartition(":")[2]
