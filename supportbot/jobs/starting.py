"""Starting a job: its process, its record and its line in the audit, all of them or none.

The process is started first and waits, so that the record has its number; it begins when the record is committed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import Job
from supportbot.db.session import Database
from supportbot.db.states import JobKind, JobState
from supportbot.errors import JobError
from supportbot.extras import Extra, require
from supportbot.jobs import process
from supportbot.jobs.commands import Arguments, Lesson
from supportbot.jobs.environment import environment
from supportbot.jobs.looking import JobView, Looking
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

_KEPT = 60
"""Jobs whose output is kept, the newest; models stay."""

_NAME = "%Y%m%d-%H%M%S-%f"

_ONE_AT_A_TIME = N_("A job is already running on this database. Wait until it ends, or cancel it.")
_NO_ROOM = N_("The job couldn't be started ({reason}). Check that this machine has enough memory and disk space.")


class Starting:
    """Starts jobs.

    Args:
        settings: of this process; a job has the same.
        database: where jobs are recorded.
        modules: what each kind runs.
        looking: looks at them.
    """

    def __init__(
        self, settings: Settings, database: Database, modules: Mapping[JobKind, str], looking: Looking
    ) -> None:
        self._settings = settings
        self._database = database
        self._modules = modules
        self._looking = looking
        self._one = asyncio.Lock()

    async def start(
        self,
        kind: JobKind,
        run: str,
        lesson: Lesson,
        by: str,
        arguments: Arguments,
        version: str | None = None,
    ) -> JobView:
        """Start one.

        Args:
            kind: what it does.
            run: the run that it makes or is about.
            lesson: what was chosen for the run.
            by: who starts it, for the audit.
            arguments: of the command.
            version: what it publishes.

        Raises:
            JobError: another one is running, or the machine has no room for it.
            ConfigError: the name of who starts it is empty.
            MissingExtraError: what trains is not installed.
        """
        require(Extra.TRAIN)
        audit.check_actor(by)
        async with self._one:
            if await self._looking.running() is not None:
                raise JobError(_ONE_AT_A_TIME)
            name = new_name()
            folder = self._looking.folder(name)
            variables = environment(self._settings, os.environ)
            start = partial(process.start, folder, self._modules[kind], arguments(folder), variables)
            try:
                held = await asyncio.to_thread(start)
            except OSError as error:
                raise JobError(Sentence(_NO_ROOM, reason=error.strerror or type(error).__name__)) from error
            row = Job(
                kind=kind,
                state=JobState.RUNNING,
                choices={"recipe": lesson.recipe, "base": lesson.base} | ({"version": version} if version else {}),
                folder=name,
                run=run,
                started_by=by,
                host=self._looking.host,
                pid=held.pid,
                process_started=held.began,
                started_at=datetime.now(UTC),
            )
            try:
                async with self._database.write() as session:
                    session.add(row)
                    await session.flush()
                    audit.record(session, actor=by, action=f"job.{kind}", subject=f"run:{run}", details=told(row))
            except BaseException as error:
                await asyncio.to_thread(held.drop)
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
                if isinstance(error, IntegrityError):  # another daemon was a moment earlier
                    raise JobError(_ONE_AT_A_TIME) from None
                raise
            held.go()
        log.info("job.started", job=row.id, kind=kind, run=run)
        await asyncio.to_thread(self._tidy)
        return await self._looking.view(row)

    def _tidy(self) -> None:
        """Delete the output of jobs before the latest; their names begin with their day and time."""
        folders = sorted(path for path in self._looking.folder("").iterdir() if path.is_dir())
        for path in folders[:-_KEPT]:
            self._looking.forget(path.name)
            shutil.rmtree(path, ignore_errors=True)


def told(row: Job) -> dict[str, Any]:
    """Return what the audit says of a job."""
    return {"job": row.id, "kind": row.kind, **row.choices}


def new_name() -> str:
    """Return a name that sorts by the time of today."""
    return datetime.now(UTC).strftime(_NAME)
