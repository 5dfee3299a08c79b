"""The documents say what the program does."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest
from accelerate.commands.launch import launch_command_parser

from benchmarks.document.__main__ import fill, read_records
from supportbot.config import Settings
from supportbot.db.states import ExampleLabel, ExampleSource
from supportbot.feedback.curation.permitted import NO_CONSENT
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS
from supportbot.models.registry import Registry, read_manifest, starter_directory
from supportbot.redact import Kind, redact
from tests.documents import DOCUMENTS, ROOT, read_blocks, without_blocks
from tests.features import DOCUMENT, build_document, missing_tests
from tests.reference.cli import PROJECT, command_of, supportbot_command
from tests.reference.pages import PAGES, build_page, path_of
from tests.reference.settings import settings_lines
from training.curate import NEAR_DUPLICATE, NOT_APPROVED, OVER_THE_CAP, REJECTED
from training.finetune.arguments import DOCUMENTED, parse_run
from training.finetune.machine import Machine

TRAINING = ROOT / "docs" / "training.md"

TYPER_MODULES = {
    "training.curate": "training.curate",
    "training.evaluate": "training.evaluate.command",
    "training.export": "training.export:export",
    "training.publish": "training.publish.command",
    "training.starter": "training.starter.command",
    "benchmarks.answers": "benchmarks.answers",
    "benchmarks.candidates": "benchmarks.candidates",
    "benchmarks.console": "benchmarks.console.__main__",
    "benchmarks.daemon": "benchmarks.daemon",
    "benchmarks.document": "benchmarks.document.__main__",
    "benchmarks.drafts": "benchmarks.drafts",
    "benchmarks.follow_ups": "benchmarks.follow_ups.__main__",
    "benchmarks.generation": "benchmarks.generation",
    "benchmarks.knowledge": "benchmarks.knowledge.__main__",
    "benchmarks.preparation": "benchmarks.preparation",
    "benchmarks.training": "benchmarks.training",
}
"""Where the function of a command line is, named ``main`` if nothing else is said."""

INLINE_CODE = re.compile(r"(?<!`)`((?:supportbot|python -m) [^`]+)`(?!`)")


@pytest.mark.parametrize("name", PAGES)
def test_reference_is_that_of_the_code(name: str) -> None:
    """Each reference page is what `python -m tests.reference` would write now."""
    assert path_of(name).read_text("utf-8") == build_page(name)


def test_readme_settings_exist() -> None:
    """The settings in the README's short table are ones that there are."""
    _, _, table = (ROOT / "README.md").read_text("utf-8").partition("\n## Settings\n")
    named = re.findall(r"`([A-Z][A-Z_]+)`", table.partition("\n## ")[0])
    assert len(named) > 10
    assert set(named) <= {line.key for line in settings_lines()}


def test_readme_quotes_the_figures_of_the_starter() -> None:
    """The figures in the README are those of the manifest that ships."""
    metrics = read_manifest(starter_directory()).metrics
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"{metrics['held_out_right']:.1%}" in readme
    assert f"AUROC {metrics['out_of_scope_auroc']:.2f}" in readme


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_exist(document: Path) -> None:
    """No document points to a file that is not there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_readme_commands_exist() -> None:
    """The make targets that the README and CONTRIBUTING name are in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        for target in re.findall(r"`make ([a-z]+)`", document.read_text("utf-8")):
            assert target in targets, target


def load(target: str) -> Callable[..., Any]:
    """Return the function that an entry point names."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), name or "main")
    return function


@pytest.fixture(scope="module", name="supportbot_command")
def _supportbot_command() -> Any:
    """The command line of ``supportbot``, read once."""
    return supportbot_command()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_of_commands_are_run_or_say_why_not(document: Path) -> None:
    """Each has its mark, and a test that it names instead is there."""
    for block in read_blocks(document):
        assert block.mark, f"{document.name}:{block.line} has neither `<!-- run -->` nor `<!-- not run: why -->`"
        for named in re.findall(r"tests/[\w/]+(?:\.py)?", block.mark):
            assert (ROOT / named).exists(), named


def shell_commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of each command that a document shows in a block."""
    for block in read_blocks(document):
        yield from block.commands


def options_of(command: Any, words: list[str]) -> set[str]:
    """Return the options of a command or of the subcommand that the words name."""
    for word in words:
        if not hasattr(command, "commands"):
            break
        names = word.split("|")  # alternatives
        assert set(names) <= set(command.commands), f"there is no command '{word}'"
        command = command.commands[names[0]]
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def parse(command: Any, words: list[str]) -> None:
    """Parse words as the command would, without running it: unknown, missing and wrong values are errors."""
    while hasattr(command, "commands"):
        assert words, "a group of commands needs a command"
        assert words[0] in command.commands, f"there is no command '{words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    command.make_context("documented", list(words))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with the starter model, an interrupted run, and the current folder in it."""
    registry = Registry(tmp_path / "models")
    registry.activate(registry.install(starter_directory()).version)
    (tmp_path / "runs" / "interrupted").mkdir(parents=True)
    (tmp_path / "runs" / "interrupted" / "UNFINISHED").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parse_finetune(words: list[str], home: Path) -> None:
    """Have a fine-tuning run planned, whatever file it names."""
    for flag, value in pairwise(words):
        if flag == "--data":
            (home / value).touch()
    machine = Machine(cuda=False, bf16=False, processes=1)
    parse_run(words, Settings(_env_file=None, home=home), machine)


def parse_module(module: str, words: list[str], home: Path) -> None:
    """Parse what follows ``python -m module``."""
    if module == "training.finetune":
        parse_finetune(words, home)
    elif module in TYPER_MODULES:
        parse(command_of(load(TYPER_MODULES[module])), words)
    else:
        assert find_spec(module), f"there is no module '{module}'"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_shown_commands_would_run(document: Path, supportbot_command: Any, home: Path) -> None:
    """Every command of ours that a document shows is taken by its parser, with its flags and arguments."""
    for words in shell_commands(document):
        match words:
            case ["supportbot", *rest]:
                parse(supportbot_command, rest)
            case ["python", "-m", module, *rest]:
                parse_module(module, rest, home)
            case ["accelerate", "launch", *rest]:
                launched = launch_command_parser().parse_args(rest)
                assert launched.module
                parse_module(launched.training_script, launched.training_script_args, home)


def test_training_document_shows_every_step() -> None:
    """The guide shows each command of the loop, so the check above has something to check."""
    shown = {" ".join(words[:3]) for words in shell_commands(TRAINING)}
    curating = ("collect", "review", "list", "approve", "edit", "reject")
    models = ("promote", "list", "show", "rollback", "retire")
    modules = ("curate", "finetune", "evaluate", "publish")
    assert shown >= {
        *(f"supportbot curate {name}" for name in curating),
        *(f"supportbot models {name}" for name in models),
        *(f"python -m training.{name}" for name in modules),
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_mentioned_commands_exist(document: Path, supportbot_command: Any) -> None:
    """Commands in the middle of a sentence exist, and so do their options; arguments may stand for others."""
    for code in INLINE_CODE.findall(document.read_text("utf-8")):
        words = shlex.split(code)
        if words[0] == "supportbot":
            options = options_of(supportbot_command, words[1:])
        elif (module := words[2]) == "training.finetune":
            continue  # its flags are compared below
        elif module in TYPER_MODULES:
            options = options_of(command_of(load(TYPER_MODULES[module])), [])
        else:
            assert find_spec(module), code
            continue
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, code


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_show_the_figures_of_the_records(document: Path) -> None:
    """Every figure in a marked place is that of the committed run."""
    records = read_records(ROOT / "docs" / "benchmarks")
    text = document.read_text("utf-8")
    assert fill(text, records) == text


def table_below(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading of the guide, without its header."""
    _, found, below = TRAINING.read_text("utf-8").partition(f"\n{heading}\n")
    assert found, heading
    lines = re.findall(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_documented_run_is_the_default() -> None:
    """The table of the documented run is that of the code, value by value, and so is the base."""
    shown = {
        name.strip("`"): ast.literal_eval(value.strip("`"))
        for name, value in table_below("### The documented run")
    }
    assert shown == DOCUMENTED
    assert list(shown) == list(DOCUMENTED)


def test_flags_of_fine_tuning_exist(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All flags of ours are described, and every flag that the guide names for fine-tuning is one."""
    with pytest.raises(SystemExit):
        parse_finetune(["--help"], home)
    known = set(re.findall(r"--[a-z][\w-]*", capsys.readouterr().out))
    _, _, chapter = TRAINING.read_text("utf-8").partition("\n## 5. Fine-tune\n")
    chapter = without_blocks(chapter.partition("\n## 6. ")[0])
    named = set(re.findall(r"`(--[a-z][\w-]*)", chapter))
    assert named <= known
    assert {row[0].strip("`") for row in table_below("### Flags of ours")} <= known


def test_options_of_evaluation_exist() -> None:
    """The table of options is that of the command, the two models and the printing aside."""
    options = options_of(command_of(load(TYPER_MODULES["training.evaluate"])), [])
    shown = {row[0].strip("`") for row in table_below("## 6. Evaluate")}
    assert options - shown <= {"--candidate", "--against", "--seed", "--json", "--help"}
    assert shown <= options


def test_reasons_are_those_of_the_forms() -> None:
    """The guide names the reasons that people are offered, word for word, and the longest correction."""
    text = " ".join(TRAINING.read_text("utf-8").split())
    assert " · ".join(REASON_WORDS.values()) in text
    assert f"{MAX_CORRECTION:,} characters" in text


def test_redaction_is_described_as_it_is() -> None:
    """Every placeholder is listed, and what the guide says is missed is missed."""
    assert {row[0].strip("`") for row in table_below("### Redaction")} == {f"[{kind}]" for kind in Kind}
    _, _, missed = TRAINING.read_text("utf-8").partition("It **misses**")
    examples = re.findall(r"^\| [^|`]+ \| `(.+)` \| [^|`]+ \|$", missed.partition("\n### ")[0], re.MULTILINE)
    assert len(examples) > 5
    for example in examples:
        assert redact(example).text == example


def test_sources_and_reasons_are_listed() -> None:
    """The guide has every source of candidates, and every reason for which a row does not count."""
    assert {row[0].strip("`") for row in table_below("### Candidates")} == {
        source.value for source in ExampleSource
    }
    reasons = {NOT_APPROVED, REJECTED, NO_CONSENT, NEAR_DUPLICATE, OVER_THE_CAP, f"labelled {ExampleLabel.BAD}"}
    assert {row[0].strip("`") for row in table_below("### Which rows count")} == reasons


def test_everything_that_is_needed_is_locked() -> None:
    """Each dependency of pyproject.toml has an exact version in constraints.txt."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *chain(*extras), *PROJECT["dependency-groups"]["dev"]]
    locked = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for requirement in wanted:
        name = re.split(r"[\[<>=, ]", requirement, maxsplit=1)[0].lower()
        assert name in locked | {"supportbot"}, requirement


def test_features_name_the_tests_that_show_them() -> None:
    """The list of features is what its table says, and each test that it names is there."""
    assert missing_tests() == []
    assert DOCUMENT.read_text("utf-8") == build_document()
