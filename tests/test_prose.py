"""The check of how documents are written finds what it is for, and the documents pass it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.prose.__main__ import HARPERS_RULES, RULES, find

FOUND = {
    "AvoidAndAlso": "It reads the file and also the folder.",
    "LongSentences": f"It reads {'a file and ' * 13}nothing.",
    "RepeatedWords": "It reads the the file.",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.stem)
def test_rules_do_what_their_examples_say(rule: Path) -> None:
    """Harper runs the examples in each file of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "harper", "test", str(rule)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", HARPERS_RULES)
def test_harpers_rules_are_on(rule: str, tmp_path: Path) -> None:
    """A sentence against each of Harper's rules is found, in a document and in a docstring."""
    document, module = tmp_path / "page.md", tmp_path / "module.py"
    document.write_text(FOUND[rule])
    module.write_text(f'"""{FOUND[rule]}"""\n')
    assert [line.partition(":")[0] for line in find([document, module], tmp_path)] == ["page.md", "module.py"]


def test_our_rules_are_on(tmp_path: Path) -> None:
    """Our rules are part of each run."""
    page = tmp_path / "page.md"
    page.write_text("All but for one passed.\n\nThe bot is to be restarted.")
    assert [line.rpartition(" ")[2] for line in find([page], tmp_path)] == ["(ButFor)", "(IsToBe)"]


def test_rows_of_tables_may_be_long(tmp_path: Path) -> None:
    """A cell may list many things without being a sentence."""
    page = tmp_path / "page.md"
    page.write_text(f"| what | why |\n|---|---|\n| {FOUND['LongSentences']} | none |\n")
    assert list(find([page], tmp_path)) == []
