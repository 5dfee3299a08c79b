"""Full-text search: what people type, as both databases are asked for it.

The typed text is a list of words. A question, or one of its answers, must contain all of them, and words in
quotation marks together. A word of three letters or more also finds longer ones that begin with it, since the
module knows no language's endings. Typed text is never the syntax of a query.

The indexes are made by migrations (their names begin with ``search_``): on SQLite an FTS5 table beside each table,
on PostgreSQL a column of words with a GIN index.
"""

from __future__ import annotations

import re
import string

from sqlalchemy import (
    Boolean,
    ColumnElement,
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


def matching_texts(typed: str, *, is_sqlite: bool) -> tuple[Select[int], Select[int]]:
    """Return queries for the numbers of the questions, and of those with an answer, in which all words stand.

    Args:
        typed: the text of the search field.
        is_sqlite: which of the two databases is asked.
    """
    if is_sqlite:
        in_answers = Answer.id.in_(fts_matches("search_answer", typed))
        return fts_matches("search_question", typed), select(Answer.question_id).where(in_answers)
    in_questions = select(Question.id).where(tsvector_matches(Question, typed))
    return in_questions, select(Answer.question_id).where(tsvector_matches(Answer, typed))


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


def fts_matches(name: str, typed: str) -> Select[int]:
    """Return a query for the numbers of the rows that an index of SQLite finds."""
    index = table(name, column("rowid", Integer), column(name))
    return select(index.c.rowid.label("id")).where(index.c[name].op("MATCH")(literal(match_expression(typed))))


def tsvector_matches(record: type[Question | Answer], typed: str) -> ColumnElement[bool]:
    """Return the condition that PostgreSQL finds what is typed in a row."""
    words = literal_column(f"{record.__tablename__}.search_words", TSVECTOR)
    asked = func.to_tsquery(literal_column("'simple'", REGCONFIG), tsquery_expression(typed))
    return words.op("@@", return_type=Boolean())(asked)


def has_phrase(typed: str) -> bool:
    """Return whether words are wanted that stand together."""
    return any(" " in part for part, _ in _parts(typed))
