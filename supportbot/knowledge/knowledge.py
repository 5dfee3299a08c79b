"""The knowledge of a running bot: what is approved, at most two seconds after it was.

A loop looks at the revision in the database twice a second, reads what is newer, has missing vectors computed and
kept, and puts a new index in place of the old one. The index decides by the nearest wording until a rule is fitted
to it, which happens in the background as well. Everything that takes time runs in threads; the event loop only
swaps references.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import resources
from itertools import islice

import structlog

from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.errors import SupportBotError
from supportbot.knowledge import store
from supportbot.knowledge.entries import KnownEntry, Viewer
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.index import Decision, Index
from supportbot.knowledge.small_talk import SmallTalk
from supportbot.knowledge.vectors import Vectors

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
"""How often the revision is looked at: one indexed row."""

_FIT_FIRST = 1_500
"""Wordings up to which a rule is fitted before anybody is answered from an index: it takes less than a second."""

_AT_A_TIME = 512
"""Texts that are encoded before what is ready goes live; as many as are live already, if those are more."""

_EXAMPLE_LENGTH = 70
"""Characters of a question that fits on a button."""

_FAILED_SECONDS = 5.0
"""Pause after the database or the encoder failed."""


class Knowledge:
    """Approved answers that can be asked.

    Args:
        database: where they are kept.
        open_encoder: opens the sentence encoder, or gives None for n-grams alone; called once, in a thread, when
            this follows the database, or when there is something to encode.
        wrong_rate: the share of questions in scope that may be answered wrongly.
        small_talk: whether greetings and the like are answered.
    """

    def __init__(
        self,
        database: Database,
        open_encoder: Callable[[], TextEncoder | None],
        *,
        wrong_rate: float,
        small_talk: bool = True,
    ) -> None:
        self._database = database
        self._open_encoder = open_encoder
        self._vectors: Vectors | None = None
        self._wrong_rate = wrong_rate
        self._has_small_talk = small_talk
        self._entries: dict[int, KnownEntry] = {}
        self._foreign: tuple[str, ...] = ()
        self._consenting: frozenset[int] = frozenset()
        self._revision = 0
        self._is_complete = True
        self._fitting: asyncio.Task[None] | None = None
        self.index: Index | None = None
        self.small_talk = SmallTalk(())
        self.problem = ""
        """Why it does not follow the database; empty if it does."""

    @property
    def has_own(self) -> bool:
        """Whether there are live answers of the operator's own, ready to be asked or not yet."""
        return self.index is not None or any(
            entry.source is not EntrySource.SMALL_TALK for entry in self._entries.values()
        )

    def examples(self, most: int = 3) -> tuple[str, ...]:
        """Return short questions that anybody may ask, of the entries with the most wordings."""
        entries = self.index.entries if self.index else ()
        ranked = sorted(entries, key=lambda entry: (-len(entry.wordings), entry.id))
        public = (entry.wordings for entry in ranked if entry.workspace_id is None and entry.valid_until is None)
        short = (
            [one.text for one in wordings if one.workspace_id is None and len(one.text) <= _EXAMPLE_LENGTH]
            for wordings in public
        )
        return tuple(islice((texts[0] for texts in short if texts), most))

    async def run(self) -> None:
        """Follow the database until cancelled."""
        while True:
            try:
                await self.refresh()
                # Before there is anything to encode, so that the first approval does not wait for it.
                await self._opened()
                self.problem = ""
            except SupportBotError as error:
                if self.problem != str(error):  # said once, not every time
                    log.error("knowledge.refresh_failed", error=str(error))
                self.problem = str(error)
                await asyncio.sleep(_FAILED_SECONDS)
            except Exception:
                # A restarting PostgreSQL, or a full disk: what is known stays known.
                log.exception("knowledge.refresh_failed")
                self.problem = "what changed cannot be read; the log says why"
                await asyncio.sleep(_FAILED_SECONDS)
            if self._is_complete:
                await asyncio.sleep(POLL_SECONDS)

    async def load(self) -> None:
        """Take over everything, however long it takes, fitted rule included."""
        await self.refresh()
        while not self._is_complete:
            await self.refresh()
        if self._fitting is not None:
            await self._fitting

    async def aclose(self) -> None:
        """Stop fitting."""
        if self._fitting is not None:
            self._fitting.cancel()
            with suppress(asyncio.CancelledError):
                await self._fitting

    async def refresh(self, *, fit_first: bool = True) -> None:
        """Take over what changed in the database, or go on with what could not be encoded yet.

        Args:
            fit_first: whether a rule is fitted before anybody is answered, where that takes less than a second;
                else, and for more wordings, it is fitted in the background.

        Raises:
            EncoderError: the encoder cannot be used.
        """
        async with self._database.read() as session:
            changes = None
            if await store.current_revision(session) != self._revision:
                changes = await store.changes_since(session, self._revision)
                self._consenting = await store.consenting_workspaces(session)
        if changes is None and self._is_complete:
            return
        if changes is not None:
            for entry in changes.entries:
                if entry.state is EntryState.LIVE and entry.wordings:
                    self._entries[entry.id] = entry
                else:
                    self._entries.pop(entry.id, None)
            self._foreign = changes.foreign
        talk = [entry for entry in self._entries.values() if entry.source is EntrySource.SMALL_TALK]
        self.small_talk = SmallTalk(talk if self._has_small_talk else ())
        own = [entry for entry in self._entries.values() if entry.source is not EntrySource.SMALL_TALK]
        await self._rebuild(own, fit_first=fit_first)
        if changes is not None:  # only now: a failure before this line is tried again
            self._revision = changes.revision
            log.info("knowledge.refreshed", revision=self._revision, entries=len(self._entries))

    async def decide(self, question: str, workspace_id: int | None) -> Decision | None:
        """Return what is known about a normalised question; None without any knowledge.

        Args:
            question: normalised.
            workspace_id: where it was asked; None for an operator, who sees everything.
        """
        if (index := self.index) is None:
            return None
        viewer = Viewer(workspace_id=workspace_id, consenting=self._consenting, now=datetime.now(UTC))
        return await asyncio.to_thread(index.decide, question, viewer)

    async def _rebuild(self, own: Sequence[KnownEntry], *, fit_first: bool) -> None:
        if not own:
            self.index, self._is_complete = None, True
            return
        vectors = await self._opened()
        known = len(self.index.wordings) if self.index else 0
        self._is_complete = await vectors.complete(own, most=max(_AT_A_TIME, known))
        ready = [entry for entry in own if vectors.has(entry)]
        if not ready:  # and what was ready before may be retired, so it is not given any more
            self.index = None
            return
        index = await asyncio.to_thread(
            Index,
            ready,
            vectors.encoder,
            vectors.of_wordings(ready),
            vectors.of_answers(ready),
            foreign=self._foreign,
            wrong_rate=self._wrong_rate,
        )
        if fit_first and len(index.wordings) <= _FIT_FIRST:
            index = await self._fitted(index)
        self.index = index
        if index.rule is not None:
            await self._keep_calibration(index)
        if index.rule is None and (self._fitting is None or self._fitting.done()):
            self._fitting = asyncio.create_task(self._fit_latest(), name="knowledge-fit")

    async def _opened(self) -> Vectors:
        if self._vectors is None:
            self._vectors = Vectors(self._database, await asyncio.to_thread(self._open_encoder))
        return self._vectors

    async def _fit_latest(self) -> None:
        """Fit a rule to the index, and to the one that took its place meanwhile, until it is that of today."""
        while (index := self.index) is not None and index.rule is None:
            try:
                fitted = await self._fitted(index)
                if self.index is index:
                    self.index = fitted
                    await self._keep_calibration(fitted)
                    return
            except Exception:
                log.exception("knowledge.fit_failed")
                return

    async def _fitted(self, index: Index) -> Index:
        foreign = shipped_foreign()
        vectors = await self._vectors.of_foreign(foreign) if self._vectors else None
        return await asyncio.to_thread(index.fitted, foreign, vectors)

    async def _keep_calibration(self, index: Index) -> None:
        record = index.calibration.as_record() | {"entries": len(index.entries), "wordings": len(index.wordings)}
        async with self._database.write() as session:
            await store.store_calibration(session, record)
        log.info("knowledge.calibrated", **record)


def shipped_foreign() -> list[str]:
    """Return the questions that hardly any FAQ answers, as they ship with the program."""
    text = resources.files("supportbot.knowledge").joinpath("foreign.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
