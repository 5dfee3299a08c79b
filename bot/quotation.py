"""Where a quoted passage comes from: the line that every platform shows, since nobody verified it. The sentence is
the same everywhere; each platform escapes names in its own way.
"""

from __future__ import annotations

from collections.abc import Callable

from supportbot.intake.questions import Grounds
from supportbot.words import ENGLISH, N_, Words

MARK = N_("From the handbook, not verified")

_LIMIT = 100
"""Characters of a name or a heading that are shown."""


def build_source(grounds: Grounds, show_name: Callable[[str], str], words: Words = ENGLISH) -> str:
    """Return the document and the heading of a passage, such as "guide.md, “Refunds”"; empty if none was quoted.

    Of a passage that was too long it is said that it goes on there.

    Args:
        grounds: what the answer is based on.
        show_name: makes a name of one line harmless on the surface.
        words: the bot's own.
    """
    if (quoted := grounds.quoted) is None:
        return ""
    document, heading = show_name(_one_line(quoted.document)), show_name(_one_line(quoted.heading))
    source = words.say("{document}, “{heading}”", document=document, heading=heading)
    return source if quoted.is_whole else words.say("{source}, continued", source=source)


def _one_line(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _LIMIT else f"{line[: _LIMIT - 1]}…"
