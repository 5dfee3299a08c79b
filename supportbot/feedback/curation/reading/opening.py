"""Opening a file: is it there, is it packed, and in which encoding is its text.

A byte order mark settles the encoding, and so does a file that is UTF-8 from end to end. All others are old:
Windows code pages, which charset-normalizer distinguishes. Windows-1252 is tried first and used if the text reads
well, because that library takes short German and Danish texts for Central European. A file that is UTF-8 in some
lines and not in others is refused: any single encoding would silently spoil half of it.

This module knows bytes and text, not what they mean.
"""

from __future__ import annotations

import codecs
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from supportbot.feedback.curation.reading.errors import ImportFileError

_GZIP = b"\x1f\x8b"
_MARKS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CODE_PAGES = ["cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
"""What Excel writes as plain CSV outside Western Europe; Mac Roman is left out, it fits any bytes."""

_MESS = 0.2
"""How odd a text may look to charset-normalizer, its own default."""

_WESTERN_MESS = 0.3
"""As above, for Windows-1252: odd German comes to 0.25, Russian, Greek and Polish to more than 0.9."""

_CHANCE = 10
"""Lines of a code page for one that happens to be UTF-8 too, as a quoted word is whose last letter is Ü."""

_SAMPLE = 64 * 1024
"""Bytes of lines beyond ASCII that are shown to charset-normalizer; more makes it slower, not surer."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How text is written: Python's name of the codec, and a name for people."""

    codec: str
    name: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that is there and not empty.

    Attributes:
        path: where.
        ending: of its name in lower case, ``.gz`` left out.
        packed: whether it is packed with gzip, whatever its name says: browsers unpack some files on the way.
    """

    path: Path
    ending: str
    packed: bool

    @classmethod
    def at(cls, path: Path, endings: Sequence[str]) -> File:
        """Find a file.

        Raises:
            ImportFileError: it is missing, unreadable, empty, a folder, or has none of the endings.
        """
        ending = Path(path.name.lower().removesuffix(".gz")).suffix
        if path.is_dir():
            raise ImportFileError(f"'{path}' is a folder: name a file in it.")
        if ending not in endings:
            known = f"{', '.join(endings[:-1])} or {endings[-1]}"
            raise ImportFileError(f"'{path}' has an unknown format: use a file {known}.")
        with troubles(path), path.open("rb") as file:
            head = file.read(len(_GZIP))
        if not head:
            raise ImportFileError(f"'{path}' is empty: download or save it again.")
        return cls(path, ending, packed=head == _GZIP)

    def open(self) -> BinaryIO:
        """Open the content for reading from start to end."""
        return cast("BinaryIO", gzip.open(self.path)) if self.packed else self.path.open("rb")

    def open_seekable(self) -> BinaryIO:
        """Open the content for reading here and there; a packed file is unpacked on disk, not in memory."""
        if not self.packed:
            return self.path.open("rb")
        unpacked = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - whoever called closes it
        try:
            with self.open() as packed:
                shutil.copyfileobj(packed, unpacked)
            unpacked.seek(0)
        except BaseException:
            unpacked.close()
            raise
        return unpacked

    def open_text(self, encoding: Encoding) -> io.TextIOWrapper:
        """Open the content as text whose line ends are left as they are."""
        return io.TextIOWrapper(self.open(), encoding.codec, newline="")

    def encoding(self) -> Encoding:
        """Find out how the text is written; the whole file is read once, a line at a time.

        Raises:
            ImportFileError: it is no text, or mixes encodings.
        """
        with troubles(self.path), self.open() as file:
            head = file.read(len(codecs.BOM_UTF32_LE))
        for mark, codec, name in _MARKS:
            if head.startswith(mark):
                return Encoding(codec, name)
        utf8 = others = first_other = 0
        sample = bytearray()
        with troubles(self.path), self.open() as file:
            for line, raw in enumerate(file, start=1):
                if raw.isascii():
                    continue
                try:
                    raw.decode("utf-8")
                    utf8 += 1
                except UnicodeDecodeError:
                    others += 1
                    first_other = first_other or line
                    sample += raw[: _SAMPLE - len(sample)]
        if not others:
            return Encoding("utf-8", "UTF-8")
        if utf8 * _CHANCE > others:
            raise ImportFileError(
                f"'{self.path}' cannot be imported: line {first_other} is not UTF-8, though other lines are; "
                "fix that line, or save the file again as UTF-8."
            )
        return _code_page(self.path, bytes(sample))


@contextmanager
def troubles(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a sentence.

    Raises:
        ImportFileError: the file cannot be read.
    """
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportFileError(f"'{path}' is damaged or cut off: copy it again, or unpack it first.") from error
    except OSError as error:
        raise ImportFileError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    except UnicodeError as error:
        raise ImportFileError(f"'{path}' mixes several encodings: save it again as UTF-8.") from error


def _code_page(path: Path, sample: bytes) -> Encoding:
    from charset_normalizer import from_bytes  # it takes longer to import than a small file to read

    # As one piece: of a few short pieces a single odd one is enough to refuse the whole.
    look = partial(from_bytes, sample, steps=1, chunk_size=len(sample))
    for candidates, mess in ((["cp1252"], _WESTERN_MESS), (_CODE_PAGES, _MESS)):
        if match := look(cp_isolation=candidates, threshold=mess).best():
            return Encoding(match.encoding, match.encoding.replace("cp", "Windows-"))
    raise ImportFileError(f"'{path}' has no known text encoding: save it again as UTF-8.")
