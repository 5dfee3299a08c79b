"""Which exports are deleted and which stay, with real exports, and with engines that have them in use."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from filelock import FileLock
from structlog.testing import capture_logs
from typer.testing import CliRunner

from supportbot.bootstrap import create_home, open_core
from supportbot.cli import app
from supportbot.config import Settings
from supportbot.engine.base import SamplingParams
from supportbot.engine.openvino.export import export, is_whole
from supportbot.engine.openvino.load import load_openvino
from supportbot.engine.openvino.prune import UNUSED_DAYS, prune
from supportbot.engine.prompt import encode_prompt
from supportbot.models.loading import make_local_engine
from supportbot.models.registry import Registry
from tests.supportbot.engine.collecting import collect, tokens_of
from tests.tiny_model import save_tiny_model
from tests.versions import install_version

LOST = "0" * 32 + "-int8"


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A model directory of its own."""
    return shutil.copytree(tiny_model, tmp_path / "model")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty folder for exports."""
    return tmp_path / "exports"


def age(made: Path, days: float) -> None:
    """Let an export have been used last so many days ago."""
    used = time.time() - days * 86_400
    os.utime(made / "used-for", (used, used))


def only_export(cache: Path) -> Path:
    """Return the one export that there is."""
    [made] = [path for path in cache.iterdir() if path.is_dir()]
    return made


def size_of(made: Path) -> int:
    """Return the bytes of an export."""
    return sum(path.stat().st_size for path in made.iterdir())


# --- what stays ------------------------------------------------------------------------------------------------


def test_exports_of_installed_versions_stay(model: Path, cache: Path) -> None:
    """However long ago they were used, so that a rollback finds its export."""
    made = [export(model, cache, weights) for weights in ("16bit", "int8")]
    for one in made:
        age(one, 1_000)
    assert prune(cache, [model.parent / "other", model]) == 0
    assert all(map(is_whole, made))


def test_a_model_that_is_gone_takes_its_exports_along(model: Path, cache: Path, tmp_path: Path) -> None:
    """A retired version's exports are deleted at once, and the log says how much was freed."""
    other = save_tiny_model(tmp_path / "other", seed=1)
    stays = export(other, cache, "16bit")
    made = [export(model, cache, weights) for weights in ("16bit", "int8")]
    size = sum(map(size_of, made))
    shutil.rmtree(model)
    with capture_logs() as lines:
        assert prune(cache, [other]) == size
    assert lines == [{"event": "engine.exports_pruned", "freed_mb": round(size / 1e6, 1), "log_level": "info"}]
    assert sorted(path.name for path in cache.iterdir()) == [".lock", stays.name]
    assert is_whole(stays)


def test_a_model_in_a_folder_of_its_own_is_kept_while_it_is_used(model: Path, cache: Path) -> None:
    """What no installed version owns stays for a month after its last use, and a use begins another month."""
    made = export(model, cache, "16bit")
    age(made, UNUSED_DAYS - 1)
    assert prune(cache, []) == 0
    age(made, UNUSED_DAYS + 1)
    export(model, cache, "16bit")
    assert prune(cache, []) == 0
    age(made, UNUSED_DAYS + 1)
    assert prune(cache, []) > 0
    assert not made.exists()
    assert is_whole(export(model, cache, "16bit"))


def test_the_last_user_counts(model: Path, cache: Path, tmp_path: Path) -> None:
    """A candidate measured in the folder of its training and installed then belongs to the version."""
    made = export(model, cache, "int8")
    installed = shutil.copytree(model, tmp_path / "installed")
    assert export(installed, cache, "int8") == made
    shutil.rmtree(model)
    age(made, 1_000)
    assert prune(cache, [installed]) == 0
    assert is_whole(made)


def test_exports_that_no_program_finds_are_no_versions(model: Path, cache: Path) -> None:
    """What another OpenVINO made stays for a month only, even for an installed version."""
    made = export(model, cache, "16bit")
    about = json.loads((made / "export.json").read_text())
    (made / "export.json").write_text(json.dumps({**about, "maker": "1 2025.0.0"}))
    age(made, UNUSED_DAYS - 1)
    assert prune(cache, [model]) == 0
    age(made, UNUSED_DAYS + 1)
    assert prune(cache, [model]) > 0


def test_exports_of_earlier_versions_of_this_program_are_known_by_their_age(model: Path, cache: Path) -> None:
    """Without a note and a maker an export stays for a month after it was made; the next use notes both."""
    made = export(model, cache, "16bit")
    (made / "used-for").unlink()
    assert prune(cache, []) == 0
    export(model, cache, "16bit")
    assert prune(cache, []) == 0
    (made / "used-for").unlink()
    os.utime(made, (0, 0))
    assert prune(cache, [model]) > 0


# --- what is in use --------------------------------------------------------------------------------------------


async def test_an_engine_keeps_its_export(model: Path, cache: Path) -> None:
    """Its process is started again from the same files, though the model was retired and a month has passed."""
    engine = load_openvino(model, "tiny", "fp32", cache)
    prompt, params = encode_prompt(engine.tokenizer, "Where is my order?"), SamplingParams(do_sample=False)
    before = tokens_of(await collect(engine, prompt, params))
    shutil.rmtree(model)
    made = only_export(cache)
    age(made, 1_000)
    assert prune(cache, []) == 0
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert tokens_of(await collect(engine, prompt, params)) == before
    await engine.aclose()
    del engine
    gc.collect()
    assert prune(cache, []) > 0


@pytest.fixture
def daemon(model: Path, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has loaded the model and waits."""
    code = (
        "import sys; from pathlib import Path; from supportbot.engine.openvino.load import load_openvino; "
        "engine = load_openvino(Path(sys.argv[1]), 'tiny', 'bf16', Path(sys.argv[2])); "
        "print('ready', flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", code, str(model), str(cache)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ready\n" in iter(process.stdout.readline, "")
    yield process
    process.kill()
    process.communicate()


def test_another_process_keeps_its_export(daemon: subprocess.Popen[str], model: Path, cache: Path) -> None:
    """A daemon has its export until it ends, even if it is killed."""
    made = only_export(cache)
    shutil.rmtree(model)
    age(made, 1_000)
    assert prune(cache, []) == 0
    assert is_whole(made)
    daemon.kill()
    daemon.wait()
    assert prune(cache, []) > 0
    assert not made.exists()


def test_nothing_is_deleted_while_somebody_exports(model: Path, cache: Path) -> None:
    """Two that hold the folder's lock would be in each other's way, so this one leaves at once."""
    made = export(model, cache, "16bit")
    shutil.rmtree(model)
    with FileLock(cache / ".lock"):
        assert prune(cache, []) == 0
    assert is_whole(made)
    assert prune(cache, []) > 0


def test_whoever_loads_meanwhile_finds_a_whole_export(model: Path, cache: Path) -> None:
    """One that is loaded in the very moment in which it is found unused is left, put back, or made again."""
    with ThreadPoolExecutor(2) as threads:
        for _ in range(30):
            age(export(model, cache, "int8"), 1_000)
            together = Barrier(2)
            freed = threads.submit(lambda: (together.wait(), prune(cache, [])))  # noqa: B023 - done within the round
            loaded = threads.submit(lambda: (together.wait(), export(model, cache, "int8")))  # noqa: B023 - as above
            freed.result()
            assert is_whole(loaded.result()[1])


# --- what else lies there --------------------------------------------------------------------------------------


def test_remains_of_a_crash_are_deleted(model: Path, cache: Path) -> None:
    """Half an export, or half of one that was being deleted, goes; what is nobody's export stays."""
    made = export(model, cache, "16bit")
    for remains in (cache / f".{LOST}", cache / f".{made.name}", cache / "notes"):
        remains.mkdir()
        (remains / "openvino_model.bin").write_bytes(b"12345")
    (cache / "README").write_text("of the operator")
    assert prune(cache, [model]) == 10
    assert sorted(path.name for path in cache.iterdir()) == sorted([".lock", "README", "notes", made.name])


def test_half_an_export_of_long_ago_is_deleted(cache: Path) -> None:
    """What lost its description is of no use, and nobody has it in use."""
    lost = cache / LOST
    lost.mkdir(parents=True)
    (lost / "openvino_model.bin").write_bytes(b"12345")
    assert prune(cache, []) == 0
    os.utime(lost, (0, 0))
    assert prune(cache, []) == 5


def test_a_folder_that_cannot_be_written_is_left_alone(model: Path, cache: Path) -> None:
    """Where no lock can be had nothing is deleted, and nobody is disturbed; nor where there is no folder."""
    assert prune(cache, []) == 0
    made = export(model, cache, "16bit")
    (cache / ".lock").unlink()
    (cache / ".lock").mkdir()
    shutil.rmtree(model)
    assert prune(cache, []) == 0
    assert is_whole(made)


def test_an_export_that_cannot_be_noted_serves(model: Path, cache: Path) -> None:
    """A use that cannot be written down prevents no answer."""
    made = export(model, cache, "16bit")
    (made / ".used-for").mkdir()
    assert export(model, cache, "16bit") == made


# --- who does it -----------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tiny_model: Path, migrated_sqlite: Path) -> Settings:
    """A home with a database, and two versions whose exports exist."""
    settings = Settings(precision="fp32")
    create_home(settings)
    (settings.home / "supportbot.db").write_bytes(migrated_sqlite.read_bytes())
    registry = Registry(settings.models_dir)
    install_version(registry, tiny_model, "base")
    install_version(registry, save_tiny_model(settings.home / "other", seed=1), "v1")
    registry.activate("base")
    for version in ("base", "v1"):
        make_local_engine(settings, registry.resolve(version))
    gc.collect()
    return settings


def exports_of(settings: Settings) -> int:
    """Return how many exports there are."""
    return len([path for path in settings.exports_dir.iterdir() if path.is_dir()])


def test_retiring_a_version_deletes_its_exports(settings: Settings) -> None:
    """The command says how much that freed."""
    assert exports_of(settings) == 2
    result = CliRunner().invoke(app, ["models", "retire", "v1", "--by", "ann"])
    assert result.exit_code == 0, result
    assert "v1 is retired" in result.stdout
    assert re.search(r"exported models were deleted too: 0\.\d MB", result.stdout)
    assert exports_of(settings) == 1


async def test_a_daemon_deletes_them_at_its_start_and_at_a_switch(settings: Settings) -> None:
    """What a removed version left goes when a daemon starts, and when it takes up another version."""
    registry = Registry(settings.models_dir)
    registry.remove("v1")
    async with open_core(settings, platforms={"web"}, daemon=True) as core:
        assert exports_of(settings) == 1
        install_version(registry, save_tiny_model(settings.home / "third", seed=2), "v2")
        gone = save_tiny_model(settings.home / "gone", seed=3)
        export(gone, settings.exports_dir, "16bit")
        shutil.rmtree(gone)
        assert exports_of(settings) == 2
        registry.activate("v2")
        assert core.reloader is not None
        assert await core.reloader.follow()
        assert exports_of(settings) == 2
        assert core.model_version == "v2"
        core.reloader.stop()
        await core.reloader.run()  # ends the replaced model
