"""Parquet, the format of data sets: read a batch of rows at a time, without the columns that hold bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from supportbot.extras import Extra, require
from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.opening import File, troubles
from supportbot.feedback.curation.reading.source import Record, Source

_BATCH = 1_000
"""Rows in memory at once."""


def sources(file: File) -> list[Source]:
    """Return the one table of a file.

    Raises:
        ImportFileError: it cannot be read, is no Parquet, or holds no text.
        MissingExtraError: what reads it is not installed.
    """
    require(Extra.PARQUET)
    import pyarrow as pa  # heavy, and wanted for Parquet only; some damage it reports as an OSError
    from pyarrow import parquet

    with troubles(file.path), file.open_seekable() as content:
        try:
            schema = parquet.read_schema(content)
        except (pa.ArrowException, OSError) as error:
            raise ImportFileError(f"'{file.path}' is damaged or not a Parquet file: copy it again.") from error
    if not any(_holds_text(field.type) for field in schema):
        raise ImportFileError(f"'{file.path}' has no column with text: use a file with questions and answers.")
    names = tuple(field.name for field in schema if not _holds_bytes(field.type))

    def records() -> Iterator[Record]:
        with file.open_seekable() as content:
            try:
                batches = parquet.ParquetFile(content).iter_batches(_BATCH, columns=list(names))
                rows = (row for batch in batches for row in batch.to_pylist())
                for number, row in enumerate(rows, start=1):
                    yield Record(number, row)
            except (pa.ArrowException, OSError) as error:
                raise ImportFileError(f"'{file.path}' is damaged: copy it again.") from error

    return [Source(kind="Parquet", unit="row", names=names, records=records)]


def _holds_text(kind: Any) -> bool:
    """Tell whether a column is of text, or of lists or messages with text in them."""
    from pyarrow import types

    if types.is_dictionary(kind) or types.is_list(kind) or types.is_large_list(kind):
        return _holds_text(kind.value_type)
    if types.is_struct(kind):
        return any(_holds_text(field.type) for field in kind)
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _holds_bytes(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))
