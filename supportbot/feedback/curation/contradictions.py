"""The same question with different answers, within a file or against what is known: a person says which is right.

Questions are the same if nothing but letter case, greetings, blanks and signs at their end differs: the daemon
would find both answers to the letter. What the database has settled already is no contradiction any more: such a
row of the file changes nothing. Small talk that ships with the program contradicts nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select

from supportbot.db.models import Entry, Wording
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.feedback.curation.reading import Table
from supportbot.feedback.curation.staging import Stage
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.folding import folded
from supportbot.printable import shortened

MOST_NAMED = 10
"""Contradictions that are described one by one."""

_PAGE = 2_000

_NEWS = (
    "wording.good AND NOT wording.dropped AND NOT wording.settled AND NOT EXISTS ("
    " SELECT 1 FROM known AS same WHERE same.folded = wording.folded"
    " AND same.answer_key IN (answer.answer_key, answer.redacted_key))"
)
"""A wording that nobody knows with its answer."""

_AGAINST_KNOWN = f"""
FROM known JOIN wording USING (folded) JOIN answer ON answer.id = wording.answer_id
WHERE {_NEWS} AND NOT EXISTS (
    SELECT 1 FROM wording AS other JOIN answer AS others ON others.id = other.answer_id
    WHERE other.folded = known.folded AND other.good AND NOT other.dropped
    AND known.answer_key IN (others.answer_key, others.redacted_key)
)
"""  # noqa: S608 - of constants

_WITHIN = """
SELECT folded FROM wording JOIN answer ON answer.id = answer_id
WHERE good AND NOT dropped AND folded <> ''
GROUP BY folded HAVING count(DISTINCT answer_key) > 1 AND NOT min(settled) ORDER BY min(wording.id)
"""


class Keep(StrEnum):
    """Which of two answers stays: the one that came last, or both."""

    NEWEST = "newest"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One question with two answers.

    Attributes:
        question: redacted.
        line: of the file.
        answer: the one there.
        other_line: of the file too, or None for what is known.
        other: the other answer.
    """

    question: str
    line: int
    answer: str
    other_line: int | None
    other: str


def within(stage: Stage) -> tuple[int, list[Contradiction]]:
    """Return how many questions of a file contradict themselves, and the first of them."""
    folds = [fold for (fold,) in stage.db.execute(_WITHIN)]
    named = []
    for fold in folds[:MOST_NAMED]:
        rows = stage.db.execute(
            "SELECT question, min(line), text FROM wording JOIN answer ON answer.id = answer_id"
            " WHERE folded = ? AND good AND NOT dropped GROUP BY answer_key ORDER BY min(wording.id) LIMIT 2",
            (fold,),
        ).fetchall()
        (question, line, answer), (_, other_line, other) = rows
        named.append(Contradiction(question, line, answer, other_line, other))
    return len(folds), named


def drop_older(stage: Stage) -> int:
    """Keep of each such question the answer that comes last in the file; return how many wordings go."""
    stage.db.execute(f"CREATE TEMP TABLE disputed AS {_WITHIN}")
    dropped = stage.db.execute(
        "UPDATE wording SET dropped = 1 WHERE good AND NOT dropped AND folded IN (SELECT folded FROM disputed)"
        " AND (SELECT answer_key FROM answer WHERE id = wording.answer_id) <> ("
        "  SELECT answer_key FROM answer WHERE id = ("
        "   SELECT answer_id FROM wording AS last"
        "   WHERE last.folded = wording.folded AND last.good AND NOT last.dropped"
        "   ORDER BY last.id DESC LIMIT 1))"
    )
    return dropped.rowcount


async def meet_known(database: Database, stage: Stage, now: datetime) -> None:
    """Tell the stage what is known of its questions."""
    last = 0
    while True:
        query = (
            select(Wording.id, Wording.example_id, Wording.text, Entry.answer_key, Entry.answer)
            .join(Entry, Entry.id == Wording.entry_id)
            .where(
                Wording.id > last,
                Wording.example_id.is_not(None),
                Entry.state == EntryState.LIVE,
                Entry.source != EntrySource.SMALL_TALK,
                Entry.workspace_id.is_(None),
                or_(Entry.valid_until.is_(None), Entry.valid_until > now),
            )
            .order_by(Wording.id)
            .limit(_PAGE)
        )
        async with database.read() as session:
            rows = (await session.execute(query)).all()
        if not rows:
            return
        last = rows[-1].id
        stage.db.executemany(
            "INSERT INTO known SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM wording WHERE folded = ?2)",
            [(row.example_id, folded(normalise_question(row.text)), row.answer_key, row.answer) for row in rows],
        )


def against_known(stage: Stage) -> tuple[int, list[Contradiction]]:
    """Return how many questions of a file contradict what is known, and the first of them."""
    number = stage.count(f"SELECT count(DISTINCT known.folded) {_AGAINST_KNOWN}")
    rows = stage.db.execute(
        f"SELECT wording.question, min(wording.line), answer.text, known.answer {_AGAINST_KNOWN}"
        " GROUP BY known.folded ORDER BY min(wording.id) LIMIT ?",
        (MOST_NAMED,),
    )
    return number, [Contradiction(question, line, answer, None, other) for question, line, answer, other in rows]


def replaced_by(stage: Stage, origins: Sequence[str]) -> list[int]:
    """Return the examples that give way when these rows of the file become known."""
    marks = ", ".join("?" * len(origins))
    rows = stage.db.execute(
        f"SELECT DISTINCT known.example_id {_AGAINST_KNOWN} AND wording.origin IN ({marks})",
        list(origins),
    )
    return sorted(example_id for (example_id,) in rows)


def refusal(table: Table, number: int, named: Sequence[Contradiction]) -> str:
    """Return the sentence that refuses a file, with a line for each contradiction."""
    rows = "".join(f"\n  {_told(table, each)}" for each in named)
    more = f"\n  and {number - len(named)} more" if number > len(named) else ""
    return (
        f"'{table.path}' answers the same question differently; fix it, or choose with --keep "
        f"newest or --keep both:{rows}{more}"
    )


def _told(table: Table, each: Contradiction) -> str:
    other = "the approved answer says" if each.other_line is None else f"{table.unit} {each.other_line} says"
    return (
        f"'{shortened(each.question)}': {table.unit} {each.line} says '{shortened(each.answer)}', "
        f"{other} '{shortened(each.other)}'"
    )
