"""Admission of a question: whether the bot answers there, whether it is new, and whether limits allow it. A
message that the bot must not answer there is not stored at all. These functions work within the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now as database_now
from supportbot.db.clock import now_of
from supportbot.db.models import Workspace
from supportbot.intake import threads, unasked
from supportbot.intake.admission import Crowd, Limits, find_refusal, tell
from supportbot.intake.conversations import insert_question, is_late, look_up, make_conversation
from supportbot.intake.questions import LANGUAGE, NO_QUESTION, NOT_HEARD, PRIVATELY, Accepted, IncomingQuestion
from supportbot.intake.reception import Manner, Reception, receive
from supportbot.policies.layers import effective, effective_of
from supportbot.policies.policy import Policy
from supportbot.words import SOURCE, Language, nearest


async def listens(session: AsyncSession, incoming: IncomingQuestion) -> bool:
    """Return whether the bot answers unasked questions there; this only looks."""
    workspace_id = await session.scalar(
        select(Workspace.id).where(
            Workspace.platform == incoming.platform, Workspace.external_id == incoming.workspace
        )
    )
    policy = await effective(session, workspace_id, incoming.channel, incoming.parent)
    now = await database_now(session)
    if receive(policy, incoming.manner, in_thread=incoming.in_thread, now=now) is Reception.CLOSED:
        return False
    return not await threads.is_quiet(session, incoming)


def accept(
    limits: Limits,
    otherwise: Language,
    incoming: IncomingQuestion,
    crowd: Crowd | None,
    then: Callable[[Connection, int], None] | None,
    connection: Connection,
) -> Accepted:
    """Store a new question that the bot may answer; see ``Inbox.accept``.

    The language of the bot's sentences is decided here, so that all of them about this question are in the same.
    """
    known = look_up(connection, incoming)
    policy = effective_of(connection, known.workspace_id, incoming.channel, incoming.parent)
    language = spoken(policy, incoming.locale, otherwise)
    if known.question_id is not None:
        was_overheard = incoming.manner is not Manner.UNASKED and unasked.name(
            connection, known.question_id, incoming.text
        )
        return Accepted(known.question_id, new=was_overheard, language=language)
    if known.is_erased:
        return Accepted(NO_QUESTION, new=False, language=language)
    now = now_of(connection)
    reception = _receive(policy, incoming, now)
    if reception is Reception.CLOSED:
        return replace(NOT_HEARD, language=language)
    if language != SOURCE:
        incoming = replace(incoming, reply_to={**incoming.reply_to, LANGUAGE: language})
    if reception is Reception.PRIVATE:
        incoming = replace(incoming, reply_to={**incoming.reply_to, PRIVATELY: True})
    workspace_id, conversation_id = make_conversation(connection, incoming, known, now)
    crowd = None if is_late(incoming, now) else crowd
    refusal = find_refusal(connection, limits, crowd, incoming, workspace_id, now)
    if refusal and incoming.manner is Manner.UNASKED:
        unasked.forget_conversation(connection, conversation_id)
        return replace(NOT_HEARD, language=language)
    reason = refusal.reason if refusal else None
    question_id = insert_question(connection, incoming, workspace_id, conversation_id, now, refused=reason)
    if question_id is None:  # another daemon on the same PostgreSQL was first
        question_id = look_up(connection, incoming).question_id
        assert question_id is not None  # noqa: S101 - the unique constraint that refused us names this row
        return Accepted(question_id, new=False, language=language)
    if refusal:
        told = (question_id, incoming.platform, incoming.asker, incoming.placeholder, incoming.reply_to)
        tell(connection, [told], refusal, now)
    elif then:
        then(connection, question_id)
    return Accepted(question_id, new=True, refused=reason, reception=reception, language=language)


def spoken(policy: Policy, locale: str | None, otherwise: Language) -> Language:
    """Return the language of the bot's own sentences: as admins decided, else as the platform says of the person.

    Args:
        policy: that holds where it speaks.
        locale: as in ``IncomingQuestion``.
        otherwise: the operator's, where neither says it.
    """
    return policy.language or nearest(locale) or otherwise


def _receive(policy: Policy, incoming: IncomingQuestion, now: datetime) -> Reception:
    if incoming.manner is Manner.DIRECT:
        return Reception.OPEN
    if incoming.manner is Manner.UNASKED and is_late(incoming, now):  # by now somebody has answered
        return Reception.CLOSED
    return receive(policy, incoming.manner, in_thread=incoming.in_thread, now=now)
