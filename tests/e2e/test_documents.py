"""The commands that the documents show, typed one after the other as a reader would."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from tests.documents import DOCUMENTS, ROOT, read_blocks
from tests.e2e.daemon import environment
from tests.program import run_module
from training.starter.data import load_faq

ELSEWHERE = "/mnt/other-disk"
"""A folder in the documents that a reader has to choose."""

_WITHOUT = {"SUPPORTBOT_ENCODER": "none"}
"""Half of each command's time would go into opening the encoder, of which these pages say nothing."""

PREPARED = {"import", "ask"}
"""Commands that need no knowledge; before a document that has neither, a FAQ is imported."""

SHOWN = [document for document in DOCUMENTS if any(block.is_run for block in read_blocks(document))]


@pytest.fixture
def desk(tmp_path: Path, home: Path) -> Path:
    """A reader's folder with the files that the documents import."""
    rows = [(wording, topic.answer) for topic in load_faq().topics[:8] for wording in topic.wordings[:5]]
    with (tmp_path / "faq.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("question", "answer"), *rows])
    _write_sheet(tmp_path / "faq.xlsx", ("question", "answer"), rows)
    german = [(f"{wording} bitte", f"Bitte: {wording}", answer) for wording, answer in rows]
    _write_sheet(tmp_path / "german.xlsx", ("Frage", "Variante", "Antwort"), german)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


@pytest.mark.parametrize("document", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
async def test_shown_commands_work(document: Path, desk: Path, home: Path) -> None:
    """Every command of the blocks that are marked as run succeeds, in the order of the document."""
    commands = [words for block in read_blocks(document) if block.is_run for words in block.commands]
    if not any(words[:1] == ["supportbot"] and words[1] in PREPARED for words in commands):
        await _run(["supportbot", "import", "faq.csv", "--approve", "--by", "Ana Lopez", "--yes"], desk, home)
    for words in commands:
        await _run(words, desk, home)


async def _run(words: list[str], desk: Path, home: Path) -> None:
    match [word.replace(ELSEWHERE, str(desk / "elsewhere")) for word in words]:
        case [".", ".venv/bin/activate"] | ["export", "SUPPORTBOT_HOME=$PWD/var"]:
            return  # what they do is done for each command below
        case ["supportbot", *arguments]:
            module = "supportbot.cli"
        case ["python", "-m", module, *arguments]:
            pass
        case _:
            pytest.fail(f"'{' '.join(words)}' is none of our commands: mark its block as not run.")
    keyboard, terminal = os.openpty()  # `import` asks only somebody who is there
    try:
        os.write(keyboard, b"y\n")
        ended = await run_module(
            module, arguments, environment(home, _WITHOUT), folder=desk, terminal=os.ttyname(terminal)
        )
    finally:
        os.close(keyboard)
        os.close(terminal)
    assert ended.status == 0, f"{' '.join(words)}\n{ended.output}\n{ended.errors}"


def _write_sheet(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [header, *rows]:
        sheet.append(row)
    book.save(path)
