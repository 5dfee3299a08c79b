"""The knowledge of a running bot: what is approved, at most two seconds after it was.

A loop looks at the revision in the database twice a second, reads what is newer, has missing vectors computed and
kept, and puts a new index in place of the old one. The index decides by the nearest wording until a rule is fitted
to it, which happens in the background as well. Everything that takes time runs in threads; the event loop only
swaps references.

On PostgreSQL with pgvector, knowledge that is too large for memory stays in the database: then a ``StoredIndex``
is asked, and the loop keeps its table as new as it kept the index.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from supportbot.knowledge import store, vector_search, wrong_rate
from supportbot.knowledge.calibration import Calibration, LeftOut
from supportbot.knowledge.contents import Contents
from supportbot.knowledge.decision import Decision
from supportbot.knowledge.entries import KnownEntry, Viewer, popular_questions
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.foreign import shipped_foreign
from supportbot.knowledge.index import MOST_FITTED_ANSWERS, Index
from supportbot.knowledge.moving import MOST_IN_MEMORY, Mover
from supportbot.knowledge.small_talk import SmallTalk
from supportbot.knowledge.stored_index import StoredIndex
from supportbot.knowledge.together import Together
from supportbot.knowledge.vectors import Vectors

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5
"""How often the revision is looked at: one indexed row."""

_FIT_FIRST = 1_500
"""Wordings up to which a rule is fitted before anybody is answered from an index: it takes less than a second."""

_AT_A_TIME = 512
"""Texts that are encoded before the database is looked at again: two seconds' worth at most."""


_FAILED_SECONDS = 5.0
"""Pause after the database or the encoder failed."""


class Knowledge:
    """Approved answers that can be asked.

    Args:
        database: where they are kept.
        open_encoder: opens the sentence encoder, or gives None for n-grams alone; called once, in a thread, when
            this follows the database, or when there is something to encode.
        wrong_rate: the share of questions in scope that may be answered wrongly, unless another is chosen in the
            database.
        small_talk: whether greetings and the like are answered.
        most_in_memory: wordings from which on PostgreSQL searches them, if it has pgvector.
    """

    def __init__(
        self,
        database: Database,
        open_encoder: Callable[[], TextEncoder | None],
        *,
        wrong_rate: float,
        small_talk: bool = True,
        most_in_memory: int = MOST_IN_MEMORY,
    ) -> None:
        self._database = database
        self._open_encoder = open_encoder
        self._vectors: Vectors | None = None
        self._opening: asyncio.Future[TextEncoder | None] | None = None
        self.set_rate = wrong_rate
        """The share of wrong answers that holds where none is chosen."""
        self.wrong_rate = wrong_rate
        """The one that holds."""
        self._has_small_talk = small_talk
        self._contents = Contents()
        self._foreign: tuple[str, ...] = ()
        self._consenting: frozenset[int] = frozenset()
        self._revision = 0
        self._is_complete = True
        self._awaited: asyncio.Event | None = None
        self._is_own_expected = False
        self._fitting: asyncio.Task[None] | None = None
        self._mover = Mover(database, wrong_rate=wrong_rate, most_in_memory=most_in_memory)
        self._shown: tuple[KnownEntry, ...] = ()
        self._together = Together()
        self.index: Index | None = None
        self.stored: StoredIndex | None = None
        """What is asked instead of the index, where the knowledge is too large for memory."""
        self.small_talk = SmallTalk(())
        self.problem = ""
        """Why it does not follow the database; empty if it does."""

    @property
    def has_own(self) -> bool:
        """Whether there are live answers of the operator's own, ready to be asked or not yet."""
        if self.stored is not None:
            return self.stored.wordings > 0
        if self._awaited is not None:
            return self._is_own_expected
        return self.index is not None or bool(self._contents.own)

    @property
    def calibration(self) -> Calibration | None:
        """How sure an answer must be; None without any knowledge."""
        asked = self.stored or self.index
        return asked.calibration if asked else None

    @property
    def left_out(self) -> LeftOut | None:
        """What the threshold is based on; None without any knowledge."""
        asked = self.stored or self.index
        return asked.left_out if asked else None

    @property
    def revision(self) -> int:
        """How far it has come."""
        return self._revision

    def examples(self, most: int = 3) -> tuple[str, ...]:
        """Return short questions that anybody may ask, of the entries with the most wordings."""
        return popular_questions(self.index.entries if self.index else self._shown, most)

    async def open(self) -> None:
        """Get ready to ``run``: until that has read everything, whoever asks waits.

        Much knowledge takes seconds to read and index, and a start need not wait for it.

        Raises:
            EncoderError: there is something to look up, and the encoder cannot be used.
        """
        self._awaited = asyncio.Event()
        async with self._database.read() as session:
            self._is_own_expected = await store.count_live(session) > 0
        if self._is_own_expected:
            await self._opened_vectors()

    async def run(self) -> None:
        """Follow the database until cancelled."""
        while True:
            try:
                await self.refresh()
                # Before there is anything to encode, so that the first approval does not wait for it.
                await self._opened_vectors()
                self.problem = ""
                if self._is_complete:
                    self._mover.start()
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
        """Stop what runs in the background."""
        await self._mover.aclose()
        if self._opening is not None:  # a thread that cannot be stopped
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._fitting is not None:
            self._fitting.cancel()
            with suppress(asyncio.CancelledError):
                await self._fitting

    async def refresh(self) -> None:
        """Take over what changed in the database, or go on with what could not be encoded yet.

        Raises:
            EncoderError: the encoder cannot be used.
        """
        await self._follow_rate()
        if self.stored is None and (stored := await self._mover.find(self._revision, self._opened_encoder)):
            await self._take_over(stored)
        if self.stored is not None:
            await self._refresh_stored(self.stored)
        else:
            await self._refresh_index()
        if self._awaited is not None:
            self._awaited.set()
            self._awaited = None

    async def _follow_rate(self) -> None:
        """Take the threshold for the share of wrong answers that is chosen now."""
        async with self._database.read() as session:
            share = await wrong_rate.chosen(session)
        share = self.set_rate if share is None else share
        if share == self.wrong_rate:
            return
        self.wrong_rate = self._mover.wrong_rate = share
        if self.stored is not None:
            self.stored.set_wrong_rate(share)
            await self._keep_calibration_of(self.stored)
        elif self.index is not None:
            self.index = self.index.calibrated(share)
            await self._keep_calibration_of(self.index)

    async def _refresh_index(self) -> None:
        async with self._database.read() as session:
            changes = None
            if await store.current_revision(session) != self._revision:
                changes = await store.changes_since(session, self._revision)
                self._consenting = await store.consenting_workspaces(session)
        if changes is None and self._is_complete:
            return
        # Not so where somebody only chose how often the bot may be wrong: to fit a rule takes up to 20 s.
        is_new = changes is not None and bool(changes.entries or changes.foreign != self._foreign)
        if changes is not None:
            self._contents.take(changes.entries)
            self._foreign = changes.foreign
        self.small_talk = SmallTalk(self._contents.talk if self._has_small_talk else ())
        if is_new:
            self._is_complete = False  # until it is, so that a failure is tried again
        if not self._is_complete:
            await self._rebuild(self._contents.own, is_changed=is_new)
        self._contents.settle()
        if changes is not None:  # only now: a failure before this line is tried again
            self._revision = changes.revision
            log.info("knowledge.refreshed", revision=self._revision, entries=len(self._contents))

    async def _take_over(self, stored: StoredIndex) -> None:
        """Ask the index in the database from now on."""
        if self._fitting is not None:
            self._fitting.cancel()
            self._fitting = None
        if stored.wrong_rate != self.wrong_rate:  # another was chosen while it was made
            stored.set_wrong_rate(self.wrong_rate)
        # Its table may lack what was approved while nobody followed, so what comes next looks at everything.
        self.stored, self.index, self._vectors = stored, None, None
        self._contents, self._revision, self._is_complete = Contents(), 0, False
        await self._keep_calibration_of(stored)

    async def _refresh_stored(self, stored: StoredIndex) -> None:
        async with self._database.read() as session:
            revision = await store.current_revision(session)
            if revision == self._revision and self._is_complete:
                return
            self._consenting = await store.consenting_workspaces(session)
            self._foreign = await store.foreign_questions(session)
            talk = await store.small_talk(session)
            shown = await vector_search.most_worded(session)
            self._shown = tuple(await store.entries(session, shown))
        self.small_talk = SmallTalk(talk if self._has_small_talk else ())
        self._is_complete = await stored.follow(self._revision)
        if self._is_complete:
            self._revision = revision
            log.info("knowledge.refreshed", revision=revision, wordings=stored.wordings)
        if stored.is_outgrown(self._foreign) and (self._fitting is None or self._fitting.done()):
            self._fitting = asyncio.create_task(self._calibrate_again(stored), name="knowledge-calibrate")

    async def _calibrate_again(self, stored: StoredIndex) -> None:
        try:
            await stored.calibrate(self._foreign)
            await self._keep_calibration_of(stored)
        except Exception:
            log.exception("knowledge.calibration_failed")

    async def decide(self, question: str, workspace_id: int | None) -> Decision | None:
        """Return what is known about a normalised question; None without any knowledge.

        Args:
            question: normalised.
            workspace_id: where it was asked; None for an operator, who sees everything.
        """
        if self._awaited is not None:
            await self._awaited.wait()
        viewer = self.viewer(workspace_id)
        if self.stored is not None:
            return await self.stored.decide(question, viewer)
        if (index := self.index) is None:
            return None
        return await self._together.decide(index, question, viewer)

    def viewer(self, workspace_id: int | None) -> Viewer:
        """Return what somebody who asks at this moment may be told; see ``decide``."""
        return Viewer(
            workspace_id=workspace_id, consenting=self._consenting, now=datetime.now(UTC), gone=self._contents.gone
        )

    async def _rebuild(self, own: Sequence[KnownEntry], *, is_changed: bool) -> None:
        if not own:
            self.index, self._is_complete = None, True
            return
        vectors = await self._opened_vectors()
        self._is_complete = await vectors.complete(
            own, most=_AT_A_TIME, with_tokens=len(own) <= MOST_FITTED_ANSWERS
        )
        ready = [entry for entry in own if vectors.has(entry)]
        # While very much is being encoded, what is ready goes live whenever it has doubled.
        known = len(self.index.wordings) if self.index else 0
        if not self._is_complete and not is_changed and sum(len(one.wordings) for one in ready) < 2 * known:
            return
        if not ready:  # and what was ready before may be retired, so it is not given any more
            self.index = None
            return
        index = await asyncio.to_thread(
            Index,
            ready,
            vectors.encoder,
            vectors.of_wordings(ready),
            vectors.of_answers(ready),
            tokens=vectors.of_tokens(ready),
            foreign=self._foreign,
            wrong_rate=self.wrong_rate,
        )
        if len(index.wordings) <= _FIT_FIRST:
            index = await self._fitted(index)
        self.index = index
        if index.rule is not None:
            await self._keep_calibration_of(index)
        if index.rule is None and (self._fitting is None or self._fitting.done()):
            self._fitting = asyncio.create_task(self._fit_latest(), name="knowledge-fit")

    async def _opened_vectors(self) -> Vectors:
        if self._vectors is None:
            if self._opening is None or self._opening.done():  # one that failed is tried again
                self._opening = asyncio.ensure_future(asyncio.to_thread(self._open_encoder))
            self._vectors = Vectors(self._database, await asyncio.shield(self._opening))
        return self._vectors

    async def _opened_encoder(self) -> TextEncoder | None:
        return (await self._opened_vectors()).encoder

    async def _fit_latest(self) -> None:
        """Fit a rule to the index, and to the one that took its place meanwhile, until it is that of today."""
        while (index := self.index) is not None and index.rule is None:
            try:
                fitted = await self._fitted(index)
                if self.index is index:
                    self.index = fitted
                    await self._keep_calibration_of(fitted)
                    return
            except Exception:
                log.exception("knowledge.fit_failed")
                return

    async def _fitted(self, index: Index) -> Index:
        foreign = shipped_foreign()
        vectors = await self._vectors.of_foreign() if self._vectors else None
        return await asyncio.to_thread(index.fitted, foreign, vectors)

    async def _keep_calibration_of(self, asked: Index | StoredIndex) -> None:
        entries, wordings = (
            (len(asked.entries), len(asked.wordings))
            if isinstance(asked, Index)
            else (asked.entries, asked.wordings)
        )
        record = asked.calibration.as_record() | {"entries": entries, "wordings": wordings}
        async with self._database.write() as session:
            await store.store_calibration(session, record)
        log.info("knowledge.calibrated", **record)
