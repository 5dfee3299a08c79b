"""A person's texts in the files of the home: reports of evaluations, rows that a run is training on, exports.

What the bot writes itself is cleaned: entries of a report, rows of an export, and a page that quotes the person is
removed with all of it, since it can be made again. Rows of a run that is not finished are removed; resumed, it
prepares them again from what is approved then. Output of a job that names the person's answers by their first
words is removed. Every other file that holds something is only named: it may be anybody's. Weights are not looked
into.

Everything here blocks.
"""

from __future__ import annotations

import html
import json
import mmap
import os
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supportbot.extras import Extra, is_installed
from supportbot.privacy.repeated import LEAST_CHARACTERS, LEAST_NAME, Marks

_WRITTEN_BY_RUNS = ("runs", "reports")
"""Folders of the home in which everything was written by training and evaluation."""

_JOBS = "jobs"
"""The folder of the home in which jobs of the console leave their output."""

_NAMED_CHARACTERS = 40
"""Of an answer, by which output names it; what is shorter says nothing of anybody."""

_MODELS = "models"
_MOST_SOUGHT = 200
"""Texts that files of any kind are searched for: enough to know that there is something, and soon."""


@dataclass(slots=True)
class Files:
    """What was done with files.

    Attributes:
        changed: what quoted the person and does not any more.
        removed: what is gone as a whole.
        holding: what still holds something, and must be removed by hand.
    """

    changed: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    holding: list[Path] = field(default_factory=list)


def clean_files(
    home: Path,
    database: str | None,
    texts: Collection[str],
    names: Collection[str],
    example_ids: Collection[int],
) -> Files:
    """Take a person out of the files of the home.

    Args:
        home: the folder; one that is not there has no files.
        database: the SQLite file, which is not looked into.
        texts: of the person, as the tables have them.
        names: of the person.
        example_ids: the rows for training that are to go.
    """
    done = Files()
    cleaner = _Cleaner(Marks(names, texts), example_ids)
    sought = _sought(texts, names)
    begun = _any_of({begin for text in texts if len(begin := _beginning(text)) == _NAMED_CHARACTERS})
    for path in _files(home, database):
        top = path.relative_to(home).parts[0]
        is_ours = top in _WRITTEN_BY_RUNS
        if path.suffix == ".arrow":
            if path.exists() and cleaner.has_rows(path):
                shutil.rmtree(path.parent)
                done.removed.append(path.parent)
        elif top == _JOBS and path.suffix == ".log":
            if begun is not None and _holds(path, begun):
                path.unlink()
                done.removed.append(path)
        elif is_ours and path.suffix == ".html":
            if cleaner.quotes(path):
                path.unlink()
                done.removed.append(path)
        elif (is_ours and cleaner.clean_json(path)) or cleaner.clean_export(path):
            done.changed.append(path)
        if path.exists() and sought is not None and _holds(path, sought):
            done.holding.append(path)
    return done


def _files(home: Path, database: str | None) -> Iterator[Path]:
    own = {Path(f"{database}{ending}") for ending in ("", "-wal", "-shm", "-journal", ".lock")} if database else ()
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name != _MODELS]
        for name in sorted(names):
            path = Path(folder, name)
            if path not in own and path.is_file() and path.suffix != ".safetensors":
                yield path


class _Cleaner:
    def __init__(self, marks: Marks, example_ids: Collection[int]) -> None:
        self._marks = marks
        self._ids = frozenset(example_ids)

    def has_rows(self, path: Path) -> bool:
        """Return whether an Arrow file of a run has rows for training that must be erased."""
        if not is_installed(Extra.PARQUET):
            return True  # nobody here can look, nor go on with that run; to whoever can, it is made again
        import pyarrow as pa  # takes a while to import, and most homes have no such file

        try:
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
                return any(not self._ids.isdisjoint(batch.column("example_id").to_pylist()) for batch in stream)
        except (pa.ArrowInvalid, KeyError):
            return False  # half-written, or none of ours: it is searched as any other file

    def quotes(self, path: Path) -> bool:
        """Return whether a page quotes the person, in one of its elements or in a longer text."""
        page = path.read_text("utf-8", "replace")
        return any(self._marks.are_in(html.unescape(text).strip()) for text in re.findall(r">([^<>]+)<", page))

    def clean_json(self, path: Path) -> bool:
        """Take entries that quote the person out of a report; return whether there were any."""
        if path.suffix != ".json":
            return False
        try:
            record = json.loads(path.read_text("utf-8"))
        except ValueError:
            return False
        cleaned = self._without(record)
        if cleaned == record:
            return False
        _replace(path, json.dumps(cleaned, indent=2, ensure_ascii=False) + "\n")
        return True

    def clean_export(self, path: Path) -> bool:
        """Take rows that are to go out of a file of ``supportbot export``; return whether there were any."""
        if path.suffix not in (".jsonl", ".json") or not self._ids:
            return False
        with path.open(encoding="utf-8", errors="surrogateescape") as lines:
            if not any(map(self._is_gone, lines)):
                return False
        aside = path.with_name(f"{path.name}.erasing")
        with (
            path.open(encoding="utf-8", errors="surrogateescape") as lines,
            aside.open("w", encoding="utf-8", errors="surrogateescape") as kept,
        ):
            kept.writelines(line for line in lines if not self._is_gone(line))
        aside.replace(path)
        return True

    def _is_gone(self, line: str) -> bool:
        if '"example_id"' not in line:
            return False
        try:
            row = json.loads(line)
        except ValueError:
            return False
        number = row.get("example_id") if isinstance(row, dict) else None
        if not isinstance(number, int) or number not in self._ids:
            return False
        # Numbers start again in every database: the row is this one only if it says the same.
        return any(isinstance(value, str) and self._marks.are_in(value) for value in row.values())

    def _without(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._without(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._without(one) for one in value if not self._is_entry_of_theirs(one)]
        return self._marks.hidden(value)

    def _is_entry_of_theirs(self, entry: object) -> bool:
        """Return whether an entry of a list quotes the person: then all of it is about them."""
        return isinstance(entry, dict) and any(
            isinstance(text, str) and self._marks.are_in(text) for text in entry.values()
        )


def _sought(texts: Collection[str], names: Collection[str]) -> re.Pattern[bytes] | None:
    long = sorted((text for text in texts if len(text) >= LEAST_CHARACTERS), key=len, reverse=True)[:_MOST_SOUGHT]
    return _any_of([*long, *(name for name in names if len(name) >= LEAST_NAME)])


def _any_of(words: Collection[str]) -> re.Pattern[bytes] | None:
    if not words:
        return None
    return re.compile(b"|".join(re.escape(word.encode("utf-8", "surrogateescape")) for word in words))


def _beginning(text: str) -> str:
    return " ".join(text.split())[:_NAMED_CHARACTERS]


def _holds(path: Path, sought: re.Pattern[bytes]) -> bool:
    if not path.stat().st_size:  # which cannot be mapped
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return sought.search(content) is not None


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f"{path.name}.erasing")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
