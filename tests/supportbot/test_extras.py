"""What an installation may be without: who wants it reads one sentence, and nobody else notices."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from io import BytesIO
from pathlib import Path

import pytest

from supportbot.config import Settings
from supportbot.engine.choose import Wanted, load_chosen
from supportbot.errors import MissingExtraError
from supportbot.extras import MODULES, Extra, is_installed, require
from supportbot.feedback.curation.documents import pdf, word
from supportbot.feedback.curation.reading import read_table
from supportbot.models.loading import make_engine
from supportbot.models.registry import Registry, starter_directory
from supportbot.privacy.files import clean_files
from tests.supportbot.feedback.curation.reading.files_of import pairs_of

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(sys.argv[1].split(), None))  # as where they are not installed
"""
EVERYTHING = f"""{WITHOUT}
import importlib, json, pkgutil
import bot, supportbot, training.curate, training.export, training.survey
failed = []
for package in (bot, supportbot):
    for module in pkgutil.walk_packages(package.__path__, f"{{package.__name__}}."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError:
                failed.append(module.name)
print(json.dumps(failed))
"""
COMMAND = f"""{WITHOUT}
import runpy
sys.argv = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
OPTIONAL = " ".join(sorted({module for modules in MODULES.values() for module in modules}))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[Extra], None]:
    """Have the libraries of a group be as where they are not installed."""

    def forget(extra: Extra) -> None:
        for module in MODULES[extra]:
            monkeypatch.setitem(sys.modules, module, None)

    return forget


def test_groups_are_those_of_the_project() -> None:
    """What is looked for is what ``pip install 'supportbot[…]'`` brings."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    installed = packages_distributions()
    for extra, modules in MODULES.items():
        named = {re.split(r"[>=<\[]", line)[0] for line in groups[extra] if not line.startswith("supportbot[")}
        found = {installed[module][0].lower().replace("_", "-") for module in modules}
        assert found == named | ({"pyarrow"} if extra is Extra.TRAIN else set())


def test_what_answers_imports_none_of_it() -> None:
    """Without any of it, only the engines that are made of it can't be imported."""
    arguments = [sys.executable, "-c", EVERYTHING, OPTIONAL]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    failed = json.loads(printed.splitlines()[-1])
    names = ("_decoding", "_graphs", "_sampling", "_static", "load", "pretrained", "transformers")
    reference = {f"supportbot.engine.{name}" for name in names}
    assert {name for name in failed if not name.startswith("supportbot.engine.remote.")} == reference


@pytest.mark.parametrize(
    "command",
    [
        ["training.finetune", "--from-db"],
        ["training.evaluate", "--candidate", "active"],
        ["training.publish", "--candidate", ".", "--version", "v1"],
        ["training.starter", "--output", "."],
    ],
    ids=lambda command: command[0],
)
def test_training_says_what_it_needs(command: list[str], tmp_path: Path) -> None:
    """Each command of training ends with exit status 2 and the sentence, before it imports or writes anything."""
    arguments = [sys.executable, "-c", COMMAND, OPTIONAL, *command]
    finished = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=tmp_path)
    sentence = "Training needs extra packages: pip install 'supportbot[train]'.\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", sentence)
    assert list(tmp_path.iterdir()) == []


def test_files_say_what_they_need(tmp_path: Path, without: Callable[[Extra], None]) -> None:
    """Parquet, PDF and Word name their group; a file of any other kind is read."""
    without(Extra.PARQUET)
    without(Extra.DOCUMENTS)
    (tmp_path / "faq.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'supportbot[parquet]'")):
        read_table(tmp_path / "faq.parquet")
    for kind in (pdf, word):
        with pytest.raises(MissingExtraError, match=re.escape("pip install 'supportbot[documents]'")):
            kind.sections(BytesIO(b"%PDF"), "guide")
    (tmp_path / "faq.csv").write_text("question,answer\nWhere?,Here.\n")
    assert pairs_of(tmp_path / "faq.csv") == [("Where?", "Here.")]


def test_engines_say_what_they_need(tmp_path: Path, without: Callable[[Extra], None]) -> None:
    """The engine that is set, and does not come with the program, names its group; the usual one needs none."""
    without(Extra.TRAIN)
    without(Extra.REMOTE)
    wanted = Wanted(engine="transformers", precision="auto", exports=tmp_path / "exports")
    with pytest.raises(MissingExtraError, match=r"set by SUPPORTBOT_ENGINE.*pip install 'supportbot\[train\]'"):
        load_chosen(str(starter_directory()), "starter", wanted, int8_loss_rise=None)
    registry = Registry(tmp_path / "models")
    registry.activate(registry.install(starter_directory()).version)
    settings = Settings(home=tmp_path, engine="remote", remote_urls="http://127.0.0.1:9")
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'supportbot[remote]'")):
        make_engine(settings, registry.resolve(None))


def test_rows_of_a_run_that_nobody_can_read_go(tmp_path: Path, without: Callable[[Extra], None]) -> None:
    """Where an erasure can't look into prepared rows, they go as a whole: a run prepares them anew."""
    data = tmp_path / "runs" / "1" / "data"
    data.mkdir(parents=True)
    (data / "train.arrow").write_bytes(b"rows of anybody")
    without(Extra.PARQUET)
    done = clean_files(tmp_path, None, ["a text of theirs"], [], [7])
    assert (done.removed, data.exists()) == ([data], False)


def test_what_is_there_is_no_matter() -> None:
    """Whoever has everything hears nothing."""
    for extra in Extra:
        assert is_installed(extra)
        require(extra)
