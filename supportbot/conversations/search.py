"""Full-text search: what people type, as both databases are asked for it.

What is typed is words. All of them must stand in a question, or all in one of its answers; what is in quotation
marks must stand there together. A word of three letters or more also finds longer ones that begin with it, since
the endings of no language are known. Nothing that is typed is ever the syntax of a query.

The indexes are made by migrations (their names begin with ``search_``): on SQLite an FTS5 table beside each table,
on PostgreSQL a column of words with a GIN index.
"""

from __future__ import annotations

import re
import string

from sqlalchemy import (
    Integer,
    Select,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import REGCONFIG, TSVECTOR

from supportbot.db.base import storable
from supportbot.db.models import Answer, Question
from supportbot.intake.questions import has_words

MOST_TYPED = 400
"""Characters that are looked at; nobody types more on purpose, and each word costs time."""

_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')
_LONG_ENOUGH = re.compile(r"\w{3}$")
_APART = str.maketrans(dict.fromkeys(string.punctuation, " "))
"""PostgreSQL's index has blanks in their place; SQLite's takes them for blanks by itself."""


def matching_texts(typed: str, most: int | None, *, is_sqlite: bool) -> tuple[Select[int], Select[int]]:
    """Return queries for the numbers of the questions, and of the answers, in which all words stand.

    Args:
        typed: as it stands in the search field.
        most: how many of each, those with the highest numbers; None for all.
        is_sqlite: which of the two databases is asked.
    """
    if is_sqlite:
        wanted = match_expression(typed)
        found = (_in_sqlite("search_question", wanted, most), _in_sqlite("search_answer", wanted, most))
    else:
        wanted = tsquery_expression(typed)
        found = (_in_postgresql(Question, wanted, most), _in_postgresql(Answer, wanted, most))
    return found


def match_expression(typed: str) -> str:
    """Return what FTS5 is asked for a text; an empty phrase finds nothing."""
    return " ".join(f'"{part}"{"*" if is_open else ""}' for part, is_open in _parts(typed)) or '""'


def tsquery_expression(typed: str) -> str:
    """Return what ``to_tsquery`` reads for a text; an empty string finds nothing."""
    return " & ".join(f"'{part}'{':*' if is_open else ''}" for part, is_open in _parts(typed))


def _parts(typed: str) -> list[tuple[str, bool]]:
    """Return the parts of what is typed, without punctuation, and whether more letters may follow each."""
    found = []
    for phrase, word in _PARTS.findall(storable(typed)[:MOST_TYPED]):
        part = " ".join((phrase or word).translate(_APART).split())
        if has_words(part):
            found.append((part, bool(word) and _LONG_ENOUGH.search(part) is not None))
    return found


def _in_sqlite(name: str, wanted: str, most: int | None) -> Select[int]:
    index = table(name, column("rowid", Integer), column(name))
    query = select(index.c.rowid.label("id")).where(index.c[name].op("MATCH")(literal(wanted)))
    return query if most is None else query.order_by(index.c.rowid.desc()).limit(most)


def _in_postgresql(record: type[Question | Answer], wanted: str, most: int | None) -> Select[int]:
    words = literal_column(f"{record.__tablename__}.search_words", TSVECTOR)
    asked = func.to_tsquery(literal_column("'simple'", REGCONFIG), wanted)
    query = select(record.id).where(words.op("@@")(asked))
    return query if most is None else query.order_by(record.id.desc()).limit(most)
