"""Going live with evidence, coming back in seconds, and knowing afterwards who decided and what was trained on."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import torch
from sqlalchemy import select, text, update

from supportbot.config import Settings
from supportbot.db.audit import AuditEntry, recent
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.errors import ConfigError, ModelError
from supportbot.models.loading import make_engine
from supportbot.models.publishing import Publishing
from supportbot.models.registry import Registry
from tests.supportbot.knowledge.publishing import approve
from tests.tiny_model import build_tokenizer
from tests.versions import beside_answers, better_than, install_version


def decides(database: Database, registry: Registry, **settings: str) -> Publishing:
    """Return what decides, with a daemon of these settings."""
    return Publishing(database, registry, partial(make_engine, Settings.model_validate(settings)))


async def audit(database: Database) -> list[AuditEntry]:
    """Return the audit, the oldest first."""
    return (await recent(database, 100))[::-1]


async def statuses(database: Database) -> dict[str, str]:
    """Return what the database says of each version."""
    async with database.read() as session:
        return {row.name: row.status for row in await session.scalars(select(ModelVersion))}


async def test_better_candidate_goes_live(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """A sound candidate that measured better than the live version replaces it, and the audit says who did it."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    switch = await publishing.promote("v1", "ann")
    assert (switch.previous, switch.version, registry.active()) == ("base", "v1", "v1")
    assert await statuses(database) == {"base": "candidate", "v1": "active"}
    [entry] = await audit(database)
    assert (entry.actor, entry.action, entry.subject) == ("ann", "model.promote", "model:v1")
    assert entry.details["from"] == "base"
    assert entry.details["forced"] is None
    assert entry.details["evaluation"]["better"] is True


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        (None, "was not evaluated.*--against base"),
        (better_than("base", better=False), "did not measure better than 'base'.*no more right"),
        ({**better_than("base"), "better": None}, "did not measure better"),
        (better_than("older"), "compared with 'older', but 'base' is live now"),
    ],
)
async def test_candidate_without_evidence_needs_a_reason(
    publishing: Publishing,
    registry: Registry,
    database: Database,
    tiny_model: Path,
    evaluation: dict[str, object] | None,
    sentence: str,
) -> None:
    """Not measured, not better, or measured against another version: refused, unless somebody says why."""
    install_version(registry, tiny_model, "v1", evaluation=evaluation)
    with pytest.raises(ModelError, match=sentence):
        await publishing.promote("v1", "ann")
    with pytest.raises(ConfigError, match="needs a reason"):
        await publishing.promote("v1", "ann", " ")
    assert registry.active() == "base"
    assert await audit(database) == []
    await publishing.promote("v1", "ann", "the old one is rude")
    assert registry.active() == "v1"
    assert (await audit(database))[0].details["forced"] == "the old one is rude"


NONE_MORE = (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        (better_than("base"), "not measured with your approved answers.*training.evaluate.*--force"),
        (beside_answers(NONE_MORE, NONE_MORE, asked=0), "couldn't be measured.*Approve more wordings.*--force"),
        (
            beside_answers((0.2, 0.09, 0.36), (0.175, 0.02, 0.175)),
            r"20\.0% of 40 questions are answered wrongly, significantly more than now \(\+17\.5 points",
        ),
        (
            beside_answers((0.1, 0.028, 0.24), (0.05, -0.03, 0.05)),
            r"10\.0% of 40 .*more than now .*above SUPPORTBOT_WRONG_RATE \(2\.0%\)",
        ),
        ({**better_than("base"), "answerer": {"asked": 40}}, "lacks the number of wrong answers"),
    ],
)
async def test_candidate_must_not_add_wrong_answers_to_the_approved_ones(
    publishing: Publishing,
    registry: Registry,
    database: Database,
    tiny_model: Path,
    evaluation: dict[str, object],
    sentence: str,
) -> None:
    """Where answers are approved, a better model shows no more wrong ones beside them, or there is a reason."""
    await approve(database, {"We open at six.": ["When do you open?"]})
    install_version(registry, tiny_model, "v1", evaluation=evaluation)
    with pytest.raises(ModelError, match=sentence):
        await publishing.promote("v1", "ann")
    assert registry.active() == "base"
    await publishing.promote("v1", "ann", "the old one is rude")
    assert registry.active() == "v1"


@pytest.mark.parametrize(
    "evaluation",
    [
        beside_answers((0.025, 0.0006, 0.13), (0.025, -0.024, 0.025)),
        beside_answers((0.25, 0.13, 0.41), NONE_MORE),
        beside_answers((0.0, 0.0, 0.09), (-0.025, -0.025, 0.024)),
    ],
    ids=["one wrong row, as chance has it", "as wrong as without it", "less wrong"],
)
async def test_candidate_that_adds_no_wrong_answers_goes_live(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path, evaluation: dict[str, object]
) -> None:
    """A candidate is not blamed for what chance explains, or for what is wrong without it, too."""
    await approve(database, {"We open at six.": ["When do you open?"]})
    install_version(registry, tiny_model, "v1", evaluation=evaluation)
    await publishing.promote("v1", "ann")
    assert registry.active() == "v1"


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        (
            {**better_than("base"), "candidate": {"right": 0.0}, "against": {"version": "base", "right": 0.0}},
            "answers 0.0% of the held-out rows right. A version below half",
        ),
        (
            {
                **better_than("base", better=False),
                "forgot": True,
                "verdict": "Forgot: of 40 approved rows it answers 2 right instead of 40; train it on them, too.",
            },
            "lost what 'base' was trained on.*a reason with --force.*Forgot: of 40 approved rows.*on them, too\\.",
        ),
    ],
)
async def test_candidate_that_knows_too_little_or_forgot_needs_a_reason(
    publishing: Publishing,
    registry: Registry,
    database: Database,
    tiny_model: Path,
    evaluation: dict[str, object],
    sentence: str,
) -> None:
    """What is wrong more often than right, by an older rule "better", or forgot goes live for a reason only."""
    install_version(registry, tiny_model, "v1", evaluation=evaluation)
    with pytest.raises(ModelError, match=sentence):
        await publishing.promote("v1", "ann")
    assert (registry.active(), await audit(database)) == ("base", [])
    await publishing.promote("v1", "ann", "a trial")
    assert registry.active() == "v1"


@pytest.mark.parametrize("damage", ["nan", "missing", "vocabulary", "digest"])
async def test_damaged_candidate_never_goes_live(
    publishing: Publishing, registry: Registry, tiny_model: Path, tmp_path: Path, damage: str
) -> None:
    """Values that are no numbers, missing tensors, a foreign tokenizer or a changed file are not to be forced."""
    evaluation = better_than("base")
    norm = "transformer.ln_f.weight"
    if damage == "nan":
        weights = {norm: torch.full((32,), float("nan"), dtype=torch.float16)}
        install_version(registry, tiny_model, "v1", evaluation=evaluation, weights=weights)
    elif damage == "missing":
        install_version(registry, tiny_model, "v1", evaluation=evaluation, without=norm)
    elif damage == "vocabulary":
        foreign = shutil.copytree(tiny_model, tmp_path / "foreign")
        tokenizer = build_tokenizer(400)
        tokenizer.add_tokens([f"<new-{number}>" for number in range(500)])
        tokenizer.save_pretrained(foreign)
        install_version(registry, foreign, "v1", evaluation=evaluation)
    else:
        install_version(registry, tiny_model, "v1", evaluation=evaluation)
        (tmp_path / "models" / "v1" / "config.json").write_text("{}")
    wanted = {
        "nan": "not numbers",
        "missing": r"the tensor 'transformer\.ln_f\.weight' is missing",
        "vocabulary": "do not belong together",
        "digest": r"config\.json' is missing or was changed",
    }
    for reason in (None, "I insist"):
        with pytest.raises(ModelError, match=wanted[damage]):
            await publishing.promote("v1", "ann", reason)
    assert registry.active() == "base"


async def test_candidate_must_be_sound_in_the_daemons_precision(
    registry: Registry, database: Database, tiny_model: Path
) -> None:
    """What overflows in fp16 is refused for a daemon that computes in fp16, and welcome to one in fp32."""
    huge = {"transformer.ln_f.weight": torch.full((32,), 60_000.0, dtype=torch.float16)}
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"), weights=huge)
    with pytest.raises(ModelError, match="overflow"):
        await decides(database, registry, precision="fp16").promote("v1", "ann")
    assert registry.active() == "base"
    await decides(database, registry, precision="fp32").promote("v1", "ann")
    assert registry.active() == "v1"


async def test_nobody_decides_nothing(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """Without the name of who decides nothing is switched or deleted."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    with pytest.raises(ConfigError, match="needs the name"):
        await publishing.promote("v1", " ")
    with pytest.raises(ConfigError, match="needs the name"):
        await publishing.retire("v1", " ")
    registry.activate("v1")
    with pytest.raises(ConfigError, match="needs the name"):
        await publishing.rollback(" ")
    assert (registry.versions(), registry.active()) == (["base", "v1"], "v1")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_row_follows_files_that_were_changed_by_hand(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path, tmp_path: Path
) -> None:
    """A row never keeps the digest of files that are gone; the audit says which it was."""
    old = install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    await publishing.versions()
    shutil.rmtree(tmp_path / "models" / "v1")
    weights = {"transformer.ln_f.weight": torch.full((32,), 2.0, dtype=torch.float16)}
    new = install_version(registry, tiny_model, "v1", training={"base_model": "gpt2"}, weights=weights)
    report = await publishing.show("v1")
    assert (report.digest, report.base) == (new.digest, "gpt2")
    await publishing.versions()
    [entry] = await audit(database)
    assert (entry.action, entry.subject) == ("model.reconcile", "model:v1")
    assert entry.details == {"recorded_digest": old.digest, "digest": new.digest}


async def test_rollback_is_quick_and_audited(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """The version that was live before is live again within seconds, and the audit says who wanted it."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    await publishing.promote("v1", "ann")
    began = time.monotonic()
    switch = await publishing.rollback("bob")
    assert time.monotonic() - began < 5
    assert (switch.previous, switch.version, switch.unrecorded) == ("v1", "base", None)
    assert registry.active() == "base"
    assert await statuses(database) == {"base": "active", "v1": "candidate"}
    last = (await audit(database))[-1]
    assert (last.actor, last.action, last.details) == ("bob", "model.rollback", {"from": "v1"})
    with pytest.raises(ModelError, match="no earlier version"):
        await publishing.rollback("bob")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_rollback_waits_for_no_lock(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """While somebody locks PostgreSQL's rows the rollback takes under 5 s; for SQLite see the command's test."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    await publishing.promote("v1", "ann")
    async with database.write() as session:
        await session.execute(text("LOCK TABLE model_version IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        switch = await publishing.rollback("bob")
        assert time.monotonic() - began < 5
        assert (registry.active(), bool(switch.unrecorded)) == ("base", True)
    await publishing.versions()
    assert await statuses(database) == {"base": "active", "v1": "candidate"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_rollback_works_without_the_database(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path, tmp_path: Path
) -> None:
    """When the database is gone the rollback happens all the same and says so; later the statuses are fixed."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    await publishing.promote("v1", "ann")
    absent = Database(f"sqlite+aiosqlite:///{tmp_path / 'absent.db'}")
    switch = await decides(absent, registry).rollback("bob")
    assert registry.active() == "base"
    assert "couldn't record" in (switch.unrecorded or "")
    assert not (tmp_path / "absent.db").exists()
    unreachable = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    registry.activate("v1")
    assert (await decides(unreachable, registry).rollback("bob")).unrecorded
    assert registry.active() == "base"
    await unreachable.aclose()
    await publishing.versions()
    assert await statuses(database) == {"base": "active", "v1": "candidate"}
    last = (await audit(database))[-1]
    assert (last.action, last.details) == ("model.reconcile", {"recorded": "v1", "live": "base"})


async def test_switch_that_fails_leaves_no_wrong_status(
    publishing: Publishing,
    registry: Registry,
    database: Database,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If the home's file can't be switched, nothing is; where it was recorded before, the record is corrected."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))

    def full(version: str, *, instead_of: str | None = None) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry, "activate", full)
    with pytest.raises(OSError, match="No space"):
        await publishing.promote("v1", "ann")
    assert registry.active() == "base"
    assert await statuses(database) == {"base": "active", "v1": "candidate"}
    recorded = ["model.promote", "model.reconcile"] if database.is_sqlite else []
    assert [entry.action for entry in await audit(database)] == recorded


async def test_live_and_unknown_versions_are_not_promoted(publishing: Publishing) -> None:
    """The live version is already live, and what is not installed can't go live."""
    with pytest.raises(ModelError, match="already live"):
        await publishing.promote("base", "ann", "again")
    with pytest.raises(ModelError, match="No version 'v9'"):
        await publishing.promote("v9", "ann", "why not")


async def test_retired_version_is_known_but_gone(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """Retiring deletes the files, keeps the row, is audited, and spares the live version."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    with pytest.raises(ModelError, match="is live"):
        await publishing.retire("base", "ann")
    await publishing.retire("v1", "ann")
    assert registry.versions() == ["base"]
    assert await statuses(database) == {"base": "active", "v1": "retired"}
    assert (await audit(database))[-1].action == "model.retire"
    assert (await publishing.show("v1")).summary.status == "retired"
    with pytest.raises(ModelError, match="No version 'v1'"):
        await publishing.retire("v1", "ann")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_list_names_what_was_done_by_hand(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path, tmp_path: Path
) -> None:
    """Versions that were installed, deleted or damaged behind the back are shown as they are."""
    install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    install_version(registry, tiny_model, "v2")
    assert {line.version: str(line.status) for line in await publishing.versions()} == {
        "base": "active",
        "v1": "candidate",
        "v2": "candidate",
    }
    registry.activate("v1")
    shutil.rmtree(tmp_path / "models" / "v2")
    (tmp_path / "models" / "base" / "manifest.json").write_text("{")
    lines = {line.version: line for line in await publishing.versions()}
    assert {name: str(line.status) for name, line in lines.items()} == {
        "base": "candidate",
        "v1": "active",
        "v2": "retired",
    }
    assert lines["base"].is_previous
    assert "damaged" in (lines["base"].problem or "")
    assert lines["v1"].verdict is not None
    assert lines["v1"].verdict.better


async def test_row_of_a_publication_is_kept(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """A row that `training.publish` wrote keeps its content; only its status follows the registry."""
    manifest = install_version(registry, tiny_model, "v1", evaluation=better_than("base"))
    async with database.write() as session:
        session.add(
            ModelVersion(
                name="v1",
                base="gpt2",
                digest=manifest.digest,
                metrics={"loss": 1.0},
                status="candidate",
                created_at=datetime.now(UTC),
            )
        )
    await publishing.promote("v1", "ann")
    report = await publishing.show("v1")
    assert (report.base, dict(report.metrics), str(report.summary.status)) == ("gpt2", {"loss": 1.0}, "active")
    async with database.write() as session:
        await session.execute(update(ModelVersion).values(status="candidate"))
    await publishing.versions()
    assert (await statuses(database))["v1"] == "active"
    json.dumps((await audit(database))[0].details)
