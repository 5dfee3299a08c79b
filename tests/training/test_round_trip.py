"""Exported rows that are imported again, here and elsewhere, on SQLite and PostgreSQL: consent goes with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from supportbot.db.models import Wording, Workspace
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, Split
from supportbot.errors import ConfigError
from supportbot.feedback.consent import allow
from supportbot.feedback.curation.imports import Imported, ImportFileError, import_rows
from supportbot.feedback.curation.permitted import NO_CONSENT, TAKEN_BACK
from supportbot.feedback.curation.store import approved_answers
from supportbot.intake.people import direct_messages_of
from supportbot.knowledge.store import consenting_workspaces
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example, stored
from training.curate import select_examples
from training.export import FileFormat, Kind, Which, export_rows
from training.finetune.sources import open_file

BOTH = frozenset(ExampleLabel)
TRAIN = {"split": Split.TRAIN}


@pytest.fixture
async def other(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Another installation, with nothing in it."""
    database = Database(f"sqlite+aiosqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'other.db')}")
    yield database
    await database.aclose()


async def add_rows(database: Database) -> list[int]:
    """Add a row of a workspace that consents, a correction of another person there, and one of a file."""
    place = await add_workspace(database, "slack", consents=True, name="T1")
    return await add_examples(
        database,
        example("Where is it?", "In Leeds.", workspace_id=place, person="slack:T1:UALICE", **TRAIN),
        example(
            "And the other?",
            "Here.",
            rejected="Nowhere.",
            source=ExampleSource.CORRECTION,
            workspace_id=place,
            person="slack:T1:UBOB",
            **TRAIN,
        ),
        example("Do you ship?", "We do.", **TRAIN),
    )


async def exported(
    database: Database, path: Path, kind: Kind = Kind.SFT, file_format: FileFormat = FileFormat.JSONL
) -> Path:
    """Export all rows that count."""
    await export_rows(database, path, file_format=file_format, kind=kind, which=Which.ALL)
    return path


async def bring(database: Database, path: Path) -> Imported:
    """Import a file, approved at once."""
    return await import_rows(database, path, approved_by="Ana")


@pytest.mark.parametrize("file_format", FileFormat)
@pytest.mark.parametrize("kind", Kind)
async def test_a_row_that_is_here_is_known_again(
    database: Database, tmp_path: Path, kind: Kind, file_format: FileFormat
) -> None:
    """Whatever kind of file it was, and though a curator changed a row since, nothing is doubled or changed."""
    ids = await add_rows(database)
    path = await exported(database, tmp_path / f"rows.{file_format}", kind, file_format)
    async with database.write() as session:
        for row in await stored(database):
            (await session.merge(row)).completion = "Changed since."
    imported = await bring(database, path)
    lines = {Kind.SFT: 3, Kind.KTO: 4, Kind.DPO: 1}[kind]
    assert (imported.here, imported.gone, imported.foreign, imported.new) == (lines, 0, 0, 0)
    assert [(row.id, row.completion) for row in await stored(database)] == [(id_, "Changed since.") for id_ in ids]


async def test_a_withdrawn_consent_stays_withdrawn(database: Database, tmp_path: Path) -> None:
    """What was exported while it was allowed is not trained on, nor told to a model, when it comes back."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl", Kind.KTO)
    await allow(database, "slack", "T1", "ada", allow=False)
    assert (await bring(database, path)).new == 0
    selection = await select_examples(database, labels=BOTH)
    assert (selection.taken, selection.left_out) == (1, {"no consent": 2})
    assert await approved_answers(database) == ["We do."]


async def surveyed(path: Path, database: Database | None) -> tuple[int, dict[str, int]]:
    """Return how many rows of a file training would take, and why it leaves out others."""
    found = await (await open_file(path, BOTH, database)).survey()
    return found.taken, dict(found.left_out)


async def test_a_file_is_trained_on_as_far_as_its_workspaces_allow(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """Without a detour through the database, consent and erasure hold as they do there."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl", Kind.KTO)
    assert await surveyed(path, database) == (4, {})
    for stranger in (other, None):
        assert await surveyed(path, stranger) == (1, {NO_CONSENT: 3})
    await allow(other, "slack", "T1", "ada", allow=True)
    assert await surveyed(path, other) == (4, {})
    await Privacy(database, tmp_path / "home").erase(
        Person(platform="slack", user="UALICE"), "ada", wait_seconds=0
    )
    assert await surveyed(path, database) == (3, {TAKEN_BACK: 1})
    await allow(database, "slack", "T1", "ada", allow=False)
    assert await surveyed(path, database) == (1, {TAKEN_BACK: 1, NO_CONSENT: 2})


async def test_an_origin_that_was_changed_is_refused(database: Database, tmp_path: Path) -> None:
    """What no export wrote cannot say whose row it is."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl")
    path.write_text(path.read_text("utf-8").replace(":slack:T1:", ":slack:T1::"), "utf-8")
    with pytest.raises(ConfigError, match=r"Line 1 of .* export the rows again"):
        await open_file(path, BOTH, database)


async def test_who_was_erased_does_not_come_back(database: Database, other: Database, tmp_path: Path) -> None:
    """Not from the file, and not from another installation that imported it; others' rows are still known."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl")
    await bring(other, path)
    await allow(other, "slack", "T1", "ada", allow=True)
    roundabout = await exported(other, tmp_path / "roundabout.jsonl")
    await Privacy(database, tmp_path / "home").erase(
        Person(platform="slack", user="UALICE"), "ada", wait_seconds=0
    )
    for file in (path, roundabout):
        imported = await bring(database, file)
        assert (imported.here, imported.gone, imported.new) == (2, 1, 0)
    assert [row.prompt for row in await stored(database)] == ["And the other?", "Do you ship?"]


async def test_another_installation_asks_the_workspace(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """Rows of a log are trained on and said elsewhere once their workspace consents there; a file's at once."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl", Kind.KTO)
    imported = await bring(other, path)
    assert (imported.here, imported.gone, imported.foreign, imported.new) == (0, 0, 3, 4)
    assert (await bring(other, path)).new == 0
    selection = await select_examples(other, labels=BOTH)
    assert (selection.taken + selection.held_out, selection.left_out) == (1, {"no consent": 3})
    async with other.read() as session:
        heard = dict(iter(await session.execute(select(Wording.text, Wording.workspace_id))))
        assert heard["Do you ship?"] is None
        assert heard["Where is it?"] not in await consenting_workspaces(session)
    await allow(other, "slack", "T1", "ada", allow=True)
    selection = await select_examples(other, labels=BOTH)
    assert (selection.taken + selection.held_out, selection.left_out) == (4, {})
    async with other.read() as session:
        assert heard["Where is it?"] in await consenting_workspaces(session)


async def test_another_machines_own_page_is_no_page_of_here(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """What counts by itself where it was asked needs consent elsewhere, and that can be given."""
    local = await add_workspace(database, "web", consents=False, name="local")
    alone = await add_workspace(database, "discord", consents=True, name=direct_messages_of("discord", "4177198"))
    await add_examples(
        database,
        example("Is it open?", "It is.", workspace_id=local, person="web:1", **TRAIN),
        example("Is it mine?", "It is yours.", workspace_id=alone, person="discord:4177198", **TRAIN),
    )
    path = await exported(database, tmp_path / "rows.jsonl")
    assert "4177198" not in path.read_text()
    await bring(other, path)
    assert (await select_examples(other)).left_out == {"no consent": 2}
    async with other.read() as session:
        places = dict(iter(await session.execute(select(Workspace.platform, Workspace.external_id))))
    assert places["discord"] == direct_messages_of("discord", "4177198")
    assert places["web"].startswith("local@")
    await allow(other, "web", places["web"], "ada", allow=True)
    assert (await select_examples(other)).left_out == {"no consent": 1}
    erased = await Privacy(other, tmp_path / "home").erase(
        Person(platform="discord", user="4177198"), "ada", wait_seconds=0
    )
    assert erased.counts["training rows"] == 1


async def test_a_row_of_another_backup_is_none_of_ours(database: Database, tmp_path: Path) -> None:
    """A number that a restored database gave anew means another row: the exported one counts as gone."""
    [number, *_] = await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl")
    async with database.write() as session:
        rows = {row.id: row for row in await stored(database)}
        await session.delete(await session.merge(rows[number]))
    await add_examples(database, example("Something else?", "Yes.", id=number, **TRAIN))
    imported = await bring(database, path)
    assert (imported.here, imported.gone, imported.new) == (2, 1, 0)


async def test_an_origin_that_was_changed_or_taken_out_is_refused(database: Database, tmp_path: Path) -> None:
    """Half an origin, or none, stops the file with the number of the line; somebody's own column is no origin."""
    await add_rows(database)
    path = await exported(database, tmp_path / "rows.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["origin"] = lines[1]["origin"][:-1]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ImportFileError, match="line 2 has an origin that is not as `supportbot export` wrote it"):
        await bring(database, path)
    del lines[1]["origin"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ImportFileError, match="line 2 comes from a log, but does not say which"):
        await bring(database, path)
    path.write_text(json.dumps({"question": "Who?", "answer": "We.", "origin": "Leeds"}))
    assert (await bring(database, path)).new == 1
