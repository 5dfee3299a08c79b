"""Versions as the console asks for them: pages, what was measured, who decided, and which switches are made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supportbot.config import Settings
from supportbot.db.models import ModelVersion, TrainingRun
from supportbot.db.session import Database
from supportbot.errors import ModelError
from supportbot.models.measured import Figure, LossPoint, losses_of
from supportbot.models.registry import Registry
from supportbot.models.versions import PAGE, Fixed, Versions
from tests.versions import better_than, install_version

EVALUATION = {
    **better_than("base"),
    "candidate": {"version": "v1", "right": 0.9, "loss": 1.5, "odd": "text", "yes": True},
    "against": {"version": "base", "right": 0.8},
}


class House:
    """A home with a live version `base`, and a daemon that answers with it.

    Args:
        database: of the bot.
        home: its folder.
        model: the files of each version.
    """

    def __init__(self, database: Database, home: Path, model: Path) -> None:
        self.database, self.home, self.model = database, home, model
        self.registry = Registry(home / "models")
        install_version(self.registry, model, "base")
        self.registry.activate("base")

    def versions(self, **settings: object) -> Versions:
        """Return what the console asks, in a daemon of these settings."""
        chosen = Settings.model_validate({"home": self.home, **settings})
        return Versions(chosen, self.database, lambda: "base")


@pytest.fixture
def house(database: Database, tiny_model: Path, tmp_path: Path) -> House:
    """A home with a live version."""
    return House(database, tmp_path, tiny_model)


async def test_what_is_known_of_a_version(house: House) -> None:
    """The figures of both, the loss of its run, and each decision with who took it and why."""
    install_version(house.registry, house.model, "v1", evaluation=EVALUATION, training={"examples": 7})
    versions = house.versions()
    await versions.standing()
    async with house.database.write() as session:
        row = await session.get_one(ModelVersion, 2)
        history: list[object] = [{"step": step, "loss": 2 - step / 1000} for step in range(1, 501)]
        history += [{"step": 500, "eval_loss": 1.6}, {"step": 510, "loss": None}, "odd"]
        session.add(
            TrainingRun(
                model_version_id=row.id,
                arguments={},
                dataset_fingerprint="f",
                loss_history=history,
                started_at=datetime.now(UTC),
            )
        )
    assert await versions.objection("v1") == ""
    switch = await versions.promote("v1", "ann")
    assert (switch.previous, switch.version) == ("base", "v1")
    view = await versions.version("v1")
    assert (view.live, view.rows, view.report.recipe["examples"]) == ("v1", 40, 7)
    assert view.figures == (
        Figure(name="loss", mine=1.5, theirs=None, difference=None),
        Figure(name="right", mine=0.9, theirs=0.8, difference=(0.1, 0.05, 0.15)),
    )
    assert len(view.losses) == 100
    assert view.losses[-1] == LossPoint(step=500, training=1.5, held_out=1.6)
    assert [(entry.actor, entry.action) for entry in view.deeds] == [("ann", "model.promote")]

    with pytest.raises(ModelError, match="'v1' went live meanwhile instead of 'base'"):
        await versions.rollback("bob", "base")
    await versions.rollback("bob", "v1")
    standing = await versions.standing()
    assert (standing.live, standing.previous) == ("base", None)
    assert standing.since is not None
    assert standing.since.actor == "bob"
    assert [entry.action for entry in standing.deeds] == ["model.rollback", "model.promote"]
    assert not standing.is_beginning


def test_a_short_run_keeps_all_its_points() -> None:
    """No point of a short curve is left out, and what was not measured is None."""
    history = [{"step": 1, "loss": 3.0}, {"step": 2, "eval_loss": 2.5}, {"step": 3, "loss": float("inf")}]
    assert losses_of(history) == (
        LossPoint(step=1, training=3.0, held_out=None),
        LossPoint(step=2, training=None, held_out=2.5),
    )


async def test_pages_follow_one_another(house: House) -> None:
    """All versions are on some page, the newest first, and none twice."""
    for number in range(PAGE + 5):
        install_version(house.registry, house.model, f"v{number}")
    versions = house.versions()
    first = await versions.standing()
    assert first.older is not None
    second = await versions.standing(first.older)
    names = [one.version for one in (*first.versions, *second.versions)]
    assert (len(first.versions), len(second.versions), len(set(names))) == (PAGE, 6, PAGE + 6)
    assert second.older is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_evidence_a_reason_is_needed(house: House) -> None:
    """What speaks against it is told before anything is loaded; the reason then stands in the audit."""
    install_version(house.registry, house.model, "v1")
    versions = house.versions()
    assert "was not evaluated" in await versions.objection("v1")
    with pytest.raises(ModelError, match="was not evaluated"):
        await versions.promote("v1", "ann")
    await versions.promote("v1", "ann", "a trial")
    [deed] = (await versions.version("v1")).deeds
    assert deed.details["forced"] == "a trial"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "fixed"),
    [
        ({"model": "base"}, Fixed.PINNED),
        ({"engine": "remote", "remote_urls": "http://127.0.0.1:9/v1", "remote_model": "m"}, Fixed.REMOTE),
    ],
)
async def test_nothing_is_switched_without_effect(house: House, settings: dict[str, object], fixed: Fixed) -> None:
    """Where the daemon would not follow, neither a promotion nor a rollback is made."""
    install_version(house.registry, house.model, "v1", evaluation=EVALUATION)
    versions = house.versions(**settings)
    assert versions.fixed is fixed
    with pytest.raises(ModelError, match="answers here"):
        await versions.objection("v1")
    with pytest.raises(ModelError, match="answers here"):
        await versions.promote("v1", "ann")
    with pytest.raises(ModelError, match="answers here"):
        await versions.rollback("ann", "base")
    assert house.registry.active() == "base"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_retiring_spares_what_answers(house: House) -> None:
    """Files go of a version that nobody needs; those of the one that answers, or is to, stay."""
    install_version(house.registry, house.model, "v1", evaluation=EVALUATION)
    install_version(house.registry, house.model, "v2")
    versions = house.versions()
    await versions.promote("v1", "ann")
    standing = await versions.standing()
    may = {one.version for one in standing.versions if versions.may_retire(one, standing.live)}
    assert may == {"v2"}
    with pytest.raises(ModelError, match="version is live"):
        await versions.retire("base", "ann")
    with pytest.raises(ModelError, match="is live"):
        await versions.retire("v1", "ann")
    await versions.retire("v2", "ann")
    assert house.registry.versions() == ["base", "v1"]
    view = await versions.version("v2")
    assert (view.report.summary.status, view.figures) == ("retired", ())
    assert not versions.may_retire(view.report.summary, view.live)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_damaged_version_is_shown_as_one(house: House) -> None:
    """A manifest that can't be read hides nothing else."""
    install_version(house.registry, house.model, "v1", evaluation=EVALUATION)
    versions = house.versions()
    await versions.standing()
    (house.home / "models" / "v1" / "manifest.json").write_text(json.dumps({"odd": 1}))
    view = await versions.version("v1")
    assert "is damaged" in (view.report.summary.problem or "")
    assert view.figures == ()
    assert {one.version for one in (await versions.standing()).versions} == {"base", "v1"}
