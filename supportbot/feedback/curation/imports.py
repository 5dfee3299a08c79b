"""Questions and answers from a file: a FAQ that somebody has already, as JSON lines or CSV.

A file is read twice: once to find every bad line, and only if there is none a second time to import it in
batches. A row is known by its question and answer, so importing a file again, or a longer edition of it, adds only
what is new. Imported rows are somebody's own text and not the log's: they belong to no workspace and no person.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Example
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, ExampleStatus
from supportbot.engine.prompt import prompt_text
from supportbot.errors import SupportBotError
from supportbot.feedback.curation._insert import Candidate, insert_new, redacted
from supportbot.feedback.curation.keys import conversation_of
from supportbot.knowledge.store import publish

_BATCH = 500
"""Rows in one transaction; SQLite's only writer is kept for milliseconds."""

_KEYS = {"question": ("question", "prompt"), "answer": ("answer", "completion", "chosen")}
"""The names of each text: ours, and those of `supportbot export`, whose texts are in the format of training."""

_NAMED_LINES = 5
"""Bad lines that are described one by one; a file of another kind has nothing but bad lines."""


class ImportFileError(SupportBotError):
    """A file cannot be imported; the text names the lines and what is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    Attributes:
        rows: lines of the file with a question and an answer.
        new: those that were not there yet.
        approved: rows that were approved, those among them that had waited for a curator too.
        redacted: what was taken out of all rows, by kind; contacts of the shop's own are among it unless they are
            set as public.
    """

    rows: int
    new: int
    approved: int
    redacted: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One line of a file."""

    question: str
    answer: str
    rejected: str | None
    label: ExampleLabel
    conversation: str | None


async def import_rows(
    database: Database, path: Path, *, approved_by: str | None = None, keep: Collection[str] = ()
) -> Imported:
    """Import a file, or nothing of it.

    Args:
        database: where to.
        path: ``.jsonl`` with an object a line, or ``.csv`` with a header, of ``question``, ``answer`` and, if
            wanted, ``conversation``: rows of one conversation are trained on or held out together.
        approved_by: the person who approves all rows at once; else they wait for a curator.
        keep: what is public although it looks personal, see ``redact``.

    Raises:
        ImportFileError: the file cannot be read, or has bad lines.
    """
    if approved_by is not None and not approved_by.strip():
        raise ImportFileError("Approving a file needs the name of who approves it: add --by NAME.")
    total = await asyncio.to_thread(_check, path)
    new = approved = 0
    found: Counter[str] = Counter()
    rows = _rows(path)
    while given := await asyncio.to_thread(lambda: [_candidate(row) for row in islice(rows, _BATCH)]):
        batch = await asyncio.to_thread(_redacted, given, keep, found)
        texts = {row.origin: row.answer.strip() for row in given}
        now = datetime.now(UTC)
        async with database.write() as session:
            added = await insert_new(session, _with_conversations(batch), now)
            settled = await _approve(session, batch, texts, approved_by, now) if approved_by else 0
            if added or settled:
                audit.record(
                    session,
                    actor=approved_by or audit.current_user(),
                    action="example.import",
                    subject=f"file:{path.name}",
                    details={"new": added, "approved": settled},
                )
        new, approved = new + added, approved + settled
    return Imported(rows=total, new=new, approved=approved, redacted=dict(sorted(found.items())))


def _redacted(given: Sequence[Candidate], keep: Collection[str], found: Counter[str]) -> list[Candidate]:
    return [redacted(row, keep, found) for row in given]


def _candidate(row: ImportRow) -> Candidate:
    return Candidate(
        origin=f"import:{_digest(row.question, row.answer)}",
        source=ExampleSource.IMPORT,
        question=row.question,
        answer=row.answer,
        rejected=row.rejected,
        label=row.label,
        conversation=conversation_of("", row.conversation) if row.conversation else "",
    )


def _with_conversations(batch: Sequence[Candidate]) -> list[Candidate]:
    """Where the file names no conversation, name it after the redacted question, so repetitions stay together."""
    return [row if row.conversation else replace(row, conversation=conversation_of(row.question)) for row in batch]


async def _approve(
    session: AsyncSession, batch: Sequence[Candidate], texts: Mapping[str, str], curator: str, now: datetime
) -> int:
    """Approve what waits, and let its answers be given word for word; what was rejected before stays rejected."""
    result = await session.execute(
        update(Example)
        .where(
            Example.origin.in_([candidate.origin for candidate in batch]),
            Example.status == ExampleStatus.PENDING,
        )
        .values(status=ExampleStatus.APPROVED, curator=curator, decided_at=now)
        .returning(Example.id, Example.origin)
        .execution_options(synchronize_session=False)
    )
    approved = {row.id: row.origin for row in result}
    await publish(session, list(approved), texts={number: texts[origin] for number, origin in approved.items()})
    return len(approved)


def _check(path: Path) -> int:
    """Return the number of rows of a file that has no bad line.

    Raises:
        ImportFileError: it has some, or no rows at all, or cannot be read.
    """
    rows = bad = 0
    complaints: list[str] = []
    for line, row in _parse(path):
        if isinstance(row, ImportRow):
            rows += 1
            continue
        bad += 1
        if bad <= _NAMED_LINES:
            complaints.append(f"line {line} {row}")
    if bad > _NAMED_LINES:
        complaints.append(f"and {bad - _NAMED_LINES} more")
    if bad:
        raise ImportFileError(f"Nothing of '{path}' was imported; mend this first: {', '.join(complaints)}.")
    if not rows:
        raise ImportFileError(f"'{path}' has no rows: give lines with a question and an answer.")
    return rows


def _rows(path: Path) -> Iterator[ImportRow]:
    for line, row in _parse(path):
        if not isinstance(row, ImportRow):
            raise ImportFileError(f"'{path}' was changed while it was imported (line {line} {row}): start again.")
        yield row


def _parse(path: Path) -> Iterator[tuple[int, ImportRow | str]]:
    """Yield the number of each line with its row, or with what is wrong with it."""
    parsers = {".jsonl": _parse_json, ".csv": _parse_csv}
    if (parser := parsers.get(path.suffix.lower())) is None:
        raise ImportFileError(f"'{path}' is of no kind that can be imported: give a file .jsonl or .csv.")
    try:
        with path.open("rb") as file:
            yield from parser(file)
    except OSError as error:
        raise ImportFileError(f"'{path}' cannot be read: {error.strerror}.") from error


def _parse_json(file: BinaryIO) -> Iterator[tuple[int, ImportRow | str]]:
    for line, raw in enumerate(file, start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            yield line, "is not UTF-8"
        except (ValueError, RecursionError):
            yield line, "is not JSON"
        else:
            yield line, _row(value) if isinstance(value, dict) else "is no JSON object"


def _parse_csv(file: BinaryIO) -> Iterator[tuple[int, ImportRow | str]]:
    reader = csv.reader((raw.decode("utf-8-sig") for raw in file), strict=True)
    try:
        names = [cell.strip().casefold() for cell in next(reader, [])]
        if not {"question", "answer"} <= set(names):
            yield 1, "is not a header with the columns question and answer"
            return
        for cells in reader:
            if len(cells) > len(names):
                yield reader.line_num, "has more cells than the header"
            elif cells:
                yield reader.line_num, _row(dict(zip(names, cells, strict=False)))
    except UnicodeDecodeError:
        yield reader.line_num + 1, "is not UTF-8"
    except csv.Error as error:
        yield max(reader.line_num, 1), f"is not CSV ({error})"


def _row(value: Mapping[str, object]) -> ImportRow | str:
    """Return the row of an object, or what is wrong with it."""
    texts: dict[str, str] = {}
    for name, keys in _KEYS.items():
        text = next((value[key] for key in keys if key in value), None)
        if not isinstance(text, str) or not text.strip():
            return f"has no {name}"
        texts[name] = _storable(text)
    texts["question"] = texts["question"].removeprefix(prompt_text(""))
    rejected, label = value.get("rejected"), value.get("label")
    conversation = value.get("conversation") or None
    if not isinstance(conversation, str | None):
        return "has a conversation that is no text"
    return ImportRow(
        **texts,
        rejected=_storable(rejected) if isinstance(rejected, str) else None,
        # TRL's label of a bad answer is false.
        label=ExampleLabel.BAD if label is False or label == ExampleLabel.BAD else ExampleLabel.GOOD,
        conversation=_storable(conversation) if conversation else None,
    )


def _storable(text: str) -> str:
    """Return what a database holds of a text: JSON may spell out NUL and half a character."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
