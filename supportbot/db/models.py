"""The records: one question is one row that moves forward, and everything else hangs on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import (
    AnswerSource,
    EntrySource,
    EntryState,
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
    FeedbackReason,
    OutboxState,
    QuestionState,
    Split,
)

RUNTIME_TABLES = "wording_vector_"
"""How the names of tables begin that are made while a daemon runs; see ``knowledge.vector_table``."""


class Workspace(Base):
    """A Slack workspace, a Discord guild, or this machine (``web``, ``cli``)."""

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


class ChannelPolicy(Base):
    """What the bot may do in one channel."""

    __tablename__ = "channel_policy"
    __table_args__ = (UniqueConstraint("workspace_id", "channel"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    channel: Mapped[str]
    allowed: Mapped[bool] = mapped_column(default=True)
    answer_mode: Mapped[str]
    handoff_target: Mapped[str | None]


class Conversation(Base):
    """A thread of a channel, a direct message, or one visit to the page."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("workspace_id", "channel", "thread"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    channel: Mapped[str]
    thread: Mapped[str]
    created_at: Mapped[datetime]

    workspace: Mapped[Workspace] = relationship()


class Question(Base):
    """What somebody asked, and how far it has come.

    ``identity`` is the platform's own name of the message: a second delivery of the same event finds it taken.
    ``reply_to`` is the platform adapter's note of where the answer goes. ``lease_until`` says until when the
    claim of ``lease_owner`` holds; after that anybody may take the question over.
    """

    __tablename__ = "question"
    __table_args__ = (
        UniqueConstraint("platform", "identity"),
        Index(None, "state", "lease_until"),
        Index(None, "conversation_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    platform: Mapped[str]
    identity: Mapped[str]
    asker: Mapped[str]
    text: Mapped[str]
    reply_to: Mapped[dict[str, Any]]
    state: Mapped[QuestionState] = mapped_column(text_enum(QuestionState, "state"))
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    conversation: Mapped[Conversation] = relationship()


class Answer(Base):
    """What the asker was told, and everything that is needed to produce it again.

    ``entry_id`` names the approved answer that was given; it is no foreign key, since numbers of entries are never
    given again. ``grounds`` says what else it stands on, as it was then (see ``intake.questions.Grounds``).

    ``reply_identity`` is the platform's own name of the message that shows it. That of a person's answer begins
    with the platform and is unique: a second delivery of the same event finds it taken.
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
    entry_id: Mapped[int | None] = mapped_column(BigInteger)
    similarity: Mapped[float | None]
    grounds: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

    question: Mapped[Question] = relationship()


class Outbox(Base):
    """One reply that must reach the platform once; written in the same transaction as its answer.

    ``mark`` is random: numbers would begin anew with a new database, and a platform still remembers the old ones.
    """

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("question_id"), Index(None, "platform", "state", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    platform: Mapped[str]
    mark: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]
    state: Mapped[OutboxState] = mapped_column(text_enum(OutboxState, "state"))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class Feedback(Base):
    """One person's judgement of one answer; the last vote counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("answer_id", "voter"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("answer.id", ondelete="CASCADE"))
    voter: Mapped[str]
    vote: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[FeedbackReason | None] = mapped_column(text_enum(FeedbackReason, "reason"))
    correction: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Example(Base):
    """A candidate for training; only what a curator approved is ever trained on.

    Question and completions are redacted before they get here. ``origin`` names what the candidate was made of
    (``answer:7``, ``feedback:3``, ``import:<digest>``), so that collecting again finds it taken. ``person`` is who
    gave it, for the cap on rows from one person. ``sort_key`` brings near-duplicates next to each other;
    ``duplicate_of_id`` names the one that stands for this row.
    """

    __tablename__ = "example"
    __table_args__ = (
        UniqueConstraint("origin"),
        Index(None, "status", "split"),
        Index(None, "sort_key"),
        Index(None, "person"),
        # The number of an erased row is never given to another: `run_example` still means the erased one.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    origin: Mapped[str]
    source: Mapped[ExampleSource] = mapped_column(text_enum(ExampleSource, "source"))
    prompt: Mapped[str]
    completion: Mapped[str]
    rejected: Mapped[str | None]
    label: Mapped[ExampleLabel] = mapped_column(text_enum(ExampleLabel, "label"))
    votes: Mapped[int] = mapped_column(default=0)
    origin_answer_id: Mapped[int | None] = mapped_column(ForeignKey("answer.id", ondelete="SET NULL"))
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    conversation: Mapped[str]
    person: Mapped[str | None]
    split: Mapped[Split] = mapped_column(text_enum(Split, "split"))
    sort_key: Mapped[str]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("example.id", ondelete="SET NULL"))
    status: Mapped[ExampleStatus] = mapped_column(text_enum(ExampleStatus, "status"))
    curator: Mapped[str | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Entry(Base):
    """An approved answer: what the bot says, word for word, to whoever asks one of its wordings.

    ``answer_key`` is a digest of the answer that ignores blanks: rows with the same answer become wordings of one
    entry. ``workspace_id`` narrows it to one workspace. ``revision`` is that of the knowledge when the entry or
    one of its wordings last changed; a daemon reads what is newer than what it has. ``vector`` is that of the
    answer's text, see ``Wording``.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index(None, "answer_key"),
        Index(None, "revision"),
        # The number of an erased entry is never given to another: answers in the log and audits still name it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer: Mapped[str]
    answer_key: Mapped[str]
    source: Mapped[EntrySource] = mapped_column(text_enum(EntrySource, "source"))
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    state: Mapped[EntryState] = mapped_column(text_enum(EntryState, "state"))
    revision: Mapped[int] = mapped_column(BigInteger)
    encoder: Mapped[str | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]


class Wording(Base):
    """One way of asking for an approved answer, with its vector.

    ``workspace_id`` is the workspace whose log it came from; elsewhere it counts only if that workspace consented.
    ``vector`` holds the encoder's unit vector in fp16, ``encoder`` the digest of the encoder that made it.
    """

    __tablename__ = "wording"
    __table_args__ = (Index(None, "entry_id"), UniqueConstraint("example_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    example_id: Mapped[int | None] = mapped_column(ForeignKey("example.id", ondelete="CASCADE"))
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    text: Mapped[str]
    encoder: Mapped[str | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class ForeignQuestion(Base):
    """A question that a curator marked as none of ours: nothing should ever answer it."""

    __tablename__ = "foreign_question"
    __table_args__ = (UniqueConstraint("text"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str]
    marked_by: Mapped[str]
    marked_at: Mapped[datetime]


class KnowledgeState(Base):
    """The one row that says how far the knowledge has come, and how sure an answer must be.

    Whoever changes knowledge raises ``revision`` first, which also makes writers wait for one another.
    ``calibration`` holds the threshold with its figures.
    """

    __tablename__ = "knowledge_state"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)
    calibration: Mapped[dict[str, Any] | None]


class ModelVersion(Base):
    """What the registry knows of a version, for joining with answers and training rows."""

    __tablename__ = "model_version"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    base: Mapped[str | None]
    digest: Mapped[str]
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str]
    created_at: Mapped[datetime]


class TrainingRun(Base):
    """One fine-tuning run: its arguments, its data and how the loss went."""

    __tablename__ = "training_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id", ondelete="SET NULL"))
    arguments: Mapped[dict[str, Any]]
    dataset_fingerprint: Mapped[str]
    loss_history: Mapped[list[Any]] = mapped_column(default=list)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RunExample(Base):
    """Which rows trained which run.

    ``example_id`` is no foreign key: when an example is erased, its number stays here, and with it the knowledge
    which versions were trained on what is gone.
    """

    __tablename__ = "run_example"
    __table_args__ = (Index(None, "example_id"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("training_run.id", ondelete="CASCADE"), primary_key=True)
    example_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class Audit(Base):
    """Who did what to what."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
