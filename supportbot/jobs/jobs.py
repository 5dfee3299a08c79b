"""The jobs of operators: started, looked at and cancelled; one at a time on a database."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select, update

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import Job
from supportbot.db.session import Database
from supportbot.db.states import JobKind, JobState
from supportbot.errors import JobError
from supportbot.jobs import commands, process
from supportbot.jobs.commands import Lesson, Recipe
from supportbot.jobs.folder import Progress
from supportbot.jobs.looking import JobView, Looking
from supportbot.jobs.runs import RunFolder, is_evaluated, read_run
from supportbot.jobs.starting import Starting, new_name, told
from supportbot.jobs.survey import Survey, survey
from supportbot.models.registry import Registry
from supportbot.words import N_, Sentence

RUNS = 20
"""Runs that are shown, the newest."""

_LOOK_SECONDS = 0.5

_NOT_FINISHED = N_("The run '{run}' has no finished model. Train it first.")
_UNKNOWN_BASE = N_("'{base}' is not an installed version. Choose another base.")
_NO_LONGER = N_("This job is no longer running.")
_ELSEWHERE = N_("This job runs on {host}. Cancel it in the console there.")
_NOT_ELSEWHERE = N_("This job runs on this machine. Cancel it, and its end is recorded automatically.")
_NOTHING_TO_RESUME = N_("The run '{run}' has no checkpoint to resume from. Train again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run with its jobs.

    Attributes:
        name: of the run.
        lesson: what was chosen for it.
        jobs: the newest first.
        folder: what its folder tells.
        version: the version that was made of it last; None for none.
    """

    name: str
    lesson: Lesson
    jobs: tuple[JobView, ...]
    folder: RunFolder
    version: str | None

    @property
    def has_newer_evaluation(self) -> bool:
        """Whether it was evaluated after it was published."""
        done = [job.kind for job in self.jobs if job.state is JobState.ENDED and job.kind is not JobKind.TRAIN]
        return self.version is not None and done[:1] == [JobKind.EVALUATE]


class Jobs:
    """The jobs, for people who start them.

    Args:
        settings: of this process; a job has the same.
        database: where jobs are recorded.
        modules: what each kind runs.
        looking: looks at them.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        modules: Mapping[JobKind, str] = commands.MODULES,
        looking: Looking | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._looking = looking or Looking(settings.home, database)
        self._registry = Registry(settings.models_dir)
        self._starting = Starting(settings, database, modules, self._looking)
        self._endings: set[asyncio.Task[None]] = set()

    async def survey(self) -> Survey:
        """Return what a training would learn now; takes seconds.

        Raises:
            JobError: it can't be counted.
        """
        return await survey(self._settings)

    def bases(self) -> tuple[str, ...]:
        """Return what the documented run may start from, the documented base first."""
        return (commands.DOCUMENTED_BASE, *self._registry.versions())

    async def running(self) -> JobView | None:
        """Return the job that runs; None for none."""
        return await self._looking.running()

    async def runs(self) -> tuple[JobView, ...]:
        """Return the latest trainings, the newest first."""
        await self.running()
        query = select(Job).where(Job.kind == JobKind.TRAIN).order_by(Job.id.desc()).limit(RUNS)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        return tuple([await self._looking.view(row) for row in rows])

    async def run(self, name: str) -> RunView | None:
        """Return a run with its jobs; None for one that no job made."""
        await self.running()
        async with self._database.read() as session:
            rows = list(await session.scalars(select(Job).where(Job.run == name).order_by(Job.id.desc())))
        if not rows:
            return None
        views = tuple([await self._looking.view(row) for row in rows])
        published = next((one.version for one in views if one.version is not None), None)
        chosen = views[-1].choices
        return RunView(
            name=name,
            lesson=Lesson(recipe=Recipe(chosen["recipe"]), base=chosen["base"]),
            jobs=views,
            folder=await asyncio.to_thread(read_run, self._looking.run_folder(name)),
            version=published,
        )

    async def progress(self, job: JobView) -> Progress:
        """Return how far a job is."""
        return await self._looking.progress(job)

    async def tail(self, job: JobView) -> str:
        """Return the last lines of a job's output."""
        return await self._looking.tail(job)

    async def train(self, lesson: Lesson, by: str) -> JobView:
        """Start a training on the approved rows.

        Args:
            lesson: what was chosen.
            by: who starts it, for the audit.

        Raises:
            JobError: it can't be started.
        """
        if lesson.recipe is Recipe.DOCUMENTED and lesson.base not in self.bases():
            raise JobError(Sentence(_UNKNOWN_BASE, base=lesson.base))
        run = new_name()
        arguments = partial(commands.train, lesson, self._looking.run_folder(run))
        return await self._starting.start(JobKind.TRAIN, run, lesson, by, arguments)

    async def resume(self, run: str, by: str) -> JobView:
        """Go on with a training that was cancelled or killed, from its newest checkpoint.

        Args:
            run: its name.
            by: as for ``train``.

        Raises:
            JobError: there is nothing to go on from, or it can't be started.
        """
        view = await self.run(run)
        if view is None or not view.folder.can_resume:
            raise JobError(Sentence(_NOTHING_TO_RESUME, run=run))
        arguments = partial(commands.train, view.lesson, self._looking.run_folder(run), resume=True)
        return await self._starting.start(JobKind.TRAIN, run, view.lesson, by, arguments)

    async def evaluate(self, run: str, by: str) -> JobView:
        """Start to compare a finished run with what is live.

        Args:
            run: its name.
            by: as for ``train``.

        Raises:
            JobError: it is not finished, or the evaluation can't be started.
        """
        lesson = (await self._finished(run)).lesson
        arguments = partial(commands.evaluate, self._looking.run_folder(run))
        return await self._starting.start(JobKind.EVALUATE, run, lesson, by, arguments)

    async def publish(self, run: str, version: str, by: str) -> JobView:
        """Start to make a version of a finished run.

        Args:
            run: its name.
            version: its name.
            by: as for ``train``.

        Raises:
            JobError: it is not finished, or the publication can't be started.
            ModelError: no version can have this name.
        """
        self._registry.directory(version)
        lesson, place = (await self._finished(run)).lesson, self._looking.run_folder(run)
        evaluated = await asyncio.to_thread(is_evaluated, place)
        arguments = partial(commands.publish, place, version, by, is_evaluated=evaluated)
        return await self._starting.start(JobKind.PUBLISH, run, lesson, by, arguments, version)

    async def cancel(self, job_id: int, by: str) -> None:
        """Tell a job to end; one that has not after a while is killed.

        Args:
            job_id: its number.
            by: as for ``train``.

        Raises:
            JobError: it does not run any more, or it runs on another machine.
        """
        row = await self._running_row(job_id)
        if not self._looking.is_ours(row):
            raise JobError(Sentence(_ELSEWHERE, host=row.host))
        async with self._database.write() as session:
            once = update(Job).where(Job.id == job_id, Job.cancelled_at.is_(None))
            await session.execute(once.values(cancelled_at=datetime.now(UTC)))
            audit.record(session, actor=by, action="job.cancel", subject=f"run:{row.run}", details=told(row))
        await asyncio.to_thread(process.send, row.pid, row.process_started, signal.SIGTERM)
        ending = asyncio.create_task(self._see_it_end(job_id))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def give_up(self, job_id: int, by: str) -> None:
        """Note as lost a job of another machine that will not come back.

        Args:
            job_id: its number.
            by: as for ``train``.

        Raises:
            JobError: it does not run any more, or it is one of this machine.
        """
        row = await self._running_row(job_id)
        if self._looking.is_ours(row) or self._looking.folder(row.folder).is_dir():
            raise JobError(_NOT_ELSEWHERE)
        async with self._database.write() as session:
            await session.execute(
                update(Job).where(Job.id == job_id).values(state=JobState.LOST, ended_at=datetime.now(UTC))
            )
            audit.record(session, actor=by, action="job.give_up", subject=f"run:{row.run}", details=told(row))

    async def aclose(self) -> None:
        """Look no more; jobs go on."""
        for ending in self._endings:
            ending.cancel()
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def _finished(self, run: str) -> RunView:
        view = await self.run(run)
        if view is None or not view.folder.is_finished:
            raise JobError(Sentence(_NOT_FINISHED, run=run))
        return view

    async def _running_row(self, job_id: int) -> Job:
        row = await self._looking.running_row(job_id)
        if row is None:
            raise JobError(_NO_LONGER)
        return row

    async def _see_it_end(self, job_id: int) -> None:
        """Look at a job that was cancelled until it has ended, so that its end does not wait for a page."""
        while (job := await self.running()) is not None and job.id == job_id:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(_LOOK_SECONDS)
