"""The daemon's part: the candidate stands beside the live model while a trial runs, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.db.models import ModelTrial, ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import TrialOutcome
from supportbot.engine.smoke import smoke
from supportbot.models.registry import Registry
from supportbot.models.store import Store
from supportbot.models.supply import Supply
from supportbot.trials import following
from supportbot.trials.following import Following
from supportbot.trials.store import end, running_row
from tests.supportbot.models.test_reloader import SHORT, Loads, describe, is_closed
from tests.supportbot.trials.records import Log
from tests.versions import install_version


class Bot:
    """A daemon whose live version is `v1`, and a trial of `v2`."""

    def __init__(self, log: Log, registry: Registry, loads: Loads) -> None:
        self.log, self.registry, self.loads = log, registry, loads
        self.generator = Generator(LiveModel(loads(registry.resolve("v1")), None), sampling=SHORT)
        supply = Supply(log.database, registry, None)
        self.following = Following(log.database, registry, self.generator, loads, smoke, describe, supply)

    async def answers(self, *, candidate: bool) -> str | None:
        """Return which version answers in a conversation of an arm."""
        conversation = await self.log.conversation(candidate=candidate)
        reply = await self.generator.answer("Where?", time.monotonic() + 60, conversation=conversation)
        return reply.model_version

    async def stop_trial(self) -> None:
        """Stop the trial as a person does."""
        async with self.log.database.write() as session:
            row = await running_row(session, locked=True)
            assert row is not None
            await end(session, row, TrialOutcome.BY_HAND, "ann")


@pytest.fixture
async def bot(database: Database, tiny_model: Path, tmp_path: Path) -> AsyncIterator[Bot]:
    """A daemon on real files; everything is closed at the end."""
    registry = Registry(tmp_path / "models")
    for name in ("v1", "v2"):
        install_version(registry, tiny_model, name)
    registry.activate("v1")
    loads = Loads()
    log = await Log.open(database)
    async with database.write() as session:  # what is recorded is what is installed
        for row in await session.scalars(select(ModelVersion)):
            row.digest = registry.manifest(row.name).digest
    yield Bot(log, registry, loads)
    for engine in loads.engines:
        await engine.aclose()


async def test_both_arms_answer_until_the_trial_stops(bot: Bot) -> None:
    """Each conversation by its arm's version; after the stop all by the live one, and the candidate is closed."""
    assert await bot.answers(candidate=True) == "v1"  # not loaded yet
    await bot.following.follow()
    await bot.following.follow()
    assert bot.loads.versions == ["v1", "v2"]
    assert [await bot.answers(candidate=arm) for arm in (True, False)] == ["v2", "v1"]
    reply = await bot.generator.answer("Where?", time.monotonic() + 60)
    assert reply.model_version == "v1"  # an operator's try belongs to no conversation
    await bot.stop_trial()
    with capture_logs() as lines:
        await bot.following.follow()
        await bot.following.follow()
    assert [line["event"] for line in lines] == ["trial.left"]
    assert await bot.answers(candidate=True) == "v1"
    running = asyncio.create_task(bot.following.run())
    running.cancel()  # a daemon that ends waits for what it closes
    await asyncio.gather(running, return_exceptions=True)
    assert await is_closed(bot.loads.engines[1])
    assert not await is_closed(bot.loads.engines[0])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_loop_follows_by_itself(bot: Bot) -> None:
    """A start and a stop are noticed, and at the end of the daemon nothing is left open."""
    running = asyncio.create_task(bot.following.run())
    try:
        async with asyncio.timeout(30):
            while await bot.answers(candidate=True) != "v2":
                pass
        await bot.stop_trial()
        async with asyncio.timeout(30):
            while await bot.answers(candidate=True) != "v1":
                pass
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert await is_closed(bot.loads.engines[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", ["digest", "missing", "defect"])
async def test_a_candidate_that_fails_is_one_line(bot: Bot, tmp_path: Path, damage: str) -> None:
    """The live model answers both arms, and the candidate is not tried again in this trial."""
    if damage == "digest":
        (tmp_path / "models" / "v2" / "config.json").write_text("{}")
    elif damage == "missing":
        shutil.rmtree(tmp_path / "models" / "v2")
    else:

        def fail() -> None:
            raise RuntimeError("a defect of a library")

        bot.loads.meanwhile = fail
    with capture_logs() as lines:
        await bot.following.follow()
        await bot.following.follow()
    [line] = [line for line in lines if line["event"].startswith("trial.")]
    assert (line["event"], line["candidate"], line["log_level"]) == ("trial.candidate_failed", "v2", "error")
    assert [await bot.answers(candidate=arm) for arm in (True, False)] == ["v1", "v1"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_candidate_of_another_machine(bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The live model answers both arms until the candidate can be fetched; that is said once, and tried again."""
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.0)
    (tmp_path / "store").mkdir()
    store = Store(str(tmp_path / "store"))
    shutil.copytree(tmp_path / "models", tmp_path / "there")
    shutil.rmtree(tmp_path / "models" / "v2")
    database = bot.log.database
    there = Supply(database, Registry(tmp_path / "there"), store)
    here = Supply(database, bot.registry, store)
    bot.following = Following(database, bot.registry, bot.generator, bot.loads, smoke, describe, here)
    with capture_logs() as lines:
        await bot.following.follow()
        await bot.following.follow()
    [line] = [line for line in lines if line["event"].startswith("trial.")]
    assert line["event"] == "trial.candidate_missing"
    assert "nor in SUPPORTBOT_MODEL_STORE" in line["error"]
    assert [await bot.answers(candidate=arm) for arm in (True, False)] == ["v1", "v1"]
    await there.put("v2")
    await bot.following.follow()
    assert [await bot.answers(candidate=arm) for arm in (True, False)] == ["v2", "v1"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_another_live_model_has_no_candidate_beside_it(bot: Bot, tiny_model: Path) -> None:
    """Where another version answers than the trial compares with, everybody gets that one."""
    await bot.following.follow()
    install_version(bot.registry, tiny_model, "v3")
    old = bot.generator.replace_model(LiveModel(bot.loads(bot.registry.resolve("v3")), None))
    await old.end()
    assert await bot.answers(candidate=True) == "v3"
    await bot.stop_trial()
    await bot.following.follow()
    async with bot.log.database.write() as session:
        row = await session.get_one(ModelTrial, bot.log.trial.trial_id)
        session.add(
            ModelTrial(
                live="v1",
                candidate="v2",
                share=50,
                alpha=0.05,
                most_conversations=100,
                most_days=1,
                state="running",
                started_by="ann",
                started_at=row.started_at,
            )
        )
    await bot.following.follow()
    assert bot.loads.versions == ["v1", "v2", "v3"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_trial_that_stops_while_its_candidate_loads(bot: Bot) -> None:
    """What was loaded then never answers, and is closed."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    async def stop() -> None:
        await bot.stop_trial()
        stopped.set()

    bot.loads.meanwhile = lambda: asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
    await bot.following.follow()
    assert stopped.is_set()
    assert await bot.answers(candidate=True) == "v1"
    assert await is_closed(bot.loads.engines[1])
