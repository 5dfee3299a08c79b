"""What was asked and where. One question is one row that moves forward, and everything else hangs on it."""

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
    QuestionState,
)

ERASABLE = {"sqlite_autoincrement": True}
"""The number of an erased row is never given to another: buttons on old messages, origins of examples and replies
in progress still name it."""


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
    each other there, by the platform's clock where it tells the time.
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
    take the question over, and ``lapses`` counts how often that happened. All times are the database's, except
    ``said_at``, which is the platform's where it gives one. ``workspace_id`` and ``channel`` are those of the
    conversation, so that limits are counted by an index; what was asked before there were limits has none.
    ``late`` says that it was asked long before it was heard, as in an outage: its asker has waited, and is not
    sent away because others ask as well. ``unasked`` says that nobody asked the bot: it answers if it knows, and
    else the row goes.

    What draws another answer to a question is a row of its own (``intake.samples``): ``sample`` counts from 1, and
    ``sample_of`` is the first row, which has none; it is no foreign key, since numbers are never given again.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("platform", "identity"),
        Index(None, "state", "lease_until"),
        Index(None, "conversation_id"),
        Index(None, "platform", "asker", "received_at"),
        # The order of the log, with all that is counted of very many questions: no row of one is read for it.
        Index(
            "ix_question_asked",
            "received_at",
            "id",
            "state",
            "sample",
            "answered_at",
            "platform",
            "conversation_id",
            "workspace_id",
        ),
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
    said_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    conversation: Mapped[Conversation] = relationship()


IS_OPEN = Question.state.in_(bindparam("open", _OPEN, expanding=True, literal_execute=True))
"""Which questions have no answer yet; written out, since a database uses an index of its rows for nothing else."""

IS_COUNTED = Question.state != bindparam("refused", QuestionState.REFUSED, literal_execute=True)
"""Which questions count for the limits; written out, likewise."""
