"""What was asked and where, what was said to it, and what people thought of that.

One question is one row that moves forward, and everything else hangs on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    and_,
    bindparam,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import (
    LOCAL_PLATFORMS,
    LOCAL_WORKSPACE,
    AnswerSource,
    FeedbackReason,
    HandoffState,
    OutboxKind,
    OutboxState,
    QuestionState,
)

ERASABLE = {"sqlite_autoincrement": True}
"""The number of an erased row is never given to another: buttons on old messages, origins of examples and replies
under way still name it."""


class Workspace(Base):
    """A Slack workspace, a Discord guild, this machine (``web`` and ``cli``, ``local``) or its page's public."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("platform", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    training_consent_by: Mapped[str | None]
    training_consent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @hybrid_property
    def is_local(self) -> bool:
        """Whether only people of this machine ask there."""
        return self.platform in LOCAL_PLATFORMS and self.external_id == LOCAL_WORKSPACE

    @is_local.inplace.expression
    @classmethod
    def _is_local_expression(cls) -> ColumnElement[bool]:
        return and_(cls.platform.in_(LOCAL_PLATFORMS), cls.external_id == LOCAL_WORKSPACE)

    @hybrid_property
    def counts(self) -> bool:
        """Whether what is said there may be learned from and used elsewhere."""
        return self.is_local or self.training_consent_at is not None

    @counts.inplace.expression
    @classmethod
    def _counts_expression(cls) -> ColumnElement[bool]:
        return or_(cls.is_local, cls.training_consent_at.is_not(None))


class Channel(Base):
    """A channel that the bot is asked in, and its turn among the others.

    ``served_at`` says when a question of it was last taken up, and ``free_at`` until when no reply may go there,
    because the platform wants a pause. ``parent`` is the channel that it is a thread of, where a platform numbers
    threads as it numbers channels.
    """

    __tablename__ = "channel"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str | None]
    served_at: Mapped[datetime | None]
    free_at: Mapped[datetime | None]


class Conversation(Base):
    """A thread of a channel, a direct message, or one visit to the page.

    ``is_quiet`` says that the bot was told to answer only who names it, ``talked_at`` when people last spoke to
    each other there.
    """

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("workspace_id", "channel", "thread"), ERASABLE)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    channel: Mapped[str]
    thread: Mapped[str]
    is_quiet: Mapped[bool] = mapped_column(default=False)
    talked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    workspace: Mapped[Workspace] = relationship()


_OPEN = (QuestionState.RECEIVED, QuestionState.ANSWERING)


class Question(Base):
    """What somebody asked, and how far it has come.

    ``identity`` is the platform's own name of the message: a second delivery of the same event finds it taken.
    ``reply_to`` is the platform adapter's note of where the answer goes; with a ``placeholder`` the asker sees
    that one is coming. ``lease_until`` says until when the claim of ``lease_owner`` holds; after that anybody may
    take the question over, and ``lapses`` counts how often that was so. All times are the database's.
    ``workspace_id`` and ``channel`` are those of the conversation, so that limits are counted by an index; what
    was asked before there were limits has none. ``late`` says that it was asked long before it was heard, as in an
    outage: its asker has waited, and is not sent away because others ask as well. ``unasked`` says that nobody
    asked the bot: it answers if it knows, and else the row goes.

    What draws another answer to a question is a row of its own (``intake.samples``): ``sample`` counts from 1, and
    ``sample_of`` is the first row, which has none; it is no foreign key, since numbers are never given again.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("platform", "identity"),
        Index(None, "state", "lease_until"),
        Index(None, "conversation_id"),
        Index(None, "platform", "asker", "received_at"),
        Index(None, "received_at"),
        # Of all questions ever asked, few are open; a database finds these by nothing else.
        Index(
            "ix_question_open",
            "received_at",
            sqlite_where=text("state IN ('received', 'answering')"),
            postgresql_where=text("state IN ('received', 'answering')"),
        ),
        # What counts for the limits; of an attack, most is refused.
        *(
            Index(
                f"ix_question_counted_{columns[-1].removesuffix('_id')}",
                *columns,
                "received_at",
                sqlite_where=text("state <> 'refused'"),
                postgresql_where=text("state <> 'refused'"),
            )
            for columns in (("workspace_id",), ("workspace_id", "channel"))
        ),
        Index(
            "uq_question_sample_of_sample",
            "sample_of",
            "sample",
            unique=True,
            sqlite_where=text("sample_of IS NOT NULL"),
            postgresql_where=text("sample_of IS NOT NULL"),
        ),
        ERASABLE,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    workspace_id: Mapped[int | None] = mapped_column(BigInteger)
    channel: Mapped[str | None]
    platform: Mapped[str]
    identity: Mapped[str]
    asker: Mapped[str]
    text: Mapped[str]
    reply_to: Mapped[dict[str, Any]]
    placeholder: Mapped[bool] = mapped_column(default=False)
    late: Mapped[bool] = mapped_column(default=False)
    unasked: Mapped[bool] = mapped_column(default=False)
    sample_of: Mapped[int | None] = mapped_column(BigInteger)
    sample: Mapped[int] = mapped_column(SmallInteger, default=1)
    state: Mapped[QuestionState] = mapped_column(text_enum(QuestionState, "state"))
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lapses: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    conversation: Mapped[Conversation] = relationship()


IS_OPEN = Question.state.in_(bindparam("open", _OPEN, expanding=True, literal_execute=True))
"""Which questions have no answer yet; written out, since a database uses an index of its rows for nothing else."""

IS_COUNTED = Question.state != bindparam("refused", QuestionState.REFUSED, literal_execute=True)
"""Which questions count for the limits; written out, likewise."""


class Answer(Base):
    """What the asker was told, and everything that is needed to produce it again.

    ``entry_id`` names the approved answer that was given; it is no foreign key, since numbers of entries are never
    given again. ``grounds`` says what else it stands on, as it was then (see ``intake.questions.Grounds``).

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
        Index(None, "question_id"),
        Index(None, "reply_identity"),
        Index(None, "entry_id"),
        Index(None, "author"),
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
    ``answer.author`` is; None where an operator did it, who stands in the audit.
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

    ``mark`` is random: numbers would begin anew with a new database, and a platform still remembers the old ones.
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
