"""Review: what waits for a decision, one item after the other, with a key for each thing that can be done.

Each decision is in the database before the next item is shown, so closing the page loses nothing. While a page
shows an item nobody else is shown it; a page that was left gives it back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import structlog
from nicegui import background_tasks, ui

from bot.web.console.frame import button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.number import read_number
from bot.web.console.review.item import Marked, build_item
from bot.web.console.review.panel import MOST_OFFERED, Panel
from bot.web.console.review.queue import build_empty, build_filters, build_progress, read_choice
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.feedback.review.items import Item
from supportbot.feedback.review.leases import LEASE, Seat
from supportbot.feedback.review.marks import marked
from supportbot.feedback.review.near import Near
from supportbot.words import N_

log = structlog.get_logger(__name__)

_STYLE = Path(__file__).with_name("review.css")

_RENEW_SECONDS = LEASE.total_seconds() / 3

_ONLY_CURATORS = N_("You can see how many items are waiting. Reviewing them needs the curator role. Ask an admin.")
_LOST = N_("You were away for a while, and someone else is reviewing this item now. Press j for the next one.")
_TOO_LONG = N_("This text is too long to edit here. Use `supportbot curate edit`.")
_NOTHING_TO_UNDO = N_("Nothing to undo. You haven't reviewed anything on this page.")


async def build(visit: Visit) -> None:
    """Build the page."""
    ui.add_css(_STYLE)
    node("h1", visit.words.say("Review"))
    await Reviewing(visit).open()


class Reviewing:
    """One open page of the queue.

    Args:
        visit: of whoever has opened it.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._review = visit.console.review
        self._seat = Seat(visit.operator.id, secrets.token_hex(8))
        self._choice = read_choice(visit.query)
        self._item: Item | None = None
        self._near: list[Near] = []
        self._ticked: set[int] = set()
        self._deeds: list[tuple[int, int]] = []
        self._is_busy = False
        self._client = ui.context.client

    async def open(self) -> None:
        """Build the page with the first item that waits."""
        self._filters, self._progress = node("div"), node("div")
        if not may(self._visit.operator.role, Action.REVIEW):
            node("p", self._words.say(_ONLY_CURATORS), classes="muted")
            await attempt(self._visit, self._show_progress)
            return
        self._body = node("div")
        self._add_keys()
        self._client.on_delete(lambda: background_tasks.create(self._leave(), name="review-leave"))
        ui.timer(_RENEW_SECONDS, self._renew, immediate=False)
        await self._do(self._begin)
        background_tasks.create(self._look(quietly=True), name="review-look")

    def _add_keys(self) -> None:
        keys, say = self._visit.frame.keys, self._words.say
        keys.add("j", say("Next item"), self._next)
        keys.add("k", say("Previous item"), self._previous)
        keys.add("a", say("Approve"), self._approve)
        keys.add("e", say("Edit, then approve"), self._edit)
        keys.add("r", say("Reject"), self._reject)
        keys.add("m", say("Merge into an answer"), self._choose_entry)
        keys.add("x", say("Off topic"), self._disown)
        keys.add("u", say("Undo"), self._undo)
        for number in range(1, MOST_OFFERED + 1):
            meaning = say("Merge into answer {number}", number=number)
            keys.add(str(number), meaning, partial(self._merge_at, number))

    # Looking

    async def _begin(self, operator: Operator) -> None:
        await self._review.arrange()
        only = read_number(self._visit.argument)
        if only is not None and await self._show(await self._take(only=only)):
            return
        await self._show(await self._take())

    async def _next(self) -> None:
        await self._do(self._go_on)

    async def _previous(self) -> None:
        async def go_back(operator: Operator) -> None:
            place = self._item.place if self._item else None
            await self._show(await self._take(beyond=place, backwards=True) or await self._take())

        await self._do(go_back)

    async def _go_on(self, operator: Operator) -> None:
        """Show the next item; after the last one, the first that is left."""
        place = self._item.place if self._item else None
        await self._show(await self._take(beyond=place) or await self._take())

    async def _take(self, **which: object) -> Item | None:
        return await self._review.take(self._seat, self._choice, **which)  # type: ignore[arg-type]

    async def _show(self, item: Item | None) -> bool:
        self._item, self._ticked = item, set()
        if item is not None:
            self._near = await self._review.nearest(item)
            texts = [item.question, item.answer, item.rejected or ""]
            question, answer, rejected = await asyncio.gather(*(asyncio.to_thread(marked, text) for text in texts))
            self._marked = Marked(question, answer, rejected)
        await self._show_progress()
        self._draw()
        return item is not None

    async def _show_progress(self) -> None:
        overview = await self._review.overview(self._seat, self._visit.operator.name)
        self._overview = overview
        self._filters.clear()
        with self._filters:
            build_filters(overview, self._choice, self._words)
        self._progress.clear()
        with self._progress:
            build_progress(overview, self._words)

    def _draw(self) -> None:
        self._body.clear()
        with self._body:
            if self._item is None:
                build_empty(self._overview, self._choice, self._words)
                button(self._words.say("Check for new items"), self._look)
                return
            judgement = build_item(self._item, self._marked, self._near, self._tick, self._words)
            with judgement:
                with node("div", classes="verdicts"):
                    label = (
                        self._words.say("Approve as an answer to avoid")
                        if self._item.is_bad
                        else self._words.say("Approve")
                    )
                    self._add_button(label, "a", self._approve, "main")
                    self._add_button(self._words.say("Edit"), "e", self._edit)
                    self._add_button(self._words.say("Reject"), "r", self._reject)
                    self._add_button(self._words.say("Merge"), "m", self._choose_entry)
                    self._add_button(self._words.say("Off topic"), "x", self._disown)
                    self._add_button(self._words.say("Previous"), "k", self._previous)
                    self._add_button(self._words.say("Next"), "j", self._next)
                self._panel = Panel(self._words)

    def _add_button(self, label: str, key: str, handler: Callable[[], object], classes: str = "") -> None:
        with button(label, handler, classes=classes).props(f"aria-keyshortcuts={key}"):
            node("kbd", key, aria_hidden="true")

    def _tick(self, example_id: int) -> bool:
        self._ticked ^= {example_id}
        return example_id in self._ticked

    async def _look(self, *, quietly: bool = False) -> None:
        """Look through the log for what is new; where nothing was shown, show the first of it."""

        async def look(operator: Operator) -> None:
            new = await self._review.collect()
            if self._client.is_deleted:  # closed meanwhile
                return
            if self._item is None:
                await self._show(await self._take())
            else:
                await self._show_progress()
            if not quietly:
                self._visit.frame.say(self._words.say_many("{number} new item", "{number} new items", new))

        with self._body:
            await act(self._visit, Action.REVIEW, look)

    # Deciding

    async def _approve(self) -> None:
        await self._decide(N_("Approved."), self._review.approve)

    async def _reject(self) -> None:
        await self._decide(N_("Rejected."), self._review.reject)

    async def _disown(self) -> None:
        await self._decide(N_("Marked as off topic."), self._review.disown)

    async def _merge(self, near: Near) -> None:
        await self._decide(N_("Merged: one more wording."), partial(self._review.merge, entry_id=near.entry_id))

    async def _merge_at(self, number: int) -> None:
        if self._item is not None and (near := self._panel.offered(number)) is not None:
            await self._merge(near)

    async def _decide(self, done: str, decide: Callable[..., Awaitable[int]]) -> None:
        """Decide on the item and what is ticked with it, and go on."""
        if (item := self._item) is None:
            return

        async def deed(operator: Operator) -> None:
            chosen = [item.example_id, *sorted(self._ticked)]
            self._deeds.append((await decide(self._seat, chosen, operator.name), item.example_id))
            await self._go_on(operator)
            self._visit.frame.offer_undo(self._words.say(done), self._undo)

        await self._do(deed)

    async def _undo(self) -> None:
        async def take_back(operator: Operator) -> None:
            if not self._deeds:
                self._visit.frame.say(self._words.say(_NOTHING_TO_UNDO))
                return
            deed, example_id = self._deeds.pop()
            await self._review.undo(deed, operator.name)
            await self._show(await self._take(only=example_id) or await self._take())
            self._visit.frame.say(self._words.say("Undone. The item is waiting again."))

        await self._do(take_back)

    # The panel below the buttons

    def _edit(self) -> None:
        if self._item is not None and not self._panel.edit(self._item, self._approve_edited):
            self._visit.frame.alert(self._words.say(_TOO_LONG))

    async def _approve_edited(self, changed: Mapping[str, str]) -> None:
        question, answer = changed.get("question"), changed.get("answer")
        await self._decide(
            N_("Approved with your edits."), partial(self._review.approve, question=question, answer=answer)
        )

    def _choose_entry(self) -> None:
        if self._item is not None:
            self._panel.choose(self._near, self._search, self._merge)

    async def _search(self, text: str) -> None:
        async def search() -> None:
            self._panel.choose(await self._review.find(text), self._search, self._merge, searched=text)

        await attempt(self._visit, search)

    # What all of these go through

    async def _do(self, deed: Callable[[Operator], Awaitable[None]]) -> None:
        """Do one thing at a time: a key that is pressed meanwhile was meant for what is going away."""
        if self._is_busy:
            return
        self._is_busy = True
        try:
            with self._body:
                await act(self._visit, Action.REVIEW, deed)
        finally:
            self._is_busy = False

    async def _renew(self) -> None:
        item = self._item

        async def renew() -> None:
            is_held = item is None or await self._review.renew(self._seat, item.example_id)
            if not is_held and self._item is item and not self._is_busy:
                self._visit.frame.alert(self._words.say(_LOST))

        await attempt(self._visit, renew)

    async def _leave(self) -> None:
        """Give back what is held; where that fails, it is free in some minutes anyway."""
        try:
            await self._review.free(self._seat)
        except Exception:
            log.exception("review.not_freed")
