"""Questions redacted and encoded, as gaps need them: each once, and ahead of anybody who looks.

To encode five hundred questions takes seconds of a core. A daemon does it when they have come, a few at a time and
while nobody is being answered, so that whoever opens the page waits for nothing. What is erased is forgotten with
the next look, and of very many the ones that were looked at longest ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import structlog
from sqlalchemy import select

from supportbot.db import clock
from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.feedback.curation._insert import clean
from supportbot.insights.period import Days
from supportbot.knowledge.features import Floats, TextEncoder
from supportbot.knowledge.grouping import encoded
from supportbot.statistics.unmet import MOST_UNMET, Unmet, read_unmet

log = structlog.get_logger(__name__)

MOST_KEPT = 4 * MOST_UNMET
"""Questions that are remembered, with 1.5 KB of numbers each: periods and workspaces have different ones."""

_AT_A_TIME = 8
"""Questions that are encoded before it is looked again whether somebody is being answered: 40 ms of one core."""

_SECONDS = 30.0
"""Between two looks at what has come."""


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A question, redacted and encoded.

    Attributes:
        meaning: what was encoded, as it was asked.
        text: likewise, redacted.
        vector: of the text.
    """

    meaning: str
    text: str
    vector: Floats


class Prepared:
    """Questions that are ready, by their numbers.

    Args:
        open_encoder: what compares meanings, opened when it is needed; its result is None for letters alone.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """

    def __init__(self, open_encoder: Callable[[], TextEncoder | None], keep: Collection[str]) -> None:
        self._open_encoder = open_encoder
        self._keep = keep
        self._ready: dict[int, Ready] = {}

    @property
    def ids(self) -> list[int]:
        """The numbers of all that are remembered."""
        return list(self._ready)

    def missing(self, unmet: Sequence[Unmet]) -> list[Unmet]:
        """Return those that are new, or mean something else by now."""
        return _missing(self._ready, unmet)

    def prepare(self, unmet: Sequence[Unmet]) -> dict[int, Ready]:
        """Return questions by their numbers, redacted and encoded as far as they are new; blocks."""
        before = self._ready
        new = _missing(before, unmet)
        texts = [clean(one.meaning, self._keep) for one in new]
        vectors: Iterable[Floats] = encoded(self._open_encoder(), texts) if new else ()
        fresh = {
            one.question_id: Ready(one.meaning, text, vector)
            for one, text, vector in zip(new, texts, vectors, strict=True)
        }
        looked_at = {one.question_id: fresh.get(one.question_id) or before[one.question_id] for one in unmet}
        # In the order in which they were looked at last; another dict, since somebody may be reading this one in
        # another thread. If somebody prepares others at the same time, one of both is done once more.
        kept = {number: one for number, one in before.items() if number not in looked_at} | looked_at
        self._ready = dict(islice(kept.items(), max(len(kept) - MOST_KEPT, 0), None))
        return looked_at

    def keep_only(self, question_ids: Collection[int]) -> None:
        """Forget all others."""
        self._ready = {number: one for number, one in self._ready.items() if number in question_ids}


def _missing(ready: Mapping[int, Ready], unmet: Sequence[Unmet]) -> list[Unmet]:
    return [one for one in unmet if one.question_id not in ready or ready[one.question_id].meaning != one.meaning]


async def _at_once() -> None:
    """Wait for nobody."""


async def follow(database: Database, prepared: Prepared, until_quiet: Callable[[], Awaitable[None]]) -> None:
    """Prepare what has come, and forget what is gone, until cancelled.

    Args:
        database: the record.
        prepared: what is ready.
        until_quiet: returns when nobody is being answered.
    """
    days = Days.MONTH
    while True:
        await asyncio.sleep(_SECONDS)
        try:
            await prepare_ahead(database, prepared, days, until_quiet)
            days = Days.ONE  # older ones are ready, except those that are voted down late
        except Exception:
            # A restarting PostgreSQL, or a full disk: whoever looks meanwhile waits a little longer.
            log.exception("gaps.not_prepared")


async def prepare_ahead(
    database: Database, prepared: Prepared, days: Days, until_quiet: Callable[[], Awaitable[None]] = _at_once
) -> None:
    """Prepare the questions of some days, a few at a time; see ``follow``."""
    async with database.read() as session:
        unmet = await read_unmet(session, None, await clock.now(session) - timedelta(days=days))
        there = set(await session.scalars(select(Question.id).where(Question.id.in_(prepared.ids))))
    prepared.keep_only(there)
    missing = prepared.missing(unmet)
    for start in range(0, len(missing), _AT_A_TIME):
        await until_quiet()
        await asyncio.to_thread(prepared.prepare, missing[start : start + _AT_A_TIME])
