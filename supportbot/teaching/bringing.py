"""What a curator brings: a file of questions and answers, or documents; looked through first, written on a word.

The commands ``import`` and ``learn`` do the same with files that are here already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.errors import ModelError
from supportbot.feedback.curation.documents import learning
from supportbot.feedback.curation.documents.errors import DocumentError
from supportbot.feedback.curation.documents.fetching import is_address
from supportbot.feedback.curation.imports import Keep, Prepared, Told, prepare_import
from supportbot.feedback.curation.reading import read_table
from supportbot.models.registry import Registry, starter_directory
from supportbot.teaching.uploads import Upload

if TYPE_CHECKING:
    from supportbot.engine.tokenizer import ModelTokenizer


class Bringing:
    """Takes files and documents in.

    Args:
        database: where to.
        settings: of this process.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._looking = asyncio.Lock()  # one file at a time: redaction takes a whole core

    @asynccontextmanager
    async def table(
        self,
        upload: Upload,
        *,
        by: str,
        approve: bool,
        columns: Mapping[str, str],
        prefer: Keep | None,
        told: Told,
    ) -> AsyncGenerator[Prepared]:
        """Look a file of questions and answers through; it can be written as long as this is open.

        Args:
            upload: the file.
            by: the person.
            approve: whether they approve all rows at once.
            columns: see ``read_table``.
            prefer: which of contradictory answers stays; None where such a file is not written.
            told: see ``imports.Told``; called in other threads as well.

        Raises:
            SupportBotError: the file cannot be taken; the text says why.
        """
        async with AsyncExitStack() as stack:
            with upload.called_by_name():
                await asyncio.to_thread(upload.check)
                table = await asyncio.to_thread(read_table, upload.path, columns=columns)
                tokenizer = await asyncio.to_thread(tokenizer_of, self._settings)
                preparing = prepare_import(
                    self._database,
                    table,
                    approved_by=by if approve else None,
                    by=by,
                    keep=self._settings.kept_contacts,
                    prefer=prefer,
                    tokenizer=tokenizer,
                    told=told,
                )
                async with self._looking:
                    prepared = await stack.enter_async_context(preparing)
            yield prepared

    async def document(self, upload: Upload) -> learning.Prepared:
        """Look a document through.

        Raises:
            SupportBotError: it cannot be read, or has no passages.
        """
        with upload.called_by_name():
            await asyncio.to_thread(upload.check)
            async with self._looking:
                return await learning.prepare(
                    self._database, [str(upload.path)], keep=self._settings.kept_contacts
                )

    async def page(self, address: str) -> learning.Prepared:
        """Look a page of the web through; addresses of this machine and its network are refused.

        Raises:
            SupportBotError: it is no address, cannot be read, or has no passages.
        """
        if not is_address(address):
            raise DocumentError(f"'{address}' is not an address: give one that begins with https://.")
        async with self._looking:
            return await learning.prepare(self._database, [address], keep=self._settings.kept_contacts)


def tokenizer_of(settings: Settings) -> ModelTokenizer:
    """Return the tokenizer of the model that is live, or the starter's where it has none here; blocks."""
    from supportbot.engine.tokenizer import load_tokenizer  # takes a while to import

    registry = Registry(settings.models_dir)
    name = settings.model or registry.active()
    if name is not None:
        try:
            here = Path(name) if Path(name).is_dir() else registry.directory(name)
            return load_tokenizer(here)
        except ModelError:  # a hub id, or a model that `doctor` complains of
            pass
    return load_tokenizer(starter_directory())
