"""Asking a human: from a click, or from a command, to the rows that bring the question to people.

The hand-off, the message to those who are asked and the word to who asked are one transaction, so a process that
ends loses none of them, and the outbox brings each once. A question is handed off once, whoever clicks. Who asked
may have it handed off, and so may whoever sees it in its workspace: a button can be seen by those who see the
question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, select

from supportbot.db import audit
from supportbot.db.base import table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Channel, Conversation, Handoff, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, OutboxKind, QuestionState
from supportbot.errors import SupportBotError
from supportbot.feedback.reach import was_given_to
from supportbot.handoffs.listing import resolve, somebody
from supportbot.handoffs.request import read_request
from supportbot.handoffs.schedule import back_at
from supportbot.handoffs.target import Target, TargetKind, read_target
from supportbot.intake.conversations import insert_if_new
from supportbot.intake.inbox import Inbox
from supportbot.intake.people import person_of
from supportbot.intake.questions import Accepted, IncomingQuestion, Reply
from supportbot.intake.replies import pending, write_reply
from supportbot.policies.policy import Policy
from supportbot.policies.store import effective

log = structlog.get_logger(__name__)

PASSED_ON_TEXT = "I have passed your question on to a person."

_GONE_TEXT = "This question is no longer there. Please ask it once more."
_NOBODY_TEXT = "Nobody is set up to be asked here. Please ask a member of the team yourself."


class CannotAskError(SupportBotError):
    """No human can be asked; the sentence says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of asking a human.

    Attributes:
        platform: where they are asked.
        new: whether this did it; False if somebody was asked already.
        back: from when on somebody is there to answer; None for now.
    """

    handoff_id: int
    question_id: int
    platform: str
    new: bool
    back: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A question with the bot's answer to it, as the rows of a hand-off need them."""

    question_id: int
    workspace_id: int
    channel: str
    platform: str
    answer_id: int
    anchor: str | None


class Handoffs:
    """Asks humans.

    Args:
        database: where it is kept.
        inbox: takes questions that are for a human from the beginning.
        ring: called with the platform whenever something was put into its outbox.
    """

    def __init__(
        self, database: Database, inbox: Inbox, ring: Callable[[str], None] = lambda platform: None
    ) -> None:
        self._ring = ring
        self._database = database
        self._inbox = inbox

    async def is_offered(self, workspace_id: int, channel: str, source: AnswerSource) -> bool:
        """Return whether "ask a human" stands under an answer of this kind."""
        async with self._database.read() as session:
            policy = await effective(session, workspace_id, channel)
        return policy.handoff_target is not None and (source is AnswerSource.NOT_SURE or policy.handoff_everywhere)

    async def ask(self, answer_id: int, person: str, *, workspace: str | None = None) -> Asked:
        """Ask a human what the bot has answered.

        Args:
            answer_id: the answer under which somebody clicked.
            person: who clicked, unique over all platforms and beginning with theirs.
            workspace: the platform's id of where that is; None where a platform has only one.

        Raises:
            CannotAskError: there is no such answer there, or nobody to ask.
        """
        async with self._database.read() as session:
            row = (
                await session.execute(
                    select(
                        Question.id,
                        Question.platform,
                        Conversation.workspace_id,
                        Conversation.channel,
                        Answer.reply_identity,
                    )
                    .select_from(Answer)
                    .join(Question, Answer.question_id == Question.id)
                    .join(Conversation, Question.conversation_id == Conversation.id)
                    .where(
                        Answer.id == answer_id,
                        Answer.source != AnswerSource.HUMAN,
                        was_given_to(person, workspace),
                    )
                )
            ).one_or_none()
            if row is None:
                raise CannotAskError(_GONE_TEXT)
            policy = await effective(session, row.workspace_id, row.channel)
        target = _target(policy, row.platform, row.workspace_id)
        subject = _Subject(
            question_id=row.id,
            workspace_id=row.workspace_id,
            channel=row.channel,
            platform=row.platform,
            answer_id=answer_id,
            anchor=row.reply_identity,
        )
        asked = await self._database.commit(partial(_ask, subject, target, policy, person))
        if asked is None:  # erased since it was looked up
            raise CannotAskError(_GONE_TEXT)
        if asked.new:
            log.info("handoff.asked", handoff_id=asked.handoff_id, question_id=asked.question_id)
            for platform in {target.platform, row.platform}:
                self._ring(platform)
        return asked

    async def ask_at_once(self, incoming: IncomingQuestion) -> Accepted | None:
        """Keep a question that is for a human and ask them; None if it is for the bot, as any other.

        Where nobody is set up to be asked, every question is for the bot.
        """
        question = read_request(incoming.text)
        if question is None:
            return None
        policy, workspace_id = await self._policy(incoming)
        if policy.handoff_target is None or workspace_id is None:
            return None
        target = _target(policy, incoming.platform, workspace_id)
        incoming = replace(incoming, text=question)
        accepted = await self._inbox.accept(incoming, then=partial(_pass_on, incoming, target, policy))
        if accepted.new and not accepted.refused:
            log.info("handoff.asked", question_id=accepted.question_id)
            for platform in {target.platform, incoming.platform}:
                self._ring(platform)
        return accepted

    async def resolve(self, handoff_id: int, person: str, *, workspace: str | None, clicked: str | None) -> bool:
        """Close a hand-off for who asked, or for who was asked; see ``listing.resolve``."""
        is_new = await resolve(self._database, handoff_id, person, workspace=workspace, clicked=clicked)
        if is_new:
            log.info("handoff.resolved", handoff_id=handoff_id)
        return is_new

    async def resolve_for_asker(self, question_id: int, person: str) -> bool:
        """Close the hand-off of a question that a person asked, who sees all of it; see ``resolve``."""
        async with self._database.read() as session:
            handoff_id = await session.scalar(select(Handoff.id).where(Handoff.question_id == question_id))
        return await self.resolve(handoff_id or 0, person, workspace=None, clicked=None)

    async def _policy(self, incoming: IncomingQuestion) -> tuple[Policy, int | None]:
        """Return what holds where a question was asked, and the number of its workspace if it is known."""
        known = select(Workspace.id).where(
            Workspace.platform == incoming.platform, Workspace.external_id == incoming.workspace
        )
        async with self._database.read() as session:
            workspace_id = await session.scalar(known)
            if workspace_id is None:
                return Policy(), None
            return await effective(session, workspace_id, incoming.channel), workspace_id


def _target(policy: Policy, platform: str, workspace_id: int) -> Target:
    """Return whom a policy names.

    Raises:
        CannotAskError: it names nobody, or what no platform knows.
    """
    if policy.handoff_target is None:
        raise CannotAskError(_NOBODY_TEXT)
    target = read_target(policy.handoff_target, platform)
    if target is None:
        log.error(
            "handoff.target_unreadable",
            workspace_id=workspace_id,
            platform=platform,
            remedy="name a target as docs/handoffs.md has it",
        )
        raise CannotAskError(_NOBODY_TEXT)
    return target


def _ask(subject: _Subject, target: Target, policy: Policy, person: str, connection: Connection) -> Asked | None:
    """Write the rows of a hand-off after a click; None if the answer is gone."""
    # As with votes: whoever erases the answer, or asks as well, is waited for.
    there = select(Answer.id).where(Answer.id == subject.answer_id).with_for_update()
    if connection.scalar(there) is None:
        return None
    now = now_of(connection)
    handoff_id = _insert(connection, subject, target, person, now)
    if handoff_id is None:
        row = connection.execute(
            select(Handoff.id, Handoff.platform).where(Handoff.question_id == subject.question_id)
        ).one()
        return Asked(handoff_id=row.id, question_id=subject.question_id, platform=row.platform, new=False)
    note = _told(handoff_id, target, policy, now) | {"anchor": subject.anchor}
    told = pending(
        subject.question_id, subject.answer_id, subject.platform, "", now, kind=OutboxKind.TOLD, note=note
    )
    connection.execute(table_of(Outbox).insert(), [told])
    return Asked(
        handoff_id=handoff_id,
        question_id=subject.question_id,
        platform=target.platform,
        new=True,
        back=back_at(policy, now),
    )


def _pass_on(
    incoming: IncomingQuestion, target: Target, policy: Policy, connection: Connection, question_id: int
) -> None:
    """Answer a new question by handing it off, in the transaction that keeps it."""
    now = now_of(connection)
    answer_id = write_reply(
        connection, question_id, incoming.platform, Reply(text=PASSED_ON_TEXT, source=AnswerSource.NOT_SURE), now
    )
    question = table_of(Question)
    workspace_id = connection.execute(
        question.update()
        .where(question.c.id == question_id)
        .values(state=QuestionState.ANSWERED, answered_at=now)
        .returning(question.c.workspace_id)
    ).scalar_one()
    subject = _Subject(
        question_id=question_id,
        workspace_id=workspace_id,
        channel=incoming.channel,
        platform=incoming.platform,
        answer_id=answer_id,
        anchor=None,
    )
    person = person_of(incoming.platform, incoming.workspace, incoming.asker)
    handoff_id = _insert(connection, subject, target, person, now)
    assert handoff_id is not None  # noqa: S101 - the question is new
    outbox = table_of(Outbox)
    connection.execute(
        outbox.update()
        .where(outbox.c.answer_id == answer_id, outbox.c.kind == OutboxKind.REPLY)
        .values(note=_told(handoff_id, target, policy, now))
    )


def _insert(connection: Connection, subject: _Subject, target: Target, person: str, now: datetime) -> int | None:
    """Write the hand-off and the message to those who are asked; None if it was handed off before."""
    handoff_id = insert_if_new(
        connection,
        table_of(Handoff),
        {
            "question_id": subject.question_id,
            "workspace_id": subject.workspace_id,
            "channel": subject.channel,
            "platform": target.platform,
            "target": target.name,
            "state": HandoffState.OPEN,
            "asked_at": now,
        },
    )
    if handoff_id is None:
        return None
    is_elsewhere = target.kind is not TargetKind.GROUP
    if target.kind is TargetKind.CHANNEL:  # for its turn in sending; a person's name is kept in no such row
        lane = {"workspace_id": subject.workspace_id, "channel": target.name}
        insert_if_new(connection, table_of(Channel), lane)
    post = pending(
        subject.question_id,
        subject.answer_id,
        target.platform,
        "",
        now,
        kind=OutboxKind.POST,
        channel=target.name if is_elsewhere else None,
        note=_named(handoff_id, target) | {"anchor": subject.anchor},
    )
    connection.execute(table_of(Outbox).insert(), [post])
    audit.record_on(
        connection, actor=somebody(person), action="handoff.ask", subject=f"handoff:{handoff_id}", now=now
    )
    return handoff_id


def _named(handoff_id: int, target: Target) -> dict[str, Any]:
    return {"handoff": handoff_id, "kind": target.kind, "target": target.name, "on": target.platform}


def _told(handoff_id: int, target: Target, policy: Policy, now: datetime) -> dict[str, Any]:
    back = back_at(policy, now)
    return _named(handoff_id, target) | {"back": back.isoformat() if back else None}
