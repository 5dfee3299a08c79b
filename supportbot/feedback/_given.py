"""Checks a curator's input for an entry before anything is opened: texts, times, wordings.

This module knows no database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from supportbot.db.base import storable
from supportbot.feedback._wordings import typed
from supportbot.feedback.curation._insert import Candidate, redacted
from supportbot.knowledge.claims import as_asked
from supportbot.knowledge.manage import KnowledgeError


def check_text(text: str) -> str:
    """Return a text as it can be kept.

    Raises:
        KnowledgeError: it is empty.
    """
    if not (kept := storable(text).strip()):
        raise KnowledgeError('A question or an answer cannot be empty: give it in quotes, as in --answer "Yes."')
    return kept


def check_validity(valid_until: datetime | None) -> None:
    """Refuse a time that is over.

    Raises:
        KnowledgeError: it is.
    """
    if valid_until is not None and valid_until <= datetime.now(UTC):
        raise KnowledgeError(
            f"{valid_until.astimezone():%Y-%m-%d %H:%M} is in the past: give a later --valid-until, or retire "
            "the entry with `supportbot knowledge retire`."
        )


async def rows_of(
    questions: Sequence[str],
    answer: str,
    workspace_id: int | None,
    keep: Collection[str],
    heard: Sequence[Candidate] = (),
) -> list[Candidate]:
    """Return what was typed, and what was heard, as rows for training, each question once.

    Raises:
        KnowledgeError: a question has nothing to read.
    """
    given: dict[str, str] = {}
    for text in map(check_text, questions):
        given.setdefault(as_asked(text), text)
    rows = await asyncio.to_thread(
        lambda: [redacted(typed(text, answer, workspace_id), keep) for text in given.values()]
    )
    if not all(row.question for row in rows):
        raise KnowledgeError("A wording must not be empty: without control characters, nothing is left of it.")
    typed_ones = {as_asked(row.question) for row in rows}
    found: dict[tuple[str, int | None], Candidate] = {}  # each workspace has its own: not all of them share theirs
    for row in await asyncio.to_thread(lambda: [redacted(one, keep) for one in heard]):
        if row.question and (text := as_asked(row.question)) not in typed_ones:
            found.setdefault((text, row.workspace_id), row)
    return [*rows, *found.values()]
