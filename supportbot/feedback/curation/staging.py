"""What a file holds, laid out before anything of it is written: each wording with its answer, redacted.

The file is read once. Its texts go into a table that SQLite keeps in memory while it is small, on disk when it is
large, and nowhere when the import is over. So a long file is looked through, shown and imported without lying in
memory, and cannot change in between. An answer that many rows share is redacted and measured once.

This module knows the file only, not what the database has.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from supportbot.feedback.curation._cleaning import CleanAnswer, Cleaner, CleanRow, clean_rows
from supportbot.feedback.curation.keys import conversation_of
from supportbot.feedback.curation.origins import BAD, Origin
from supportbot.feedback.curation.reading import Row, Skipped, Table

_SAMPLES = 3
"""Rows that a person is shown."""

_TOLD_EVERY = 200
"""Rows between two reports of progress."""

_TABLES = """
CREATE TABLE answer (
    id INTEGER PRIMARY KEY, digest BLOB UNIQUE, answer_key TEXT, redacted_key TEXT, text TEXT, redacted TEXT
);
CREATE INDEX answer_redacted_key ON answer (redacted_key);
CREATE TABLE wording (
    id INTEGER PRIMARY KEY, line INTEGER, answer_id INTEGER, question TEXT, folded TEXT, asked TEXT, rejected TEXT,
    good INTEGER, conversation TEXT, came TEXT, origin TEXT UNIQUE, settled INTEGER DEFAULT 0,
    dropped INTEGER DEFAULT 0
);
CREATE INDEX wording_folded ON wording (folded);
CREATE INDEX wording_came ON wording (id) WHERE came IS NOT NULL;
CREATE TABLE known (example_id INTEGER, folded TEXT, answer_key TEXT, answer TEXT);
CREATE INDEX known_folded ON known (folded);
"""


@dataclass(slots=True)
class Survey:
    """What was found in a file.

    Attributes:
        rows: with a question and an answer.
        wordings: questions of these rows; one that is there twice with the same answer counts once.
        skipped: rows without a question or an answer.
        skipped_lines: where the first of them are.
        too_long: answers of which the end cannot be trained on, as `training.dataset` cuts them; they are known
            word for word anyway. None if there was no tokenizer to ask.
        in_questions: what redaction took out of questions, by kind.
        in_answers: in how many answers redaction finds each kind.
        answers_with_contacts: answers with an e-mail address or a phone number.
        redacted: what it took out of questions and different answers, by kind.
        samples: the first rows, question and answer.
    """

    rows: int = 0
    wordings: int = 0
    skipped: int = 0
    skipped_lines: list[int] = field(default_factory=list)
    too_long: int | None = None
    in_questions: Counter[str] = field(default_factory=Counter)
    in_answers: Counter[str] = field(default_factory=Counter)
    answers_with_contacts: int = 0
    redacted: Counter[str] = field(default_factory=Counter)
    samples: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A wording that is going to be imported.

    Attributes:
        line: where it is in the file.
        question: redacted.
        asked: the same, normalised (``keys.normalise``).
        answer: redacted.
        text: the answer word for word.
        answer_key: of ``text``.
        rejected: redacted.
        good: whether the answer is a good one.
        conversation: the one that the file names, hashed, if it does.
        origin: what the row is known by.
        place: the platform and workspace from whose log it came; None for somebody's own.
    """

    line: int
    question: str
    asked: str
    answer: str
    text: str
    answer_key: str
    rejected: str | None
    good: bool
    conversation: str | None
    origin: str
    place: tuple[str, str] | None


class Stage:
    """The table; it belongs to one thread at a time."""

    def __init__(self) -> None:
        self.survey = Survey()
        self._stopped = False
        # A database without a name is private, spills to a temporary file and is deleted at its end.
        self.db = sqlite3.connect("", check_same_thread=False)
        self.db.executescript(_TABLES)

    def read(self, table: Table, cleaner: Cleaner, told: Callable[[int], None], *, processes: int = 1) -> None:
        """Take in a file; blocks.

        Args:
            table: the file.
            cleaner: redacts it.
            told: is told the number of rows from time to time.
            processes: see ``clean_rows``.

        Raises:
            ImportFileError: it has lines that must be fixed, or cannot be read to its end.
        """
        survey = self.survey
        for number, row in enumerate(clean_rows(table.rows(), cleaner, processes=processes), start=1):
            if self._stopped:
                return
            if isinstance(row, Skipped):
                survey.skipped += 1
                survey.skipped_lines += [row.line] if survey.skipped <= _SAMPLES else []
            else:
                survey.rows += 1
                survey.samples += [(row.row.question, row.row.answer)] if survey.rows <= _SAMPLES else []
                self._add(row)
            if number % _TOLD_EVERY == 0:
                told(number)
        told(survey.rows + survey.skipped)

    def stop(self) -> None:
        """Let a reading in another thread end: who asked for it has gone."""
        self._stopped = True

    def count(self, query: str) -> int:
        """Return the one number that a query gives."""
        return int(self.db.execute(query).fetchone()[0])

    def batches(self, size: int) -> Iterator[list[Staged]]:
        """Yield the rows to import, in the order of the file."""
        last = 0
        query = (
            "SELECT wording.id, line, question, asked, redacted, text, answer_key, rejected, good, conversation,"
            " origin, came FROM wording JOIN answer ON answer.id = answer_id"
            " WHERE NOT dropped AND wording.id > ? ORDER BY wording.id LIMIT ?"
        )
        while rows := self.db.execute(query, (last, size)).fetchall():
            last = rows[-1][0]
            yield [_staged(row[1:]) for row in rows]

    def has_origins(self) -> bool:
        """Return whether rows of an export are among what was read."""
        return bool(self.count("SELECT EXISTS (SELECT 1 FROM wording WHERE came IS NOT NULL)"))

    def origins_after(self, number: int, most: int) -> list[tuple[int, str]]:
        """Return wordings after a number that say where they came from, with that."""
        query = "SELECT id, came FROM wording WHERE came IS NOT NULL AND id > ? ORDER BY id LIMIT ?"
        return self.db.execute(query, (number, most)).fetchall()

    def leave_out(self, numbers: Sequence[int]) -> None:
        """Leave wordings out of what is imported."""
        self.db.executemany("UPDATE wording SET dropped = 1 WHERE id = ?", [(number,) for number in numbers])

    def close(self) -> None:
        """Forget everything."""
        self.db.close()

    def _add(self, clean: CleanRow) -> None:
        row = clean.row
        answer_id = self._answer(clean.answer)
        self.survey.in_questions.update(clean.found)
        self.survey.redacted.update(clean.found)
        named = conversation_of("", row.conversation) if row.conversation else None
        rows = [
            (
                row.line,
                answer_id,
                question.redacted,
                question.folded,
                question.asked,
                clean.rejected,
                row.label_good,
                named,
                row.origin,
                _known_by(row, question.text, is_first=number == 0),
            )
            for number, question in enumerate(clean.questions)
        ]
        added = self.db.executemany(
            "INSERT OR IGNORE INTO wording"
            " (line, answer_id, question, folded, asked, rejected, good, conversation, came, origin)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        self.survey.wordings += added.rowcount

    def _answer(self, answer: CleanAnswer) -> int:
        digest = hashlib.sha256(answer.text.encode()).digest()
        if known := self.db.execute("SELECT id FROM answer WHERE digest = ?", (digest,)).fetchone():
            return int(known[0])
        survey = self.survey
        survey.redacted.update(answer.found)
        survey.in_answers.update(answer.found.keys())
        survey.answers_with_contacts += bool({"email", "phone"} & answer.found.keys())
        if answer.too_long is not None:
            survey.too_long = (survey.too_long or 0) + answer.too_long
        added = self.db.execute(
            "INSERT INTO answer (digest, answer_key, redacted_key, text, redacted) VALUES (?, ?, ?, ?, ?)",
            (digest, answer.answer_key, answer.redacted_key, answer.text, answer.redacted),
        )
        return int(added.lastrowid or 0)


def _staged(row: Sequence[object]) -> Staged:
    line, question, asked, answer, text, key, rejected, good, conversation, origin, came = row
    return Staged(
        line=int(str(line)),
        question=str(question),
        asked=str(asked),
        answer=str(answer),
        text=str(text),
        answer_key=str(key),
        rejected=None if rejected is None else str(rejected),
        good=bool(good),
        conversation=None if conversation is None else str(conversation),
        origin=str(origin),
        place=None if came is None else Origin.parse(str(came)).place,
    )


def _known_by(row: Row, question: str, *, is_first: bool) -> str:
    """Return what a wording is known by: its texts, or the row of an export that it is."""
    if row.origin is None:
        return f"import:{_digest(question, row.answer)}"
    if is_first:
        return str(Origin.parse(row.origin)) + ("" if row.label_good else BAD)
    return f"import:{_digest(question, row.answer, row.origin)}"  # which somebody added to the file


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
