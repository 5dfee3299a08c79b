"""Questions that two entries fight for, both side by side."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import background_tasks, ui

from bot.web.console.knowledge.paths import to_entry
from bot.web.console.parts.acting import attempt
from bot.web.console.parts.elements import shortened_answer
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.knowledge.entries import KnownEntry, Wording
from supportbot.knowledge.rivals import Rivalry, Sign
from supportbot.printable import shortened
from supportbot.words import N_, Words

_SHOWN = 50
_SIGNS = {
    Sign.LEFT_OUT: N_("Without this wording, the question would match the other answer."),
    Sign.NEAR: N_("Their wordings are nearly the same."),
}


async def build(visit: Visit) -> None:
    """Build the page; looking takes a while where much is known, so what is found comes later."""
    words = visit.words
    node("h1", words.say("Contested questions"))
    node(
        "p",
        words.say("Two entries match each of these questions. Reword one, remove a wording, or retire an entry."),
        classes="muted",
    )
    if visit.console.knowledge.fights.is_too_much:
        node(
            "p", words.say("There are too many entries to check here. Run `supportbot knowledge status` instead.")
        )
        return
    place = node("div", classes="fights", aria_live="polite")
    with place:
        node("p", words.say("Looking…"), classes="muted")
    client = ui.context.client

    async def look() -> None:
        found = await attempt(visit, visit.console.knowledge.fights.find)
        if client.is_deleted:
            return
        place.clear()
        if found is not None:
            with place:
                _build(found, words)

    background_tasks.create(look(), name="knowledge-fights")


def _build(found: Sequence[Rivalry], words: Words) -> None:
    if not found:
        node("p", words.say("No question matches two entries."))
        return
    node(
        "p",
        words.say_many(
            "{number} question matches two entries.", "{number} questions match two entries.", len(found)
        ),
    )
    for one in found[:_SHOWN]:
        with node("article", classes="fight card"):
            said = words.say(_SIGNS[one.sign])
            number = f"{one.similarity:.2f}"
            similarity = words.say("Similarity {similarity}", similarity=number)
            node("p", f"{said} {similarity}")
            with node("div", classes="sides"):
                _build_side(one.entry, one.wording, words)
                _build_side(one.other, one.other_wording, words)
    if found[_SHOWN:]:
        node("p", words.say_many("and {number} more", "and {number} more", len(found) - _SHOWN), classes="muted")


def _build_side(entry: KnownEntry, wording: Wording, words: Words) -> None:
    with node("section"):
        node("a", words.say("Entry {entry}", entry=entry.id), href=to_entry(entry.id))
        node("p", shortened(wording.text, 300), classes="asked", dir="auto")
        node("p", shortened_answer(entry.answer, 600), dir="auto")
