"""Looking at jobs: each look brings the record up to date. A job whose process is gone is recorded as ended,
failed, cancelled or lost, as its folder says. So nothing has to run for that, and no daemon needs to have started
the job. A daemon of another machine that has no such folder can't tell; it says where the job runs.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select, update

from supportbot.db.models import Job
from supportbot.db.session import Database
from supportbot.db.states import JobKind, JobState
from supportbot.jobs import process
from supportbot.jobs.folder import Progress, ProgressFile, end_of, sentence_of, tail_of

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=30)
"""After a cancelled job was asked to end it has so long; a step of a large model takes seconds."""

_NOTED_SHARE = 0.01
"""Progress that is worth a row: a hundred at most in a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job, as of now.

    Attributes:
        id: its number.
        kind: what it does.
        state: how far it has come.
        choices: what whoever started it chose.
        run: the name of the run that it makes or is about.
        started_by: the operator.
        started_at: when.
        ended_at: likewise; None while it runs.
        host: the machine on which it runs or ran.
        is_here: whether this daemon can see its folder.
        is_cancelling: whether it was told to end, and has not yet.
        folder: the name of the one with its output.
        share: how much of its phase is done; None where nobody knows.
        version: what it published.
        sentence: what it said was wrong; "" for nothing that is meant for people.
    """

    id: int
    kind: JobKind
    state: JobState
    choices: Mapping[str, Any]
    run: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    host: str
    is_here: bool
    folder: str
    is_cancelling: bool
    share: float | None
    version: str | None
    sentence: str


class Looking:
    """The jobs of a database, as this machine sees them.

    Args:
        home: in which their folders are.
        database: where they are recorded.
        patience: how long one may take to end.

    Attributes:
        host: the name of this machine.
    """

    def __init__(self, home: Path, database: Database, patience: timedelta = PATIENCE) -> None:
        self.host = socket.gethostname()
        self._home = home.absolute()
        self._database = database
        self._patience = patience
        self._files: dict[str, ProgressFile] = {}

    def folder(self, name: str) -> Path:
        """Return the folder with the output of a job."""
        return self._home / "jobs" / name

    def run_folder(self, run: str) -> Path:
        """Return the folder of a run."""
        return self._home / "runs" / run

    def is_ours(self, row: Job) -> bool:
        """Return whether a job runs on this machine."""
        return row.host == self.host

    async def running(self) -> JobView | None:
        """Return the job that runs; None for none."""
        async with self._database.read() as session:
            row = await session.scalar(select(Job).where(Job.state == JobState.RUNNING))
        if row is None:
            return None
        row = await self._refreshed(row)
        return await self.view(row) if row.state is JobState.RUNNING else None

    async def running_row(self, job_id: int) -> Job | None:
        """Return the record of a job if it runs."""
        async with self._database.read() as session:
            row = await session.get(Job, job_id)
        if row is not None and row.state is JobState.RUNNING:
            row = await self._refreshed(row)
        return row if row is not None and row.state is JobState.RUNNING else None

    async def progress(self, job: JobView) -> Progress:
        """Return how far a job is."""
        return await asyncio.to_thread(self._file(job.folder).read)

    async def tail(self, job: JobView) -> str:
        """Return the last lines of a job's output."""
        return await asyncio.to_thread(tail_of, self.folder(job.folder))

    def forget(self, name: str) -> None:
        """Forget what was read of a job."""
        self._files.pop(name, None)

    async def view(self, row: Job) -> JobView:
        """Return what is shown of a record."""
        folder = self.folder(row.folder)
        is_failed = row.state is JobState.FAILED
        return JobView(
            id=row.id,
            kind=row.kind,
            state=row.state,
            choices=row.choices,
            run=row.run,
            started_by=row.started_by,
            started_at=row.started_at,
            ended_at=row.ended_at,
            host=row.host,
            is_here=self.is_ours(row) or folder.is_dir(),
            folder=row.folder,
            is_cancelling=row.state is JobState.RUNNING and row.cancelled_at is not None,
            share=row.progress,
            version=row.version,
            sentence=await asyncio.to_thread(sentence_of, folder, row.exit_code) if is_failed else "",
        )

    async def _refreshed(self, row: Job) -> Job:
        """Bring the record of a running job up to date, and return it."""
        folder = self.folder(row.folder)
        if not folder.is_dir() and (not self.is_ours(row) or process.is_that(row.pid, row.process_started)):
            return row  # of another machine, or of another home on this one
        if await asyncio.to_thread(process.is_alive, folder):
            overdue = row.cancelled_at is not None and datetime.now(UTC) - row.cancelled_at > self._patience
            if overdue and self.is_ours(row):
                await asyncio.to_thread(process.send, row.pid, row.process_started, signal.SIGKILL)
            values: dict[str, Any] = await self._advanced(row)
        else:
            values = await asyncio.to_thread(_ended, row, folder)
        if values:
            async with self._database.write() as session:
                of_it = update(Job).where(Job.id == row.id, Job.state == JobState.RUNNING)
                noted = await session.execute(of_it.values(**values))
                row = await session.get_one(Job, row.id, populate_existing=True)
            if "state" in values and noted.rowcount:  # type: ignore[attr-defined]
                log.info("job.ended", job=row.id, kind=row.kind, state=row.state)
        return row

    async def _advanced(self, row: Job) -> dict[str, Any]:
        """Return the progress of a job, if it is worth a row."""
        share = (await asyncio.to_thread(self._file(row.folder).read)).share
        if share is None or abs(share - (row.progress or 0.0)) < _NOTED_SHARE:
            return {}
        return {"progress": share}

    def _file(self, name: str) -> ProgressFile:
        return self._files.setdefault(name, ProgressFile(self.folder(name)))


def _ended(row: Job, folder: Path) -> dict[str, Any]:
    """Return what to record of a job whose process is gone; blocks."""
    end = end_of(folder)
    if end is None:
        state = JobState.CANCELLED if row.cancelled_at is not None else JobState.LOST
        return {"state": state, "ended_at": datetime.now(UTC)}
    if end.exit_code == 0:
        published = row.choices.get("version")
        return {"state": JobState.ENDED, "ended_at": end.at, "exit_code": 0, "progress": 1.0, "version": published}
    state = JobState.CANCELLED if row.cancelled_at is not None else JobState.FAILED
    return {"state": state, "ended_at": end.at, "exit_code": end.exit_code}
