"""The rows of a hand-off, written in one transaction: who is asked, what they see, and what the asker is told.

``note`` is what a platform's sender needs. It has the number of the hand-off (``handoff``), whom it asks (``kind``
and ``target``, ``on`` which platform), the bot's answer by its name if there is one (``anchor``), and when
somebody will be there (``back``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from supportbot.db import audit
from supportbot.db.base import table_of
from supportbot.db.clock import now_of
from supportbot.db.models import Answer, Channel, Handoff, Outbox, Question
from supportbot.db.states import AnswerSource, HandoffState, OutboxKind, QuestionState
from supportbot.handoffs.listing import somebody
from supportbot.handoffs.schedule import back_at
from supportbot.handoffs.target import Target, TargetKind
from supportbot.intake.conversations import insert_if_new
from supportbot.intake.people import person_of
from supportbot.intake.questions import IncomingQuestion, Reply, words_of
from supportbot.intake.replies import pending, write_reply
from supportbot.policies.policy import Policy
from supportbot.words import N_

PASSED_ON_TEXT = N_("I've passed your question on to a person.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of asking a human.

    Attributes:
        platform: where they are asked.
        new: whether this did it; False if somebody was asked already.
        reached: False if that was tried before, in vain.
        back: from when on somebody is there to answer; None for now.
    """

    handoff_id: int
    question_id: int
    platform: str
    new: bool
    reached: bool = True
    back: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A question with the bot's answer to it, as the rows of a hand-off need them."""

    question_id: int
    workspace_id: int
    channel: str
    platform: str
    answer_id: int
    anchor: str | None


def ask_about(
    subject: Subject, target: Target, policy: Policy, person: str, connection: Connection
) -> Asked | None:
    """Write the rows of a hand-off after a click; None if the answer is gone."""
    # As with votes: whoever erases the answer, or asks as well, is waited for.
    there = select(Answer.id).where(Answer.id == subject.answer_id).with_for_update()
    if connection.scalar(there) is None:
        return None
    now = now_of(connection)
    handoff_id = _insert(connection, subject, target, person, now)
    if handoff_id is None:
        row = connection.execute(
            select(Handoff.id, Handoff.platform, Handoff.state).where(Handoff.question_id == subject.question_id)
        ).one()
        return Asked(
            handoff_id=row.id,
            question_id=subject.question_id,
            platform=row.platform,
            new=False,
            reached=row.state is not HandoffState.UNREACHED,
        )
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


def pass_on(
    incoming: IncomingQuestion, target: Target, policy: Policy, connection: Connection, question_id: int
) -> None:
    """Answer a new question by handing it off, in the transaction that keeps it."""
    now = now_of(connection)
    question = table_of(Question)
    kept = connection.execute(
        question.update()
        .where(question.c.id == question_id)
        .values(state=QuestionState.ANSWERED, answered_at=now)
        .returning(question.c.workspace_id, question.c.reply_to)
    ).one()
    reply = Reply(text=words_of(kept.reply_to).say(PASSED_ON_TEXT), source=AnswerSource.NOT_SURE)
    answer_id = write_reply(connection, question_id, incoming.platform, reply, now)
    subject = Subject(
        question_id=question_id,
        workspace_id=kept.workspace_id,
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


def _insert(connection: Connection, subject: Subject, target: Target, person: str, now: datetime) -> int | None:
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
