"""JSON: an array of objects, an object that holds one, or an object a line.

Lines are read one at a time, and each bad one is named. A document is one value, so it is read whole; one that
turns out to be lines under another name is read as lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from supportbot.feedback.curation.reading.errors import ImportFileError
from supportbot.feedback.curation.reading.opening import Encoding, File, troubles
from supportbot.feedback.curation.reading.source import Bad, Record, Source, names_of


def sources(file: File) -> list[Source]:
    """Return the tables of a file: of lines one, of a document every array of objects and then the object itself.

    Raises:
        ImportFileError: it cannot be read, or is a document that is not JSON or has no objects.
    """
    encoding = file.encoding()
    return _document(file, encoding) if file.ending == ".json" else [_lines(file, encoding)]


def _lines(file: File, encoding: Encoding) -> Source:
    def records() -> Iterator[Record | Bad]:
        with file.open_text(encoding) as text:
            for line, raw in enumerate(text, start=1):
                if not raw.strip():
                    continue
                try:
                    value = json.loads(raw)
                except (ValueError, RecursionError):
                    yield Bad(line, "is not JSON")
                else:
                    yield Record(line, value) if isinstance(value, dict) else Bad(line, "is not a JSON object")

    with troubles(file.path):
        names = names_of(records())
    return Source(kind=f"JSON Lines, {encoding.name}", unit="line", names=names, records=records)


def _document(file: File, encoding: Encoding) -> list[Source]:
    with troubles(file.path), file.open_text(encoding) as text:
        content = text.read()
    try:
        value = json.loads(content)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and _is_object(content.lstrip().partition("\n")[0]):
            return [_lines(file, encoding)]
        raise ImportFileError(
            f"'{file.path}' is not JSON: line {error.lineno}, column {error.colno} ({error.msg}); fix it there."
        ) from error
    except RecursionError as error:
        raise ImportFileError(f"'{file.path}' is nested too deeply: use an array of objects.") from error
    arrays = {"": value} if isinstance(value, list) else {}
    if isinstance(value, dict):
        arrays = {name: each for name, each in value.items() if isinstance(each, list)}
    found = [
        _array(encoding, name, each) for name, each in arrays.items() if any(isinstance(e, dict) for e in each)
    ]
    if isinstance(value, dict):
        found.append(_array(encoding, "", [value]))
    if not found:
        raise ImportFileError(
            f"'{file.path}' has no objects: use an array of objects with a question and an answer."
        )
    return found


def _array(encoding: Encoding, name: str, entries: Sequence[object]) -> Source:
    def records() -> Iterator[Record | Bad]:
        for number, entry in enumerate(entries, start=1):
            yield Record(number, entry) if isinstance(entry, dict) else Bad(number, "is not a JSON object")

    kind = f"JSON array '{name}', {encoding.name}" if name else f"JSON, {encoding.name}"
    return Source(kind=kind, unit="entry", names=names_of(records()), records=records)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
