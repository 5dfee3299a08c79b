"""What was said to a question: the answer, what shows it, who was asked instead, and what people thought of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.models.conversations import ERASABLE, Question
from supportbot.db.states import AnswerSource, FeedbackReason, HandoffState, OutboxKind, OutboxState


class Answer(Base):
    """What the asker was told, and everything that is needed to produce it again.

    ``entry_id`` names the approved answer that was given; it is no foreign key, since numbers of entries are never
    given again. ``grounds`` says what else it is based on, as it was then (see ``intake.questions.Grounds``).

    ``reply_identity`` is the platform's own name of the message that shows it. That of a person's answer begins
    with the platform and is unique: a second delivery of the same event finds it taken. ``author`` is the digest
    of that person (``intake.people``), so that their answers can be erased; None for the bot.
    """

    __tablename__ = "answer"
    __table_args__ = (
        # People may add to a question as often as they like; the bot answers it once.
        Index(
            "uq_answer_question_id_by_bot",
            "question_id",
            unique=True,
            sqlite_where=text("source <> 'human'"),
            postgresql_where=text("source <> 'human'"),
        ),
        Index(
            "uq_answer_reply_identity_by_people",
            "reply_identity",
            unique=True,
            sqlite_where=text("source = 'human'"),
            postgresql_where=text("source = 'human'"),
        ),
        # What becomes of very many questions, and of votes, is counted from it alone: see ``statistics.kinds``.
        Index("ix_answer_kind", "question_id", "source", "entry_id", "model_version", "id"),
        Index(None, "reply_identity"),
        Index(None, "entry_id"),
        Index(None, "author"),
        # Of one kind, or of one version, there may be few among many; both are found without looking at the rows.
        Index(None, "source", "question_id"),
        Index(None, "model_version", "question_id"),
        ERASABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    text: Mapped[str]
    source: Mapped[AnswerSource] = mapped_column(text_enum(AnswerSource, "source"))
    model_version: Mapped[str | None]
    sampling: Mapped[dict[str, Any] | None]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    prompt: Mapped[str | None]
    shortened: Mapped[bool] = mapped_column(default=False)
    draft: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    answer_tokens: Mapped[int | None]
    finish: Mapped[str | None]
    confidence: Mapped[float | None]
    mean_logprob: Mapped[float | None]
    latency_ms: Mapped[int | None]
    reply_identity: Mapped[str | None]
    author: Mapped[str | None]
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    similarity: Mapped[float | None]
    grounds: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

    question: Mapped[Question] = relationship()


class Handoff(Base):
    """A question that people were asked; one of each question at most.

    ``target`` is whom the policy named then, and ``platform`` where that is, which for the page is another one.
    ``post_identity`` is the platform's name of the message that asks them, once it is there, and
    ``told_identity`` that of the one which tells the asker. ``resolved_by`` is the digest of a person, as
    ``answer.author`` is; None where an operator did it, whom the audit names.
    """

    __tablename__ = "handoff"
    __table_args__ = (
        UniqueConstraint("question_id"),
        Index(None, "platform", "post_identity"),
        Index(None, "told_identity"),
        Index(None, "state", "asked_at"),
        Index(None, "resolved_by"),
        ERASABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    channel: Mapped[str]
    platform: Mapped[str]
    target: Mapped[str]
    state: Mapped[HandoffState] = mapped_column(text_enum(HandoffState, "state"))
    post_identity: Mapped[str | None]
    told_identity: Mapped[str | None]
    asked_at: Mapped[datetime]
    first_reply_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    reminded_at: Mapped[datetime | None]


class Outbox(Base):
    """Something that must reach a platform once, such as a reply; written in the transaction of what causes it.

    ``kind`` says what it is. ``answer_id`` is the answer that is shown, for a ``RELAY`` that of a person, and else
    that of the bot which it is about. ``text`` is that of a reply, and of an ``ASK_AGAIN`` what its question says
    now. ``channel`` is where it goes; None for the channel of the question. ``note`` is what the platform's sender
    needs besides.

    ``mark`` is random: numbers would start again with a new database, and a platform still remembers the old ones.
    ``lease_owner`` is the process that is sending it, until ``due_at``; ``lapses`` counts the ones that never said
    how it went.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("question_id", "kind", "answer_id"),
        Index(None, "platform", "state", "due_at"),
        ERASABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    platform: Mapped[str]
    kind: Mapped[OutboxKind] = mapped_column(text_enum(OutboxKind, "kind"), default=OutboxKind.REPLY)
    channel: Mapped[str | None]
    note: Mapped[dict[str, Any] | None]
    mark: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    state: Mapped[OutboxState] = mapped_column(text_enum(OutboxState, "state"))
    attempts: Mapped[int] = mapped_column(default=0)
    lapses: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    due_at: Mapped[datetime]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class Feedback(Base):
    """One person's judgement of one answer; the last vote counts.

    ``voted_at`` is when the person clicked, by the platform's clock; the other times are when this program heard.
    """

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("answer_id", "voter"), Index(None, "voter"), ERASABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    voter: Mapped[str]
    vote: Mapped[int] = mapped_column(SmallInteger)
    voted_at: Mapped[datetime | None]
    reason: Mapped[FeedbackReason | None] = mapped_column(text_enum(FeedbackReason, "reason"))
    correction: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
