"""Questions and answers from a file: a FAQ that somebody has already.

A file is read whole and compared with what is there before anything of it is written; then it is written in
batches, so that a daemon beside it never waits long. A row is known by its question and answer, so importing a
file again, or a longer edition of it, adds only what is new. Imported rows are somebody's own text and not the
log's: they belong to no workspace and no person. Those of an export say where they came from, and count as that
workspace allows (``returning``).

Rows are redacted for training. Whoever approves a file while it is imported approves its answers as they are in
it, and they are given word for word. Of rows that wait only the redacted form is kept, so that is what a curator
approves later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleSource, Split
from supportbot.engine.prompt import TextEncoder
from supportbot.feedback.curation import contradictions
from supportbot.feedback.curation._cleaning import Cleaner
from supportbot.feedback.curation._insert import Candidate, insert_new
from supportbot.feedback.curation._present import add_staged, meet_present
from supportbot.feedback.curation._publishing import approve, replace
from supportbot.feedback.curation.contradictions import Keep
from supportbot.feedback.curation.held_out import Wordings
from supportbot.feedback.curation.import_figures import Found, Imported
from supportbot.feedback.curation.keys import split_of
from supportbot.feedback.curation.reading import ImportFileError, Table, read_table
from supportbot.feedback.curation.returning import Returned, ids_of, meet_origins
from supportbot.feedback.curation.staging import Stage, Staged
from supportbot.knowledge.store import raise_revision

__all__ = ["Found", "ImportFileError", "Imported", "Keep", "Prepared", "import_rows", "prepare_import"]

Told = Callable[[str, int, int | None], None]
"""Is told what is being done, how many rows are done, and of how many, if that is known."""

_BATCH = 1_000
"""Rows in one transaction; SQLite's only writer is kept for well under a second."""


class Prepared:
    """A file that was looked through and of which nothing is written yet; see ``prepare_import``."""

    def __init__(
        self, database: Database, table: Table, stage: Stage, approved_by: str | None, by: str | None = None
    ) -> None:
        self.table = table
        self._database = database
        self._stage = stage
        self._approved_by = approved_by
        self._by = approved_by or by
        self._held: frozenset[str] = frozenset()
        self._prefer: Keep | None = None
        self.found = Found(
            survey=stage.survey,
            answers=0,
            contradictions=0,
            named=(),
            dropped=0,
            held_out=0,
            returned=Returned(),
        )

    async def look_through(self, cleaner: Cleaner, processes: int, prefer: Keep | None, told: Told) -> None:
        """Read the file, and compare it with itself and with what is there."""
        stage = self._stage

        def read() -> None:
            stage.read(self.table, cleaner, lambda rows: told("Reading", rows, None), processes=processes)

        try:
            await asyncio.to_thread(read)
        except asyncio.CancelledError:
            stage.stop()
            raise
        if not stage.survey.rows:
            raise ImportFileError(f"'{self.table.path}' has no rows: add rows with a question and an answer.")
        told("Comparing", 0, None)
        with closing(Wordings()) as wordings:
            returned = await meet_origins(self._database, stage)
            await meet_present(self._database, stage, wordings)
            await contradictions.meet_known(self._database, stage, datetime.now(UTC))
            inside, named = await asyncio.to_thread(contradictions.within, stage)
            dropped = contradictions.drop_older(stage) if prefer is Keep.NEWEST else 0
            outside, more = await asyncio.to_thread(contradictions.against_known, stage)
            if outside and prefer is Keep.NEWEST and self._approved_by is None:
                raise ImportFileError(
                    f"{outside} questions of '{self.table.path}' already have other answers, and "
                    "only approved rows can replace them: add --approve --by NAME, or --keep both."
                )
            await asyncio.to_thread(add_staged, stage, wordings)
            self._held = await asyncio.to_thread(wordings.held_out)
        self._prefer = prefer
        self.found = Found(
            survey=stage.survey,
            answers=stage.count("SELECT count(DISTINCT answer_key) FROM answer"),
            contradictions=inside + outside,
            named=[*named, *more][: contradictions.MOST_NAMED],
            dropped=dropped,
            held_out=sum(self._split(row) is Split.HELD_OUT for batch in stage.batches(_BATCH) for row in batch),
            returned=returned,
        )

    @property
    def is_settled(self) -> bool:
        """Whether there are no contradictions, or it was said which answers are kept."""
        return not self.found.contradictions or self._prefer is not None

    def check(self) -> None:
        """Refuse a file that nobody can import so.

        Raises:
            ImportFileError: it has contradictions, and nobody said which answers are kept.
        """
        if not self.is_settled:
            raise ImportFileError(contradictions.refusal(self.table, self.found.contradictions, self.found.named))

    async def write(self, told: Told) -> Imported:
        """Import the file.

        Raises:
            ImportFileError: see ``check``.
        """
        self.check()
        found, survey, returned = self.found, self.found.survey, self.found.returned
        new = approved = replaced = done = 0
        for batch in self._stage.batches(_BATCH):
            counts = await self._write(batch)
            new, approved, replaced = new + counts[0], approved + counts[1], replaced + counts[2]
            done += len(batch)
            told("Importing", done, survey.wordings - found.dropped - returned.here - returned.gone)
        return Imported(
            rows=survey.rows,
            wordings=survey.wordings,
            answers=found.answers,
            skipped=survey.skipped,
            here=returned.here,
            gone=returned.gone,
            foreign=returned.places.total(),
            contradictions=found.contradictions,
            dropped=found.dropped,
            replaced=replaced,
            new=new,
            approved=approved,
            held_out=found.held_out,
            too_long=survey.too_long,
            contacts=survey.answers_with_contacts,
            redacted=dict(sorted(survey.redacted.items())),
        )

    async def _write(self, batch: Sequence[Staged]) -> tuple[int, int, int]:
        """Write a batch; return how many wordings are new, approved, and replaced by those."""
        now = datetime.now(UTC)
        approved: list[str] = []
        replaced = 0
        async with self._database.write() as session:
            named = {row.place for row in batch if row.place}
            if named or self._approved_by:
                await raise_revision(session)  # before a workspace or a row is held, as everywhere
            places = await ids_of(session, named)
            candidates = [self._candidate(row, places) for row in batch]
            inserted = await insert_new(session, candidates, now, approved_by=self._approved_by)
            if self._approved_by:
                texts = {row.origin: row.text for row in batch}
                approved = await approve(session, texts, inserted, self._approved_by, now)
                if self._prefer is Keep.NEWEST:
                    older = contradictions.replaced_by(self._stage, approved)
                    replaced = await replace(session, older, self._approved_by, now)
            if inserted or approved:
                audit.record(
                    session,
                    actor=self._by or audit.current_user(),
                    action="example.import",
                    subject=f"file:{self.table.path.name}",
                    details={"new": len(inserted), "approved": len(approved)},
                )
        return len(inserted), len(approved), replaced

    def _split(self, row: Staged) -> Split:
        if row.conversation is not None:
            return split_of(row.conversation)
        return Split.HELD_OUT if row.asked in self._held else Split.TRAIN

    def _candidate(self, row: Staged, places: Mapping[tuple[str, str], int]) -> Candidate:
        return Candidate(
            origin=row.origin,
            source=ExampleSource.IMPORT,
            question=row.question,
            answer=row.answer,
            rejected=row.rejected,
            label=ExampleLabel.GOOD if row.good else ExampleLabel.BAD,
            workspace_id=None if row.place is None else places[row.place],
            conversation=row.conversation or row.asked,
            split=self._split(row),
        )


@asynccontextmanager
async def prepare_import(
    database: Database,
    table: Table,
    *,
    approved_by: str | None = None,
    by: str | None = None,
    keep: Collection[str] = (),
    prefer: Keep | None = None,
    tokenizer: TextEncoder | None = None,
    processes: int = 1,
    told: Told = lambda what, done, total: None,
) -> AsyncGenerator[Prepared]:
    """Look a file through, so that a person may see what is in it before it is written.

    Args:
        database: where to.
        table: the file.
        approved_by: the person who approves all rows at once; else they wait for a curator.
        by: the person who imports rows that wait; None for the account of this process.
        keep: what is public although it looks personal, see ``redact``.
        prefer: which of contradictory answers are imported; else such a file is refused.
        tokenizer: of the model that may be trained, to find answers that are too long.
        processes: that redact a long file; more than one only where the main module can be imported again.
        told: see ``Told``.

    Raises:
        ImportFileError: the file cannot be read, has bad lines or no rows.
    """
    if approved_by is not None and not approved_by.strip():
        raise ImportFileError("--approve needs the name of the person who approves: add --by NAME.")
    with closing(Stage()) as stage:
        prepared = Prepared(database, table, stage, approved_by, by)
        await prepared.look_through(Cleaner(tuple(keep), tokenizer), processes, prefer, told)
        yield prepared


async def import_rows(
    database: Database,
    path: Path,
    *,
    approved_by: str | None = None,
    keep: Collection[str] = (),
    columns: Mapping[str, str] | None = None,
    prefer: Keep | None = None,
) -> Imported:
    """Import a file, or nothing of it, without asking; the arguments are those of ``prepare_import``.

    Raises:
        ImportFileError: the file cannot be read, has bad lines or contradicts itself or what is known.
    """
    table = read_table(path, columns=columns)
    async with prepare_import(database, table, approved_by=approved_by, keep=keep, prefer=prefer) as prepared:
        return await prepared.write(lambda what, done, total: None)
