"""Several homes on one PostgreSQL: one version is live for all, and each comes to it by itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import fsspec
import pytest
import s3fs
import torch
from prometheus_client import REGISTRY
from sqlalchemy import select, text
from structlog.testing import capture_logs

from supportbot.config import Settings
from supportbot.db.audit import recent
from supportbot.db.models import ModelVersion
from supportbot.db.session import Database
from supportbot.errors import ModelError
from supportbot.models.bringing import Bringing
from supportbot.models.following import Following
from supportbot.models.loading import make_engine
from supportbot.models.publishing import Publishing
from supportbot.models.registry import MANIFEST, Registry
from supportbot.models.store import Store, Stored, StoreError
from supportbot.models.supply import Supply
from tests.locks import begun, nobody_commits
from tests.s3 import s3_server, use_s3
from tests.versions import WEIGHTS, better_than, install_version

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WHY = "a test"


class Home:
    """A machine: its versions, what decides there, and what follows."""

    def __init__(self, database: Database, folder: Path, store: Store | None) -> None:
        self.registry = Registry(folder / "models")
        self.supply = Supply(database, self.registry, store)
        load = partial(make_engine, Settings(precision="fp32", engine="transformers"))
        self.publishing = Publishing(database, self.registry, load, self.supply)
        self.bringing = Bringing(database, self.registry, self.supply)
        self.answering = "base"
        self.following = Following(
            database, self.registry, self.supply, self.bringing, lambda: self.answering, folder.name
        )

    async def comes_to(self, version: str) -> None:
        """Look again and again, as the daemon does, until the home is on a version."""
        async with asyncio.timeout(60):
            while self.registry.active() != version or self.bringing.problem:
                await self.following.follow()
                await asyncio.sleep(0.05)
        self.answering = version


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """A local S3."""
    with s3_server() as address:
        yield address


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where both machines find versions: a folder, or a bucket."""
    if getattr(request, "param", "folder") == "folder":
        (tmp_path / "store").mkdir()
        return str(tmp_path / "store")
    use_s3(monkeypatch, request.getfixturevalue("s3_address"))
    bucket = f"bucket-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(bucket)
    return f"s3://{bucket}/models"


@pytest.fixture
async def homes(
    database: Database, tiny_model: Path, tmp_path: Path, store_url: str
) -> AsyncIterator[tuple[Home, Home]]:
    """Two machines with `base`, which is live; the first one has `v1` as well."""
    both = Home(database, tmp_path / "a", Store(store_url)), Home(database, tmp_path / "b", Store(store_url))
    install_version(both[0].registry, tiny_model, "base")
    shutil.copytree(tmp_path / "a" / "models" / "base", tmp_path / "b" / "models" / "base")
    for home in both:
        home.registry.activate("base")
    install_version(both[0].registry, tiny_model, "v1", evaluation=better_than("base"), training={"run": 1})
    yield both
    for home in both:
        await home.bringing.aclose()


def left_behind(home: Home) -> list[str]:
    """Return what a download that failed may have left."""
    return sorted(path.name for path in home.registry.root.iterdir() if path.name.startswith(".fetched"))


@pytest.mark.parametrize("store_url", ["folder", "s3"], indirect=True)
async def test_promotion_and_rollback_reach_the_other_machine(homes: tuple[Home, Home]) -> None:
    """What is promoted on one machine is fetched and live on the other, with the same files; back likewise."""
    one, other = homes
    switch = await one.publishing.promote("v1", "ann")
    assert (switch.previous, switch.unreached, one.registry.active()) == ("base", None, "v1")
    await other.comes_to("v1")
    assert other.registry.manifest("v1") == one.registry.manifest("v1")
    assert (await other.publishing.ends()).previous == "base"

    back = await other.publishing.rollback("bob")
    assert (back.previous, back.version, back.unrecorded) == ("v1", "base", None)
    assert other.registry.active() == "base"
    await one.comes_to("base")
    assert one.registry.previous() is None  # as where it was typed
    with pytest.raises(ModelError, match="no earlier version"):
        await one.publishing.rollback("ann")


@pytest.mark.parametrize("store_url", ["folder", "s3"], indirect=True)
async def test_a_damaged_file_in_the_store_goes_live_nowhere_else(
    homes: tuple[Home, Home], store_url: str
) -> None:
    """A file that was changed there is refused, nothing of it stays, and the machine that has it fixes it."""
    one, other = homes
    await one.publishing.promote("v1", "ann")
    files, root = fsspec.url_to_fs(store_url, skip_instance_cache=True)
    place = f"{root}/v1"
    weights = bytearray(files.cat_file(f"{place}/{WEIGHTS}"))
    weights[-1] ^= 1
    files.pipe_file(f"{place}/{WEIGHTS}", bytes(weights))
    with capture_logs() as lines:
        for _ in range(3):
            await other.following.follow()
    [line] = [line for line in lines if line["event"] == "model.not_followed"]
    assert (line["wanted"], line["kept"], line["log_level"]) == ("v1", "base", "error")
    assert f"'{WEIGHTS}' of version 'v1' in SUPPORTBOT_MODEL_STORE differs from what" in line["error"]
    assert (other.registry.versions(), other.registry.active(), left_behind(other)) == (["base"], "base", [])
    [said] = [daemon for daemon in await one.publishing.daemons() if daemon.owner == "b"]
    assert (said.version, said.problem) == ("base", line["error"])
    assert REGISTRY.get_sample_value("supportbot_model_behind") == 1

    files.rm(place, recursive=True)
    await one.supply.put_all()
    await other.comes_to("v1")
    await other.following.follow()
    assert (other.following.problem, REGISTRY.get_sample_value("supportbot_model_behind")) == (None, 0)


async def test_a_store_that_is_away_and_comes_back(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """Without the store a promotion is refused, a follower goes on with what it has, and comes after it."""
    one, other = homes
    await one.publishing.promote("v1", "ann")
    (tmp_path / "store").rename(tmp_path / "away")
    await other.following.follow()
    assert "SUPPORTBOT_MODEL_STORE" in (other.following.problem or "")
    assert other.registry.active() == "base"
    install_version(one.registry, tmp_path / "a" / "models" / "v1", "v2")
    with pytest.raises(StoreError, match="is not there at all: check that it is mounted"):
        await one.publishing.promote("v2", "ann", WHY)
    assert not (tmp_path / "store").exists()
    assert (await one.publishing.ends()).live == "v1"
    (tmp_path / "away").rename(tmp_path / "store")
    await other.comes_to("v1")


async def test_a_version_is_promoted_where_it_was_never_published(homes: tuple[Home, Home]) -> None:
    """A machine fetches what it is to decide about; what nobody has put into the store it can't have."""
    one, other = homes
    await one.publishing.versions()
    listed = {line.version: line.is_here for line in await other.publishing.versions()}
    assert listed == {"base": True, "v1": False}
    with pytest.raises(StoreError, match="neither on this machine nor in SUPPORTBOT_MODEL_STORE"):
        await other.publishing.promote("v1", "bob")
    await one.supply.put_all()
    await other.publishing.promote("v1", "bob")
    await one.comes_to("v1")


async def test_what_was_damaged_here_is_fetched_anew(homes: tuple[Home, Home]) -> None:
    """A file that is not what it was on this machine is fixed by the store when its version goes live."""
    one, other = homes
    await one.publishing.promote("v1", "ann")
    await other.comes_to("v1")
    await one.publishing.rollback("ann")
    await other.comes_to("base")
    (other.registry.directory("v1") / "config.json").write_text("{}")
    await one.publishing.promote("v1", "ann")
    await other.comes_to("v1")


async def test_two_processes_of_one_home_fetch_once(
    homes: tuple[Home, Home], database: Database, store_url: str, tmp_path: Path
) -> None:
    """Whoever comes second waits and finds it."""
    one, other = homes
    await one.publishing.promote("v1", "ann")
    again = Supply(database, Registry(tmp_path / "b" / "models"), Store(store_url))
    with capture_logs() as lines:
        await asyncio.gather(other.supply.get("v1"), again.get("v1"))
    assert [line["event"] for line in lines].count("model.fetched") == 1


async def test_without_a_store_it_is_said_who_lacks_a_version(
    homes: tuple[Home, Home], database: Database, tmp_path: Path
) -> None:
    """A promotion names the machines that can't follow; one that has the same files follows."""
    one = Home(database, tmp_path / "a", None)
    other = Home(database, tmp_path / "b", None)
    await other.following.follow()
    switch = await one.publishing.promote("v1", "ann")
    assert "do not have 'v1' and keep their present version" in (switch.unreached or "")
    await other.following.follow()
    assert "SUPPORTBOT_MODEL_STORE is not set" in (other.following.problem or "")
    shutil.copytree(tmp_path / "a" / "models" / "v1", tmp_path / "b" / "models" / "v1")
    await other.comes_to("v1")


async def test_other_files_under_the_name_of_the_live_version(homes: tuple[Home, Home], tiny_model: Path) -> None:
    """They never answer as it, and the database does not follow them."""
    one, other = homes
    digest = one.registry.manifest("v1").digest
    weights = {"transformer.ln_f.weight": torch.full((32,), 2.0, dtype=torch.float16)}
    install_version(other.registry, tiny_model, "v1", weights=weights)
    await one.publishing.promote("v1", "ann")
    await other.following.follow()
    assert "'v1' is installed here with other files" in (other.following.problem or "")
    assert other.registry.active() == "base"
    assert (await other.publishing.show("v1")).digest == digest


async def test_rollback_that_the_database_hears_later(homes: tuple[Home, Home], database: Database) -> None:
    """While the rows are locked a machine goes back alone; then it tells the database, and the others follow."""
    one, other = homes
    await one.publishing.promote("v1", "ann")
    await other.comes_to("v1")
    async with database.write() as session:
        await session.execute(text("LOCK TABLE model_version IN ACCESS EXCLUSIVE MODE"))
        switch = await one.publishing.rollback("bob")
        assert (one.registry.active(), bool(switch.unrecorded)) == ("base", True)
    await one.following.follow()
    assert one.registry.active() == "base"
    await other.comes_to("base")
    last = (await recent(database, 1))[0]
    assert (last.actor, last.action, last.details["from"]) == ("bob", "model.rollback", "v1")
    await one.publishing.promote("v1", "ann")  # and it is told once
    await one.following.follow()
    assert one.registry.active() == "v1"


async def test_rollback_that_was_overtaken_is_forgotten(
    homes: tuple[Home, Home], database: Database, tmp_path: Path
) -> None:
    """Where somebody has decided otherwise before the database heard of it, that holds."""
    one, other = homes
    install_version(one.registry, tmp_path / "a" / "models" / "v1", "v2")
    await one.publishing.promote("v1", "ann")
    await one.supply.put_all()
    async with database.write() as session:
        await session.execute(text("LOCK TABLE model_version IN ACCESS EXCLUSIVE MODE"))
        await one.publishing.rollback("bob")
    await other.publishing.promote("v2", "ann", WHY)
    await one.comes_to("v2")
    assert [entry.action for entry in await recent(database, 9)].count("model.rollback") == 0


async def test_a_retired_version_is_gone_from_the_store(
    homes: tuple[Home, Home], database: Database, tmp_path: Path
) -> None:
    """Its files there are deleted, and it is no candidate any more on either machine."""
    one, other = homes
    await one.publishing.versions()
    await one.supply.put_all()
    assert (tmp_path / "store" / "v1" / MANIFEST).exists()
    await one.publishing.retire("v1", "ann")
    assert not (tmp_path / "store" / "v1").exists()
    assert {line.version: line.status.value for line in await other.publishing.versions()} == {
        "base": "active",
        "v1": "retired",
    }
    with pytest.raises(ModelError, match="No version 'v1'"):
        await other.publishing.promote("v1", "bob", WHY)
    async with database.read() as session:
        row = await session.scalar(select(ModelVersion).where(ModelVersion.name == "v1"))
    assert row is not None
    assert (row.stored_manifest, row.turn) == (None, None)


async def test_a_version_that_is_retired_while_it_is_copied(
    homes: tuple[Home, Home], database: Database, tmp_path: Path
) -> None:
    """Nothing of it stays in the store, and its row names no files there."""
    one, _ = homes
    await one.publishing.versions()
    async with nobody_commits(database):
        retiring = await begun(database, one.publishing.retire("v1", "ann"))
        storing = await begun(database, one.supply.put("v1"))
        assert (tmp_path / "store" / "v1" / MANIFEST).exists()
    await asyncio.gather(retiring, storing)
    assert not (tmp_path / "store" / "v1").exists()
    async with database.read() as session:
        stored = select(ModelVersion.stored_manifest).where(ModelVersion.name == "v1")
        assert await session.scalar(stored) is None


async def test_what_a_version_may_not_hold_is_not_even_fetched(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """Names that lead out of the folder, pickles, and too much of anything are refused."""
    one, _ = homes
    store = Store(str(tmp_path / "store"))
    store.put(one.registry.directory("v1"), lambda: False)
    place = tmp_path / "store" / "v1"
    manifest = json.loads((place / MANIFEST).read_text())
    (tmp_path / "store" / "secret").write_text("mine")

    def fetched(**changed: str) -> str:
        files = {**manifest["files"], **changed}
        content = json.dumps({**manifest, "files": files}).encode()
        (place / MANIFEST).write_bytes(content)
        digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        folder = tmp_path / f"into-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        stored = Stored(hashlib.sha256(content).hexdigest(), _size(place))
        with pytest.raises(ModelError) as raised:
            store.get("v1", digest, stored, folder, lambda: False)
        assert {path.name for path in folder.iterdir()} <= {MANIFEST, *manifest["files"]}
        return str(raised.value)

    mine = hashlib.sha256(b"mine").hexdigest()
    for name in ("../secret", "..", ".hidden", "a/b", MANIFEST, str(tmp_path / "store" / "secret")):
        assert "no version has such a file" in fetched(**{name: mine})
    (place / "evil.bin").write_text("mine")
    assert "may be a pickle" in fetched(**{"evil.bin": mine})
    (place / "evil.bin").unlink()
    with (place / WEIGHTS).open("ab") as file:
        file.write(b"more")
    assert "differs from what the database has recorded" in fetched()


async def test_copies_that_nobody_waits_for_end(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """One that is stopped in the middle is no version, there or here, and what it left is cleared away."""
    one, other = homes
    looks = iter([False, False, True])
    store, directory = Store(str(tmp_path / "store")), one.registry.directory("v1")
    with pytest.raises(StoreError, match="Nobody waits"):
        store.put(directory, lambda: next(looks))
    assert list((tmp_path / "store" / "v1").iterdir())
    assert not store.has("v1")
    await one.publishing.promote("v1", "ann")

    stored = Stored(hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest(), _size(directory))
    folder = other.registry.root / ".fetched-before"
    folder.mkdir()
    looks = iter([False, False, False, False, True, True])
    with pytest.raises(StoreError, match="Nobody waits"):
        store.get("v1", one.registry.manifest("v1").digest, stored, folder, lambda: next(looks))
    assert len(list(folder.iterdir())) > 1
    assert other.registry.versions() == ["base"]
    await other.comes_to("v1")
    assert left_behind(other) == []


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir() if path.name != MANIFEST)


async def test_the_first_home_tells_a_database_that_knows_nothing(
    database: Database, tiny_model: Path, tmp_path: Path
) -> None:
    """What was live before, and the way back, come from its file; the second home brings its versions only."""
    one, other = Home(database, tmp_path / "a", None), Home(database, tmp_path / "b", None)
    for name in ("base", "v1"):
        install_version(one.registry, tiny_model, name)
        one.registry.activate(name)
    install_version(other.registry, tiny_model, "v9")
    other.registry.activate("v9")
    assert await one.publishing.ends() == await other.publishing.ends()
    ends = await one.publishing.ends()
    assert (ends.live, ends.previous) == ("v1", "base")
    assert {line.version for line in await one.publishing.versions()} == {"base", "v1", "v9"}
    assert await recent(database, 1) == []
