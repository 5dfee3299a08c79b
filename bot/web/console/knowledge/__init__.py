"""The page of the knowledge: entries, one of them, files and documents, the threshold, fights, and a try.

Each part has an address of its own below the page's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from nicegui import ui

from bot.web.console.knowledge import calibration, documents, entries, entry, fights, importing, trying
from bot.web.console.knowledge.paths import DOCUMENTS, FIGHTS, IMPORT, NEW, SURENESS, TRY, to_part
from bot.web.console.parts.elements import parts
from bot.web.console.visit import Visit
from supportbot.words import N_

_STYLE = Path(__file__).with_name("knowledge.css")

WAYS: Mapping[str, str] = {
    "": N_("Entries"),
    NEW: N_("New answer"),
    IMPORT: N_("Import"),
    DOCUMENTS: N_("Documents"),
    SURENESS: N_("Confidence threshold"),
    FIGHTS: N_("Contested questions"),
    TRY: N_("Try a question"),
}
"""The parts by the last word of their address."""

_PARTS: Mapping[str, Callable[[Visit], Awaitable[None]]] = {
    "": entries.build,
    NEW: entry.build_new,
    IMPORT: importing.build,
    DOCUMENTS: documents.build,
    SURENESS: calibration.build,
    FIGHTS: fights.build,
    TRY: trying.build,
}


async def build(visit: Visit) -> None:
    """Build the page."""
    ui.add_css(_STYLE)
    part = visit.argument.strip("/")
    say = visit.words.say
    parts(say("Knowledge"), [(to_part(name), say(title)) for name, title in WAYS.items()], to_part(part))
    if part in _PARTS:
        await _PARTS[part](visit)
    else:
        await entry.build(visit, part)
