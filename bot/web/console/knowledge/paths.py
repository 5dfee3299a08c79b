"""Where the parts of the page are."""

from __future__ import annotations

from urllib.parse import urlencode

from bot.web.console.pages import ROOT

PATH = f"{ROOT}/knowledge"

NEW = "new"
IMPORT = "import"
DOCUMENTS = "documents"
SURENESS = "sureness"
FIGHTS = "contested"
TRY = "try"


def to_entry(entry_id: int) -> str:
    """Return where an entry is."""
    return f"{PATH}/{entry_id}"


def to_part(part: str = "", **query: str) -> str:
    """Return where a part is, with what is asked of it; what is empty is left out."""
    path = f"{PATH}/{part}".rstrip("/")
    asked = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{asked}" if asked else path
