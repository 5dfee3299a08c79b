"""Jobs as real processes: they outlive who started them, end as they are told, and are noted as they ended."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select, update

from supportbot.config import Settings
from supportbot.config.loading import env_name, load_settings
from supportbot.db.models import Audit, Job
from supportbot.db.session import Database
from supportbot.db.states import JobKind, JobState
from supportbot.errors import JobError, ModelError
from supportbot.jobs import commands, process
from supportbot.jobs.commands import Lesson, Recipe
from supportbot.jobs.environment import TOLD, environment
from supportbot.jobs.folder import LOG
from supportbot.jobs.jobs import Jobs
from supportbot.jobs.looking import JobView, Looking
from tests.program import ROOT

FAQ = Lesson(recipe=Recipe.FAQ)
MODULES = dict.fromkeys(JobKind, "tests.supportbot.jobs.command")
SECONDS = 120.0
"""Patience with a machine that does other work: a process that imports a little takes tenths of a second."""


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a secret, in an environment with others; processes find the code of this checkout."""
    chosen = Settings(home=tmp_path / "home", database_url=database_url, encoder="none", wrong_rate=0.1)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SOME_TOKEN"):
        monkeypatch.setenv(name, "secret")
    (tmp_path / ".env").write_text("DISCORD_TOKEN=secret\nSUPPORTBOT_SLACK_HTTP=true\n")
    return chosen


@pytest.fixture
async def jobs(settings: Settings, database: Database) -> AsyncIterator[Jobs]:
    """Jobs whose processes do as a file says; none is left behind."""
    jobs = Jobs(settings, database, modules=MODULES)
    yield jobs
    await jobs.aclose()
    async with database.read() as session:
        for row in await session.scalars(select(Job).where(Job.state == JobState.RUNNING)):
            process.send(row.pid, row.process_started, signal.SIGKILL)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true that nobody announces."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.05)


async def begun(jobs: Jobs, job: JobView) -> None:
    """Wait until a command runs."""

    async def is_begun() -> bool:
        return (await jobs.progress(job)).done == 3 and "Learning" in await jobs.tail(job)

    await until(is_begun)


async def ended(jobs: Jobs, job: JobView) -> JobView:
    """Wait until a job has ended, and return it as it is then."""

    async def is_ended() -> bool:
        return await jobs.running() is None

    await until(is_ended)
    view = await jobs.run(job.run)
    assert view is not None
    return next(one for one in view.jobs if one.id == job.id)


def tell(settings: Settings, job: JobView, deed: str) -> None:
    """Tell a command what to do."""
    path = settings.home / "runs" / f"{job.run}.do"
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".new").write_text(deed)
    path.with_suffix(".new").replace(path)


async def test_a_job_outlives_who_started_it(jobs: Jobs, settings: Settings, database: Database) -> None:
    """Another daemon shows its progress and its end; it has no token, yields, and its output is its owner's."""
    job = await jobs.train(FAQ, "Ana")
    assert (job.state, job.started_by, job.kind) == (JobState.RUNNING, "Ana", JobKind.TRAIN)
    await begun(jobs, job)
    await jobs.aclose()

    other = Jobs(settings, database, modules=MODULES)
    seen = await other.running()
    assert seen is not None
    assert (seen.id, seen.share) == (job.id, 0.75)
    progress = await other.progress(seen)
    assert (progress.phase, progress.done, progress.total) == ("train", 3, 4)
    assert [point.training for point in progress.losses] == [3.0, 1.5, 1.0]
    assert await other.tail(seen) == "Learning []"
    async with database.read() as session:
        row = await session.get_one(Job, job.id)
    child = psutil.Process(row.pid)
    assert child.nice() == 10
    assert os.getsid(row.pid) == row.pid
    folder = settings.home / "jobs" / row.folder
    assert stat.S_IMODE((folder / LOG).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    tell(settings, job, "end")
    done = await ended(other, job)
    assert (done.state, done.share) == (JobState.ENDED, 1.0)
    run = await other.run(job.run)
    assert run is not None
    assert (run.folder.is_finished, run.folder.rows, run.folder.final_loss) == (True, 40, 1.0)
    assert [one.id for one in await other.runs()] == [job.id]
    async with database.read() as session:
        [line] = await session.scalars(select(Audit))
    assert (line.actor, line.action, line.subject) == ("Ana", "job.train", f"run:{job.run}")
    assert line.details["recipe"] == "faq"


async def test_one_job_at_a_time(jobs: Jobs, settings: Settings, database: Database) -> None:
    """A second one is refused by the daemon, and by the database where another daemon was a moment earlier."""
    other = Jobs(settings, database, modules=MODULES)
    tried = await asyncio.gather(*(one.train(FAQ, "Ana") for one in (jobs, other)), return_exceptions=True)
    [job] = [one for one in tried if isinstance(one, JobView)]
    [refused] = [one for one in tried if isinstance(one, JobError)]
    assert "already running" in str(refused)
    with pytest.raises(JobError, match="already running"):
        await jobs.train(FAQ, "Ana")
    assert [path.name for path in (settings.home / "jobs").iterdir()] == [job.folder]
    tell(settings, job, "end")
    assert (await ended(jobs, job)).state is JobState.ENDED


async def test_a_failure_is_told_in_the_sentence_of_the_command(jobs: Jobs, settings: Settings) -> None:
    """What a person can fix is shown; a defect is in the output, and shown as none."""
    job = await jobs.train(FAQ, "Ana")
    tell(settings, job, "fail")
    failed = await ended(jobs, job)
    assert (failed.state, failed.sentence) == (
        JobState.FAILED,
        "The database has no row to train on: approve some.",
    )
    with pytest.raises(JobError, match="no finished model"):
        await jobs.evaluate(job.run, "Ana")
    with pytest.raises(JobError, match="no checkpoint"):
        await jobs.resume(job.run, "Ana")

    job = await jobs.train(FAQ, "Ana")
    tell(settings, job, "crash")
    failed = await ended(jobs, job)
    assert (failed.state, failed.sentence) == (JobState.FAILED, "")
    assert "ZeroDivisionError" in await jobs.tail(failed)


async def test_a_cancelled_job_ends(jobs: Jobs, settings: Settings, database: Database) -> None:
    """It is asked to end, and says so; one that does not end is killed, and both count as cancelled."""
    job = await jobs.train(FAQ, "Ana")
    await begun(jobs, job)
    await jobs.cancel(job.id, "Bob")
    assert (await ended(jobs, job)).state is JobState.CANCELLED
    assert "Interrupted" in await jobs.tail(job)
    with pytest.raises(JobError, match="no longer running"):
        await jobs.cancel(job.id, "Bob")

    impatient = Looking(settings.home, database, patience=timedelta(0))
    jobs = Jobs(settings, database, modules=MODULES, looking=impatient)
    job = await jobs.train(FAQ, "Ana")
    tell(settings, job, "stay")
    await begun(jobs, job)
    await jobs.cancel(job.id, "Bob")
    assert (await ended(jobs, job)).state is JobState.CANCELLED
    assert "Interrupted" not in await jobs.tail(job)
    await jobs.aclose()
    async with database.read() as session:
        found = await session.execute(select(Audit.actor, Audit.action).order_by(Audit.id))
        assert [tuple(row) for row in found] == [("Ana", "job.train"), ("Bob", "job.cancel")] * 2


async def test_a_job_that_was_killed_is_noted_as_lost(jobs: Jobs, settings: Settings, database: Database) -> None:
    """So is one of before the machine restarted, and the process that has its number now is left alone."""
    job = await jobs.train(FAQ, "Ana")
    await begun(jobs, job)
    async with database.read() as session:
        row = await session.get_one(Job, job.id)
    folder = settings.home / "jobs" / row.folder
    folder.rename(settings.home / "away")  # as a daemon with another home sees it
    assert await jobs.running() is not None
    (settings.home / "away").rename(folder)
    assert process.send(row.pid, row.process_started - 60, signal.SIGKILL) is False
    assert psutil.pid_exists(row.pid)
    assert process.send(row.pid, row.process_started, signal.SIGKILL) is True
    assert (await ended(jobs, job)).state is JobState.LOST

    async with database.write() as session:
        of_us = psutil.Process().pid
        await session.execute(update(Job).values(state=JobState.RUNNING, pid=of_us, ended_at=None))
    assert await jobs.running() is None
    with pytest.raises(JobError, match="no longer running"):
        await jobs.cancel(job.id, "Ana")


async def test_a_job_of_another_machine_is_cancelled_there(
    jobs: Jobs, settings: Settings, database: Database
) -> None:
    """Where its folder is not here, nobody here can tell; an admin may note that it will not come back."""
    job = await jobs.train(FAQ, "Ana")
    with pytest.raises(JobError, match="runs on this machine"):
        await jobs.give_up(job.id, "Ana")
    tell(settings, job, "end")
    await ended(jobs, job)
    async with database.write() as session:
        away = {"state": JobState.RUNNING, "host": "elsewhere", "folder": "away", "ended_at": None}
        await session.execute(update(Job).values(**away))
    seen = await jobs.running()
    assert seen is not None
    assert (seen.is_here, seen.host) == (False, "elsewhere")
    with pytest.raises(JobError, match="runs on elsewhere"):
        await jobs.cancel(job.id, "Ana")
    await jobs.give_up(job.id, "Ana")
    assert await jobs.running() is None


async def test_what_is_published_is_noted(jobs: Jobs, settings: Settings) -> None:
    """A run is evaluated and published by jobs of its own; a bad name is refused before anything is started."""
    job = await jobs.train(FAQ, "Ana")
    tell(settings, job, "end")
    await ended(jobs, job)
    with pytest.raises(ModelError, match="name"):
        await jobs.publish(job.run, "../v2", "Ana")
    for started in (await jobs.evaluate(job.run, "Ana"), None):
        one = started or await jobs.publish(job.run, "v2", "Ana")
        assert (await ended(jobs, one)).state is JobState.ENDED
    run = await jobs.run(job.run)
    assert run is not None
    assert [one.kind for one in run.jobs] == [JobKind.PUBLISH, JobKind.EVALUATE, JobKind.TRAIN]
    assert run.version == "v2"
    with pytest.raises(JobError, match="not an installed version"):
        await jobs.train(Lesson(recipe=Recipe.DOCUMENTED, base="../../elsewhere"), "Ana")


def test_commands_are_those_of_the_documents(tmp_path: Path) -> None:
    """Each kind runs what somebody at a terminal would type."""
    run, folder = tmp_path / "run", tmp_path / "job"
    progress = f"--progress={folder / 'progress.jsonl'}"
    assert commands.train(FAQ, run, folder) == ["--from-db", "--recipe=faq", f"--output-dir={run}", progress]
    documented = Lesson(recipe=Recipe.DOCUMENTED, base="v1")
    assert commands.train(documented, run, folder, resume=True) == [
        *("--from-db", "--base-model=v1", "--resume", f"--output-dir={run}", progress)
    ]
    assert commands.evaluate(run, folder) == [f"--candidate={run}", "--against=active", progress]
    assert commands.publish(run, "v2", "Ana", folder, is_evaluated=False) == [
        *(f"--candidate={run}", "--version=v2", "--by=Ana", "--without-evaluation")
    ]


def test_a_process_has_the_same_settings_and_no_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads what the daemon has, whatever a file beside it says; no token is in its environment or settings."""
    variables = environment(settings, os.environ)
    assert "secret" not in " ".join(variables.values())
    for name in list(os.environ):
        if name not in variables:
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    read = load_settings()
    assert read.secrets() == [] or settings.database_url
    assert not read.slack_http
    assert read.discord_token is None
    for name in TOLD:
        assert getattr(read, name) == getattr(settings, name), name
    remote = Settings(home=settings.home, engine="remote", remote_urls="http://127.0.0.1:8000/v1")
    assert environment(remote, {})["SUPPORTBOT_ENGINE"] == "auto"


NO_BUSINESS = (
    "slack_",
    "discord_",
    "oidc_",
    "web_",
    "console",
    "backup_",
    "remote_",
    "log_",
    "person_",
    "channel_",
)


def test_somebody_has_decided_on_every_setting() -> None:
    """A setting is told to a job, or it is none of its business: a new one fails until that is said."""
    others = {"name", "admins", "streaming", "busy_seconds", "question_minutes", "retention_days"}
    others |= {"workspace_at_once", "workspace_a_minute"}
    others |= {"model_store"}  # the daemon puts there what a job publishes; its credentials are no job's business
    undecided = {
        name for name in Settings.model_fields if name not in TOLD | others and not name.startswith(NO_BUSINESS)
    }
    assert undecided == set(), sorted(map(env_name, undecided))
