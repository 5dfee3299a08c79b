"""The documents say what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from supportbot.config import Settings
from supportbot.doctor import describe_settings
from supportbot.registry import read_manifest, starter_directory

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def settings_table() -> str:
    """Return the README's table of settings, as it follows from the code."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for line in describe_settings(Settings.model_construct(home=Path("the user's data folder"))):
        meaning = line.meaning.replace("|", "\\|")
        lines.append(f"| `{line.key}` | {line.value or '–'} | {meaning} |")
    return "\n".join(lines)


def test_readme_lists_every_setting() -> None:
    """The README's table has every key with its default and meaning, word for word."""
    assert settings_table() in (ROOT / "README.md").read_text("utf-8")


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


def test_everything_that_is_needed_is_locked() -> None:
    """Each dependency of pyproject.toml has an exact version in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for requirement in wanted:
        name = re.split(r"[\[<>=, ]", requirement, maxsplit=1)[0].lower()
        assert name in locked, requirement
