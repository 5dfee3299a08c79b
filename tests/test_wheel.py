"""The wheel, as somebody gets it: built twice, installed into an empty environment, and run there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

import httpx
import pytest
from filelock import FileLock

from hatch_build import FOLDER, WEIGHTS
from supportbot.extras import MODULES
from tests.e2e.daemon import START_SECONDS, Daemon, environment

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "constraints.txt"
INSTALLED_MIB = 640
"""What an install may take: 619 MiB were measured, of which OpenVINO 178, scipy 113 and numpy 57."""

WHEEL_MIB = 50
"""What is fetched of ours: 43.5 MiB were measured, nearly all of it the encoder's weights."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two folders: with a source distribution and the wheel that was built of it, and with one of the tree."""

    def build(folder: Path, *options: str) -> None:
        command = [sys.executable, "-m", "build", f"--outdir={folder}", *options, str(ROOT)]
        tools = {"SOURCE_DATE_EPOCH": "1760000000", "PIP_CONSTRAINT": str(LOCK)}
        subprocess.run(command, check=True, env=os.environ | tools, stdout=subprocess.DEVNULL)

    from_source = made_once(tmp_path_factory, "from-source", build)
    return from_source, made_once(tmp_path_factory, "from-tree", lambda folder: build(folder, "--wheel"))


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, Path]) -> Path:
    """The wheel."""
    [path] = built[0].glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what it needs, in the versions of the lock, and nothing else."""

    def install(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
        subprocess.run([*pip, f"--constraint={LOCK}", str(wheel)], check=True)

    return made_once(tmp_path_factory, "installed", install)


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that whichever of xdist's workers comes first makes for all, since it takes a minute."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done = folder.with_suffix(".made")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture
def variables(tmp_path: Path) -> Mapping[str, str]:
    """The environment of its commands, in which nothing leads to the code of this checkout."""
    return environment(tmp_path / "home", {"PYTHONPATH": ""})


def run(installed: Path, variables: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run a command of the environment; return exit status, output and errors."""
    command = [str(installed / "bin" / arguments[0]), *arguments[1:]]
    finished = subprocess.run(command, check=False, env=variables, capture_output=True, text=True)
    return finished.returncode, finished.stdout, finished.stderr


def files_of(installed: Path) -> Iterator[Path]:
    """Yield what is installed, without what Python compiles of it."""
    for path in installed.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix != ".pyc":
            yield path


def test_the_same_bytes_each_time(built: tuple[Path, Path]) -> None:
    """A wheel of the tree is that of the source distribution, bit for bit, and small enough for PyPI."""
    one, other = (next(folder.glob("*.whl")) for folder in built)
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_size < WHEEL_MIB * 2**20


def test_licences_are_in_the_wheel(wheel: Path) -> None:
    """The wheel has the licence of all that it holds, and a bill of the weights in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name.partition(".dist-info/")[2] for name in archive.namelist()}
        notice = archive.read(next(name for name in archive.namelist() if name.endswith("L6-v2.txt"))).decode()
        [bill] = [name for name in archive.namelist() if name.endswith("sboms/all-MiniLM-L6-v2.cdx.json")]
        [model] = json.loads(archive.read(bill))["components"]
    assert {"licenses/LICENSE", "licenses/licenses/all-MiniLM-L6-v2.txt"} <= names
    assert FOLDER in notice
    assert "Permission is hereby granted" in notice
    [digest] = model["externalReferences"][0]["hashes"]
    assert WEIGHTS.endswith(f":{digest['content']}")


def test_an_install_that_answers_is_small(installed: Path) -> None:
    """Nothing of any extra is installed, and it takes no more than was measured."""
    [packages] = installed.glob("lib/python*/site-packages")
    there = {path.name for path in packages.iterdir()}
    assert there.isdisjoint(module for modules in MODULES.values() for module in modules)
    assert "torch" not in {one.metadata["Name"] for one in distributions(path=[str(packages)])}
    assert sum(path.stat().st_size for path in files_of(installed)) < INSTALLED_MIB * 2**20


def test_bill_of_materials(installed: Path, tmp_path: Path) -> None:
    """What is installed becomes a bill in CycloneDX that holds to its schema."""
    bill = tmp_path / "supportbot.cdx.json"
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--validate", "--output-reproducible"]
    options = [f"--pyproject={ROOT / 'pyproject.toml'}", f"--output-file={bill}"]
    subprocess.run([*command, *options, str(installed / "bin" / "python")], check=True)
    told = json.loads(bill.read_text())
    assert told["metadata"]["component"]["name"] == "supportbot"
    assert {"openvino", "slack_sdk", "nicegui"} <= {one["name"] for one in told["components"]}


async def test_it_answers_and_stops(installed: Path, variables: Mapping[str, str]) -> None:
    """`init`, `ask` and `run` do what README says; the daemon gets ready, and stops with status 0."""
    status, told, errors = run(installed, variables, "supportbot", "init")
    assert status == 0, errors
    assert "Live model: starter" in told
    status, told, errors = run(installed, variables, "supportbot", "ask", "How do I return an item?", "--json")
    assert status == 0, errors
    assert "30 days" in json.loads(told)["answer"]
    process = await asyncio.create_subprocess_exec(
        installed / "bin" / "supportbot", "run", env=variables, stderr=asyncio.subprocess.PIPE
    )
    daemon = Daemon(process)
    async with asyncio.timeout(START_SECONDS):
        daemon.ready = await daemon.read_until("daemon.ready")
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"{daemon.page}/readyz")
            page = await client.get(daemon.page)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": {}, "remarks": {}})
    assert page.status_code == 200
    assert await daemon.stop() == 0
    assert "encoder.ready" in {line["event"] for line in daemon.lines}


def test_files_are_imported_and_the_rest_is_named(
    installed: Path, variables: Mapping[str, str], tmp_path: Path
) -> None:
    """CSV is read with what is there; Parquet, training and the other engine end with how to install them."""
    assert run(installed, variables, "supportbot", "init")[0] == 0
    faq = tmp_path / "faq.csv"
    faq.write_text("question,answer\nWhere is my parcel?,It is under way.\n")
    approve = ("--approve", "--by", "Ana Lopez", "--yes")
    status, _, errors = run(installed, variables, "supportbot", "import", str(faq), *approve)
    assert status == 0, errors
    (tmp_path / "faq.parquet").write_bytes(b"PAR1")
    status, _, errors = run(installed, variables, "supportbot", "import", str(tmp_path / "faq.parquet"), "--yes")
    assert (status, "pip install 'supportbot[parquet]'" in errors) == (2, True)
    status, _, errors = run(installed, variables, "python", "-m", "training.finetune", "--from-db")
    assert (status, "pip install 'supportbot[train]'" in errors) == (2, True)
    other = {**variables, "SUPPORTBOT_ENGINE": "transformers"}
    status, _, errors = run(installed, other, "supportbot", "ask", "Where is my parcel?")
    assert (status, "pip install 'supportbot[train]'" in " ".join(errors.split())) == (2, True)
    status, _, errors = run(installed, other, "supportbot", "run")
    assert (status, "Traceback" in errors) == (2, False)
