"""What a model may learn, what learned it, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import (
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
    Split,
)


class Example(Base):
    """A candidate for training; only what a curator approved is ever trained on.

    Question and completions are redacted before they get here. ``origin`` names what the candidate was made of
    (``answer:7``, ``feedback:3``, ``import:<digest>``), so that collecting again finds it taken. ``person`` is who
    gave it, and ``author`` the digest of who wrote its answer where the bot was not sure (``answer.author``): for
    the cap on rows from one person, and for erasing. ``sort_key`` brings near-duplicates next to each other;
    ``duplicate_of_id`` names the one that stands for this row: of rows that train, and of corrections that wait.

    ``weight`` says how much a decision teaches (``feedback.review.order``). While a curator looks at a row that
    waits, ``lease_owner`` names their page, and nobody else is shown it until ``lease_until``, by the database's
    clock. ``put_by`` is the curator who put the row there, where the log alone would not have.
    """

    __tablename__ = "example"
    __table_args__ = (
        UniqueConstraint("origin"),
        Index(None, "status", "split"),
        Index(None, "sort_key"),
        Index(None, "person"),
        Index(None, "author"),
        # Of all rows, few wait; each is found by its place in the queue.
        Index(
            "ix_example_waiting",
            "weight",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_example_leased",
            "lease_owner",
            sqlite_where=text("lease_owner IS NOT NULL"),
            postgresql_where=text("lease_owner IS NOT NULL"),
        ),
        Index(None, "duplicate_of_id"),
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
    author: Mapped[str | None]
    split: Mapped[Split] = mapped_column(text_enum(Split, "split"))
    sort_key: Mapped[str]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("example.id", ondelete="SET NULL"))
    status: Mapped[ExampleStatus] = mapped_column(text_enum(ExampleStatus, "status"))
    curator: Mapped[str | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    weight: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    put_by: Mapped[str | None]


class ExampleDecision(Base):
    """A decision on an example that can be undone: what the row was before.

    ``deed`` is shared by the rows that were decided on together; it is the smallest ``audit_id`` of them, and
    ``audit_id`` the number of the row's own line in the audit. Texts are those from before, None where they were
    left alone; with ``completion``, ``rejected`` is from before as well. ``decided_at`` is that of the decision:
    the example has it until somebody decides again. ``foreign_id`` is the foreign question that was marked.
    """

    __tablename__ = "example_decision"
    __table_args__ = (Index(None, "example_id"), Index(None, "deed"), Index(None, "decided_at"))

    audit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    deed: Mapped[int] = mapped_column(BigInteger)
    example_id: Mapped[int] = mapped_column(ForeignKey("example.id", ondelete="CASCADE"))
    status: Mapped[ExampleStatus] = mapped_column(text_enum(ExampleStatus, "status"))
    label: Mapped[ExampleLabel] = mapped_column(text_enum(ExampleLabel, "label"))
    prompt: Mapped[str | None]
    completion: Mapped[str | None]
    rejected: Mapped[str | None]
    curator: Mapped[str | None]
    decided_before: Mapped[datetime | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    foreign_id: Mapped[int | None] = mapped_column(BigInteger)


class ModelVersion(Base):
    """What the registry knows of a version, for joining with answers and training rows.

    On PostgreSQL, which machines share, these rows say what is live: the one that is ``active``. ``turn`` counts
    the versions as they went live, so the greatest one below that of the live version is where a rollback leads;
    None for one that never was live, or was taken back. ``stored_manifest`` is the sha256 of its manifest in the
    store that machines share, and ``stored_bytes`` how much its files hold there; None while it is not there.
    """

    __tablename__ = "model_version"
    __table_args__ = (Index(None, "turn", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    base: Mapped[str | None]
    digest: Mapped[str]
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str]
    created_at: Mapped[datetime]
    turn: Mapped[int | None]
    stored_manifest: Mapped[str | None]
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)


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
