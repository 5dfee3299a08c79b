"""The vectors of all live wordings in PostgreSQL, in a table that pgvector searches.

It is made at run time, once the knowledge is too large for memory, since migrations must run on servers without
pgvector and on SQLite. Each encoder has a table of its own, named after its digest, so that daemons with different
encoders leave one another alone. A row says of which text it was made: one of a text that was edited since counts
as missing. A wording that is deleted takes its row along; rows of retired entries are deleted by whoever follows.

Several daemons may do all of this at once. This module knows neither questions nor decisions.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from supportbot.db.models import RUNTIME_TABLES, Entry
from supportbot.db.models import Wording as WordingRow
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.errors import DatabaseError
from supportbot.knowledge.features import Floats, TextEncoder
from supportbot.knowledge.pgvector import MOST_DIMENSIONS, HalfVector, have_extension, reason, written

_LOCK = 0x5375_7070_6F72_7401
"""Whoever makes the table or writes to it holds this advisory lock until its transaction ends."""

_BUILD_LOCK = _LOCK + 1
"""Whoever builds the index holds this one; apart from the other, since building takes minutes."""

_BUILD_POLL_SECONDS = 0.5
_LEAST_BUILD_MB, _MOST_BUILD_MB = 64, 2_048
_OVERHEAD_BYTES = 600  # of a row in the index while it is built, beside its numbers

# Tables, not records: lists of rows are read, and nothing is done with them that records are for.
ENTRY_TABLE, WORDING_TABLE = Entry.__table__, WordingRow.__table__
ENTRY, WORDING = ENTRY_TABLE.c, WORDING_TABLE.c

LIVE = (ENTRY.state == EntryState.LIVE, ENTRY.source != EntrySource.SMALL_TALK)
"""What can be asked: small talk is found in another way."""


@dataclass(frozen=True, slots=True)
class Row:
    """A wording as it is searched.

    Attributes:
        wording_id: its number.
        text: as it was when the vector was made.
        question: normalised, for comparing n-grams.
        key: of the question to the letter, see ``key_of``.
        vector: unit, ``[d]``.
    """

    wording_id: int
    text: str
    question: str
    key: int
    vector: Floats


class VectorTable:
    """The table of one encoder; made by ``open``.

    Args:
        database: a PostgreSQL with pgvector.
        encoder: whose vectors it holds.
    """

    def __init__(self, database: Database, encoder: TextEncoder) -> None:
        self.database = database
        self.encoder = encoder
        self.type = HalfVector(encoder.dimensions)
        name = f"{RUNTIME_TABLES}{hashlib.sha256(encoder.digest.encode()).hexdigest()[:12]}"
        number = WORDING.id
        self.table = Table(
            name,
            MetaData(),  # its own: migrations know nothing of it
            Column("wording_id", BigInteger, ForeignKey(number, ondelete="CASCADE"), primary_key=True),
            Column("text_digest", Uuid, nullable=False),
            Column("question", Text, nullable=False),
            Column("question_key", BigInteger, nullable=False, index=True),
            Column("vector", self.type, nullable=False),
        )
        self._index = f"ix_{name}_hnsw"

    @classmethod
    async def open(cls, database: Database, encoder: TextEncoder) -> VectorTable:
        """Make the extension and the table where they are missing.

        Raises:
            DatabaseError: that cannot be; the sentence says what to do.
        """
        if encoder.dimensions > MOST_DIMENSIONS:
            raise DatabaseError(f"pgvector indexes {MOST_DIMENSIONS} dimensions, the encoder has more.")
        found = cls(database, encoder)
        async with _locked(database) as session:
            await have_extension(session)
            connection = await session.connection()
            try:
                await connection.run_sync(found.table.create, checkfirst=True)
            except DBAPIError as error:
                raise DatabaseError(
                    f"The table {found.table.name} cannot be made ({reason(error)}): let this role create tables."
                ) from error
        return found

    async def is_indexed(self) -> bool:
        """Return whether the index is there and whole, so that the table was filled once."""
        async with self.database.read() as session:
            return await self._index_state(await session.connection()) is True

    async def missing(self, session: AsyncSession, after: int, most: int) -> dict[int, int]:
        """Return live wordings that have no row of their text, and their entries, the newest entries first.

        Args:
            session: reads.
            after: only entries that changed after this revision are looked at.
            most: rows to return at most.
        """
        found = await session.execute(
            select(WORDING.id, WORDING.entry_id)
            .join(ENTRY_TABLE, ENTRY.id == WORDING.entry_id)
            .outerjoin(self.table, and_(self.table.c.wording_id == WORDING.id, self.is_of_text))
            .where(self.table.c.wording_id.is_(None), *LIVE, ENTRY.revision > after)
            .order_by(WORDING.entry_id.desc(), WORDING.id)
            .limit(most)
        )
        return {row.id: row.entry_id for row in found}

    async def missing_answers(self, session: AsyncSession, after: int, most: int) -> list[int]:
        """Return live entries whose answer has no vector of this encoder; see ``missing``."""
        stale = or_(ENTRY.encoder.is_(None), ENTRY.encoder != self.encoder.digest, ENTRY.vector.is_(None))
        query = select(ENTRY.id).where(stale, *LIVE, ENTRY.revision > after)
        return list(await session.scalars(query.order_by(ENTRY.id.desc()).limit(most)))

    async def add(self, rows: Sequence[Row]) -> None:
        """Add rows, or replace those of other texts; wordings that are gone or changed since are left out."""
        if not rows:
            return
        put = text(
            f"INSERT INTO {self.table.name} (wording_id, text_digest, question, question_key, vector) "  # noqa: S608
            f"SELECT id, CAST(md5(text) AS uuid), :question, :key, CAST(:vector AS {self.type.get_col_spec()}) "
            # Not waited for: who deletes wordings may hold one and wait for another that is locked here.
            "FROM wording WHERE id = :id AND text = :text FOR KEY SHARE SKIP LOCKED "
            "ON CONFLICT (wording_id) DO UPDATE SET text_digest = excluded.text_digest, "
            "question = excluded.question, question_key = excluded.question_key, vector = excluded.vector"
        )
        values = await asyncio.to_thread(
            lambda: [
                {"id": row.wording_id, "text": row.text, "question": row.question, "key": row.key}
                | {"vector": written(row.vector)}
                for row in rows
            ]
        )
        async with _locked(self.database) as session:
            await session.execute(put, values)

    async def forget(self, after: int) -> None:
        """Delete the rows of entries that were retired after a revision."""
        gone = (
            select(self.table.c.wording_id)
            .join(WORDING_TABLE, WORDING.id == self.table.c.wording_id)
            .join(ENTRY_TABLE, ENTRY.id == WORDING.entry_id)
            .where(ENTRY.state != EntryState.LIVE, ENTRY.revision > after)
            .with_for_update(of=self.table, skip_locked=True)
        )
        async with _locked(self.database) as session:
            await session.execute(self.table.delete().where(self.table.c.wording_id.in_(gone)))

    async def build_index(self) -> None:
        """Build the index, or wait for another daemon that does; minutes for 100,000 rows, without locking out."""
        engine = self.database.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            # Tried again and again: a statement that waits for the lock would be waited for by the build.
            lock = select(func.pg_try_advisory_lock(_BUILD_LOCK))
            while not await connection.scalar(lock):  # noqa: ASYNC110 - another daemon's doing, which rings no bell
                await asyncio.sleep(_BUILD_POLL_SECONDS)
            try:
                await self._build(connection)
            finally:
                await connection.execute(select(func.pg_advisory_unlock(_BUILD_LOCK)))

    async def _build(self, connection: AsyncConnection) -> None:
        if (state := await self._index_state(connection)) is True:
            return
        if state is False:  # what a build leaves that was broken off
            await connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {self._index}"))
        rows = await connection.scalar(select(func.count()).select_from(self.table)) or 0
        needed = rows * (2 * self.encoder.dimensions + _OVERHEAD_BYTES) // 2**20
        memory = min(max(needed, _LEAST_BUILD_MB), _MOST_BUILD_MB)
        await connection.execute(text(f"SET maintenance_work_mem = '{memory}MB'"))
        try:
            # Products, which are cosines here: vectors are unit, and one of zeros is not left out.
            await connection.execute(
                text(
                    f"CREATE INDEX CONCURRENTLY {self._index} ON {self.table.name} "
                    "USING hnsw (vector halfvec_ip_ops)"
                )
            )
            await connection.execute(text(f"ANALYZE {self.table.name}, wording, entry"))
        finally:
            await connection.execute(text("RESET maintenance_work_mem"))

    async def _index_state(self, connection: AsyncConnection) -> bool | None:
        """Return whether the index is whole; None if there is none."""
        found: bool | None = await connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": self._index}
        )
        return found

    @property
    def is_of_text(self) -> ColumnElement[bool]:
        """Whether a row was made of what its wording says today."""
        return self.table.c.text_digest == cast(func.md5(WORDING.text), Uuid)

    def rows(self, *columns: Any) -> Select[Any]:
        """Return a query of live wordings that can be searched, with ``Entry`` and ``Wording`` joined."""
        return (
            select(*columns)
            .select_from(self.table)
            .join(WORDING_TABLE, and_(WORDING.id == self.table.c.wording_id, self.is_of_text))
            .join(ENTRY_TABLE, ENTRY.id == WORDING.entry_id)
            .where(*LIVE)
        )


def key_of(question: str) -> int:
    """Return 64 bits, signed, that are the same for questions that are the same to the letter.

    Args:
        question: folded.
    """
    digest = hashlib.blake2b(question.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@asynccontextmanager
async def _locked(database: Database) -> AsyncGenerator[AsyncSession]:
    async with database.write() as session:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        yield session
