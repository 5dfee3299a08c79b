"""What a person said, where it is repeated to others: in suggestions, in answers that gave theirs, in the audit.

Rows are looked at in pages that lock nothing, and only those that repeat something are written, a few at a time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, func, select, update

from supportbot.db.audit import ERASED
from supportbot.db.models import Answer, Audit, ForeignQuestion, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import OutboxKind
from supportbot.knowledge.store import raise_revision
from supportbot.privacy.found import pages

LEAST_NAME = 6
"""Characters of an id that is nothing else: platforms' ids are longer, and `example:7` is not the person 7."""

LEAST_CHARACTERS = 12
"""Shorter texts are compared as a whole: many texts of nobody contain 'hi'."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What may not be repeated: wordings by entry, and the entries whose answer is gone."""

    wordings: Mapping[int, Collection[str]]
    entries: Collection[int]


async def hide_in_answers(database: Database, gone: Gone, *, after: int = 0) -> tuple[int, int]:
    """Take out of other people's answers what is gone; return how many changed, and the last answer looked at.

    Args:
        database: the log.
        gone: what may not be repeated.
        after: only answers with greater numbers are looked at.
    """
    changed, last = 0, after
    if not gone.wordings and not gone.entries:
        return 0, last
    query = select(Answer.id, Answer.grounds, Answer.question_id).where(
        Answer.id > after, cast(Answer.grounds, String).contains('"entry_id"')
    )
    async for rows in pages(database, query, Answer.id):
        last = rows[-1].id
        hits = [(row, fixed) for row in rows if (fixed := _hidden(row.grounds, gone)) is not None]
        if not hits:
            continue
        async with database.write() as session:
            for row, (grounds, is_emptied) in hits:
                if is_emptied:
                    await session.execute(
                        update(Outbox)
                        # The text of an offer is what its asker wrote.
                        .where(Outbox.answer_id == row.id, Outbox.kind != OutboxKind.ASK_AGAIN)
                        .values(text=ERASED, last_error=None)
                    )
                text = {"text": ERASED} if is_emptied else {}
                await session.execute(update(Answer).where(Answer.id == row.id).values(grounds=grounds, **text))
        changed += len(hits)
    return changed, last


def _hidden(grounds: Mapping[str, Any], gone: Gone) -> tuple[dict[str, Any], bool] | None:
    """Return grounds without what is gone, and whether the answer gave it; None if nothing of it is there."""
    is_emptied = any(one["entry_id"] in gone.entries for one in grounds.get("verified", ()))
    suggestions = [
        {**one, "question": ""} if _is_gone(one, gone) else one for one in grounds.get("suggestions", ())
    ]
    if not is_emptied and suggestions == grounds.get("suggestions", []):
        return None
    # Emptied, not taken out: a button names its suggestion by its place.
    return {**grounds, "suggestions": suggestions}, is_emptied


def _is_gone(suggestion: Mapping[str, Any], gone: Gone) -> bool:
    number = suggestion["entry_id"]
    return number in gone.entries or suggestion["question"] in gone.wordings.get(number, ())


async def hide_in_audit(database: Database, names: Collection[str], texts: Collection[str]) -> int:
    """Take names and texts of a person out of the audit; return how many rows changed."""
    changed = 0
    marks = Marks(names, texts)
    query = select(Audit.id, Audit.actor, Audit.subject, Audit.details)
    async for rows in pages(database, query, Audit.id):
        hits = {}
        for row in rows:
            before = {"actor": row.actor, "subject": row.subject, "details": row.details}
            if (after := marks.hidden(before)) != before:
                hits[row.id] = after
        if hits:
            async with database.write() as session:
                for number, values in hits.items():
                    await session.execute(update(Audit).where(Audit.id == number).values(**values))
            changed += len(hits)
    return changed


async def forget_foreign(database: Database, texts: Collection[str]) -> int:
    """Erase questions that were marked as foreign, if only this person asked them; return how many.

    To be called when the person's own questions are gone, so that only those of others are still there.
    """
    async with database.write() as session:
        rows = (await session.scalars(select(ForeignQuestion))).all()
        theirs = [row for row in rows if row.text in texts]
        if not theirs:
            return 0
        await raise_revision(session)
        gone = 0
        for row in theirs:
            asked = select(func.count()).select_from(Question).where(Question.text == row.text)
            if not await session.scalar(asked):
                await session.delete(row)
                gone += 1
        return gone


class Marks:
    """A person's names and texts, as they are known again within other texts.

    Args:
        names: known as whole words.
        texts: known anywhere, or, if they are short, where nothing else stands.
    """

    def __init__(self, names: Collection[str], texts: Collection[str]) -> None:
        self._short = {text for text in texts if len(text) < LEAST_CHARACTERS}
        # The longest first, or a text that begins another one would leave its end.
        self._long = sorted((text for text in texts if len(text) >= LEAST_CHARACTERS), key=len, reverse=True)
        words = "|".join(map(_as_word, sorted(names, key=len, reverse=True)))
        self._names = re.compile(words) if words else None

    def are_in(self, text: str) -> bool:
        """Return whether a text is, names or holds something of the person."""
        return str(self.hidden(text)) != text

    def hidden(self, value: Any) -> Any:
        """Return a value as JSON has it, without the person."""
        if isinstance(value, str):
            return self._hidden(value)
        if isinstance(value, dict):
            return {key: self.hidden(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.hidden(one) for one in value]
        return value

    def _hidden(self, value: str) -> str:
        if value in self._short:
            return ERASED
        for text in self._long if len(value) >= LEAST_CHARACTERS else ():
            value = value.replace(text, ERASED)
        return self._names.sub(ERASED, value) if self._names else value


def _as_word(name: str) -> str:
    before = r"(?<![\w.-])" if len(name) >= LEAST_NAME else r"(?<![\w:.-])"
    return rf"{before}{re.escape(name)}(?![\w.-])"
