"""What operators let a process of its own do: train, evaluate and publish."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import JobKind, JobState


class Job(Base):
    """A job; of those on a database, one at a time is running.

    ``folder`` is the name of the folder with its output, and ``run`` that of the run that it makes or is about.
    ``process_started`` is when its process began, in seconds since 1970: another one with the same ``pid``
    began at another time. ``progress`` is a share, ``version`` the one that it published.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        Index(None, "run"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[JobKind] = mapped_column(text_enum(JobKind, "kind"))
    state: Mapped[JobState] = mapped_column(text_enum(JobState, "state"))
    choices: Mapped[dict[str, Any]] = mapped_column(default=dict)
    folder: Mapped[str]
    run: Mapped[str]
    started_by: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    process_started: Mapped[float]
    progress: Mapped[float | None]
    started_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    version: Mapped[str | None]
