"""Starting, stopping and seeing trials as operators do: what is refused, what is audited, what is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db.models import Audit
from supportbot.db.session import Database
from supportbot.db.states import TrialOutcome, TrialState
from supportbot.errors import ConfigError, ModelError
from supportbot.models.registry import Registry
from supportbot.models.versions import Versions
from supportbot.trials.rule import Rule
from supportbot.trials.trials import Trials
from tests.grounds import add_entry
from tests.supportbot.cli.curating import supportbot
from tests.supportbot.trials.records import Log
from tests.versions import install_version


class House:
    """A home with the live version `v1` and a candidate `v2`."""

    def __init__(self, database: Database, home: Path, model: Path) -> None:
        self.database, self.home, self.model = database, home, model
        self.registry = Registry(home / "models")
        for name in ("v1", "v2"):
            install_version(self.registry, model, name)
        self.registry.activate("v1")

    def trials(self, **settings: object) -> Trials:
        """Return what operators ask, in a daemon of these settings."""
        return Trials(Settings.model_validate({"home": self.home, **settings}), self.database)


@pytest.fixture
def house(database: Database, tiny_model: Path, tmp_path: Path) -> House:
    """A home with two versions."""
    return House(database, tmp_path / "home", tiny_model)


async def test_a_trial_is_started_seen_and_stopped(house: House) -> None:
    """Each step is in the audit with its person; the candidate stays as long as the trial runs."""
    trials = house.trials()
    assert await trials.view() is None
    assert (await trials.choices()).candidates == ("v2",)
    trial = await trials.start("v2", Rule(share=30), "ann")
    with pytest.raises(ModelError, match="A trial is already running"):
        await trials.start("v2", Rule(), "bob")
    versions = Versions(Settings(home=house.home), house.database, lambda: "v1")
    with pytest.raises(ModelError, match="'v2' is on trial"):
        await versions.retire("v2", "bob")
    view = await trials.view()
    assert view is not None
    assert (view.trial.live, view.trial.rule.share, view.low, view.high) == ("v1", 30, -1.0, 1.0)
    assert view.candidate.good is view.candidate.settled is None
    with pytest.raises(ModelError, match="This trial is no longer running"):
        await trials.stop("bob", trial.trial_id + 1)
    stopped = await trials.stop("bob", trial.trial_id)
    assert (stopped.state, stopped.outcome, stopped.ended_by) == (TrialState.STOPPED, TrialOutcome.BY_HAND, "bob")
    with pytest.raises(ModelError, match="This trial is no longer running"):
        await trials.stop("bob")
    await versions.retire("v2", "bob")
    async with house.database.read() as session:
        deeds = (await session.execute(select(Audit.actor, Audit.action).order_by(Audit.id))).all()
    assert [tuple(one) for one in deeds] == [
        *(("ann", "model.trial_start"), ("bob", "model.trial_end"), ("bob", "model.retire"))
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_can_not_be_compared_is_refused(house: House) -> None:
    """One sentence says why; nothing is written."""
    trials = house.trials()
    nan = {"transformer.ln_f.weight": torch.full((32,), float("nan"), dtype=torch.float16)}
    install_version(house.registry, house.model, "broken", weights=nan)
    install_version(house.registry, house.model, "starter-2")
    refused = {
        "broken": "'broken' is damaged",
        "starter-2": "The starter is a demo",
        "v1": "'v1' is live",
        "v9": "No version 'v9' is installed",
    }
    for candidate, why in refused.items():
        with pytest.raises(ModelError, match=why):
            await trials.start(candidate, Rule(), "ann")
    with pytest.raises(ConfigError, match="share"):
        await trials.start("v2", Rule(share=90), "ann")
    with pytest.raises(ConfigError, match="needs the name"):
        await trials.start("v2", Rule(), " ")
    with pytest.raises(ModelError, match="SUPPORTBOT_MODEL sets"):
        await house.trials(model="v1").start("v2", Rule(), "ann")
    await add_entry(house.database, "We rent helmets.")
    with pytest.raises(ModelError, match="was not trained on this bot's data"):
        await trials.start("v2", Rule(), "ann")
    async with house.database.read() as session:
        assert await session.scalar(select(Audit.id)) is None
    await house.trials(answer_mode="generate_only").start("v2", Rule(), "ann")


async def test_figures_stay_as_they_were_decided(database: Database, tmp_path: Path) -> None:
    """Both arms with their rates; what people do after the end changes nothing."""
    log = await Log.open(database)
    await log.judge(candidate=True, good=3, bad=1)
    await log.judge(candidate=False, good=1, bad=1)
    trials = Trials(Settings(home=tmp_path), database)
    await trials.stop("ann")
    await log.judge(candidate=True, good=0, bad=5)
    view = await trials.view()
    assert view is not None
    assert (view.candidate.arm.judged.good, view.candidate.arm.judged.bad) == (3, 1)
    assert view.candidate.good is not None
    assert view.candidate.good[0] == 0.75
    assert [point.judgements for point in view.points] == [1, 2, 3, 4, 5, 6]
    assert (view.points[-1].low, view.points[-1].high) == (view.low, view.high)


async def test_command_line(house: House) -> None:
    """Started, shown and stopped in a terminal, in words and as JSON; a mistake is one sentence."""
    home = str(house.home)

    async def run(*arguments: str, status: int = 0) -> str:
        ended = await supportbot(house.database, "models", "trial", *arguments, SUPPORTBOT_HOME=home)
        assert ended.status == status, ended.errors
        assert "Traceback" not in ended.errors
        return ended.errors if status else ended.output

    assert "There was no trial yet" in await run("show")
    assert "whole number from 1 to 50" in await run("start", "v2", "--share", "80", status=2)
    told = await run("start", "v2", "--share", "30", "--days", "7", "--promote", "--by", "ann")
    assert "30 % of conversations on v2, against v1." in told
    shown = json.loads(await run("show", "--json"))
    assert (shown["state"], shown["share"], shown["most_days"], shown["promotes"]) == ("running", 30, 7, True)
    assert shown["difference"] == {"low": -1.0, "high": 1.0}
    assert shown["candidate"]["rates"]["good"] is None
    assert json.loads(await run("stop", "--by", "ann", "--json"))["candidate"] == "v2"
    text = await run("show")
    assert "by hand" in text
    assert "-100.0 to +100.0 points" in text
    assert "This trial is no longer running" in await run("stop", status=2)
