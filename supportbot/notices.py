"""What a daemon was told is wrong with its app on a platform, kept where ``supportbot doctor`` looks.

Only the daemon hears what a platform says of its token. So the sentence is in a small file of the home folder, one
for each platform, until the daemon hears that it is fixed. Nothing of people is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

_FOLDER = "notices"
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong, with its remedy, and when it was last told."""

    platform: str
    sentence: str
    at: datetime


def keep_notice(home: Path, platform: str, sentence: str) -> None:
    """Keep a sentence in the place of the one before; an empty one says that nothing is wrong. It blocks.

    A file that cannot be written is a line of the log: nobody's answer depends on it.
    """
    path = home / _FOLDER / f"{platform}.txt"
    try:
        if not sentence:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = path.with_suffix(".new")
        staged.write_text(sentence, "utf-8")
        staged.replace(path)
    except OSError as error:
        log.warning("notice.not_kept", platform=platform, error=type(error).__name__)


def read_notices(home: Path) -> Iterator[Notice]:
    """Yield what is wrong as far as a daemon has heard, by platform."""
    for path in sorted((home / _FOLDER).glob("*.txt")):
        try:
            sentence = path.read_text("utf-8", "replace")[:_LONGEST]
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:  # fixed at this moment, or not ours to read
            continue
        yield Notice(path.stem, sentence, at)
