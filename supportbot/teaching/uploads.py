"""A file on its way from somebody's browser: kept in a folder of its own, which is gone when that is over.

It arrives in pieces, in order, and never grows beyond the limit. A compressed file is refused if it would unpack
into very much more. This module knows no formats beyond that.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supportbot.errors import SupportBotError
from supportbot.printable import printable

MOST_BYTES = 20 * 2**20
"""Of a file: a FAQ of 100,000 rows has about as much."""

_MOST_UNPACKED = 200 * 2**20
_GZIP = b"\x1f\x8b"
_LONGEST_NAME = 100


class UploadError(SupportBotError):
    """A file cannot be taken."""


class Upload:
    """A file that arrives; ``close`` ends it. All of it blocks for a moment.

    Args:
        name: as the browser says; of it only the last part counts.
    """

    def __init__(self, name: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="supportbot-upload-"))
        self.path = self._folder / _harmless(name)
        self.path.touch(mode=0o600)
        self.size = 0

    def append(self, piece: bytes, at: int) -> None:
        """Take the next piece.

        Args:
            piece: of the file.
            at: how much came before it, as the browser counts.

        Raises:
            UploadError: the file is too large, or pieces are missing.
        """
        if at != self.size:
            raise UploadError("The upload is incomplete: choose the file again.")
        if self.size + len(piece) > MOST_BYTES:
            raise UploadError(
                f"The file is larger than {MOST_BYTES // 2**20} MB: split it, or use the command line."
            )
        with self.path.open("ab") as file:
            file.write(piece)
        self.size += len(piece)

    def check(self) -> None:
        """Refuse a file that would unpack into very much more.

        Raises:
            UploadError: it would, or nobody can tell.
        """
        with self.path.open("rb") as file:
            is_gzip = file.read(len(_GZIP)) == _GZIP
        if is_gzip:
            raise UploadError("The file is compressed with gzip: unpack it first, or use the command line.")
        if not zipfile.is_zipfile(self.path):
            return
        try:
            with zipfile.ZipFile(self.path) as packed:
                unpacked = sum(one.file_size for one in packed.infolist())
        except (zipfile.BadZipFile, OSError) as error:
            raise UploadError("The file is damaged or incomplete: download or save it again.") from error
        if unpacked > _MOST_UNPACKED:
            most = _MOST_UNPACKED // 2**20
            raise UploadError(f"The file unpacks into more than {most} MB: split it, or use the command line.")

    @contextmanager
    def called_by_name(self) -> Iterator[None]:
        """Have errors call the file by its name: where it lies for the moment is nobody's business."""
        try:
            yield
        except SupportBotError as error:
            error.args = (str(error).replace(str(self.path), self.path.name),)
            raise

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _harmless(name: str) -> str:
    last = Path(printable(name).replace("\\", "/").replace("\0", "")).name.strip().lstrip(".")
    stem, suffix = Path(last).stem, Path(last).suffix
    return (stem[:_LONGEST_NAME] + suffix[:_LONGEST_NAME]) or "file"
