"""Small talk: what people say to a bot besides asking, and the short answers that ship for it.

The answers are entries like any other, so a curator can edit or retire them. But they never compete with the
operator's own answers: a text is small talk only if it is one of the wordings, give or take a letter. A greeting
before a question is already cut off (``intake.normalise``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

import yaml
from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Entry, Wording
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.store import answer_key, raise_revision

_LEAST_RATIO = 88
"""Of a hundred, rapidfuzz's ratio: one slip in eight letters."""

_LEAST_LETTERS = 5
"""Shorter texts must be the same to the letter: "no" is not "not"."""

_MOST_WORDS = 8
_SIGNS = re.compile(r"[^\w\s]|_")
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")


@dataclass(frozen=True, slots=True)
class ShippedTalk:
    """An answer that ships, with its wordings."""

    answer: str
    wordings: tuple[str, ...]


class SmallTalk:
    """Entries of small talk that can be asked.

    Args:
        entries: those that are live.
    """

    def __init__(self, entries: Sequence[KnownEntry]) -> None:
        self._owners = {plain(wording.text): entry for entry in entries for wording in entry.wordings}

    def find(self, question: str) -> KnownEntry | None:
        """Return the entry that answers a text, if it is small talk.

        Args:
            question: normalised.
        """
        text = plain(question)
        if text in self._owners:
            return self._owners[text]
        if len(text) < _LEAST_LETTERS or len(text.split()) > _MOST_WORDS:
            return None
        near = process.extractOne(text, self._owners.keys(), scorer=fuzz.ratio, score_cutoff=_LEAST_RATIO)
        return self._owners[near[0]] if near and len(near[0]) >= _LEAST_LETTERS else None


def plain(text: str) -> str:
    """Return a text without case, signs and drawn-out letters: "Heyyy!!" is "hey"."""
    words = " ".join(_SIGNS.sub("", text.casefold()).split())
    return _DRAWN_OUT.sub(r"\1", words)


def shipped() -> list[ShippedTalk]:
    """Return what ships with the program."""
    text = resources.files("supportbot.knowledge").joinpath("small_talk.yaml").read_text("utf-8")
    # With the base loader "no" is a word; the others read it as false. It makes nothing but texts, lists and maps.
    talks = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    return [ShippedTalk(one["answer"], tuple(one["wordings"])) for one in talks]


async def install(session: AsyncSession) -> int:
    """Add what ships and was never installed here; what a curator edited or retired stays as it is.

    Returns:
        How many entries were added.
    """
    if await session.scalar(select(Entry.id).where(Entry.source == EntrySource.SMALL_TALK).limit(1)) is not None:
        return 0
    revision, now = await raise_revision(session), datetime.now(UTC)
    talks = shipped()
    for talk in talks:
        entry = Entry(
            answer=talk.answer,
            answer_key=answer_key(talk.answer),
            source=EntrySource.SMALL_TALK,
            approved_by="",
            approved_at=now,
            state=EntryState.LIVE,
            revision=revision,
            created_at=now,
        )
        session.add(entry)
        await session.flush()
        session.add_all(Wording(entry_id=entry.id, text=text) for text in talk.wordings)
    return len(talks)
