"""The calls of the console's pages to the core, one page after the other, each time with other arguments.

A page is all the calls before an operator sees it. Later ones, such as those for gaps, have a name of their own.
NiceGUI is not measured.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.console.invented import VERSIONS, WORKSPACES, Words
from benchmarks.console.shapes import CURATORS
from supportbot.access.trail import Wanted as WantedDeeds
from supportbot.conversations.criteria import Criteria, Cursor, HandedOff, Voted
from supportbot.core import Core
from supportbot.db.states import AnswerSource, EntrySource, EntryState
from supportbot.feedback.review.leases import Choice, Place, Seat
from supportbot.feedback.review.order import Kind
from supportbot.insights.period import Days, Period
from supportbot.knowledge.searching import Place as EntryPlace
from supportbot.knowledge.searching import Wanted

BY = "benchmark"

Page = Callable[[], Awaitable[object]]

_DEEP = 40
"""Pages before a deep one in the list; with a cursor each costs the same."""


@dataclass(slots=True)
class Clicks:
    """Somebody who clicks through the console.

    Args:
        core: whose console.
        questions: their number; they are numbered from 1.
        entries: the numbers of the approved answers, a range.
        seed: the same one always clicks the same.
    """

    core: Core
    questions: int
    entries: range
    seed: int = 0
    _rng: random.Random = field(init=False)
    _words: list[str] = field(init=False)
    _seat: Seat = field(init=False)
    _place: Place | None = None
    _below: dict[Criteria, Cursor | None] = field(default_factory=dict)
    _after: EntryPlace | None = None
    _older: int | None = None

    def __post_init__(self) -> None:
        """Start from the same place each time."""
        self._rng = random.Random(self.seed)  # noqa: S311 - no secret
        self._words = Words(0).by_frequency
        self._seat = Seat(self.seed + 1, "benchmark")

    def pages(self) -> Mapping[str, Page]:
        """Return the possible clicks by name."""
        console = self.core.console
        return {
            "rail": self._rail,
            "today": self._today,
            "today, 30 days": lambda: self._glance(Days.MONTH, None),
            "today, one workspace": lambda: self._glance(Days.MONTH, self._workspace()),
            "gaps": lambda: console.today.gaps.find(Period(days=self._rng.choice(list(Days)))),
            "review": self._review,
            "review, next": self._next_item,
            "review, one kind": self._next_of_kind,
            "review, search": lambda: console.review.find(self._word(common=True)),
            "knowledge": lambda: self._entries(Wanted(state=EntryState.LIVE)),
            "knowledge, deeper": self._more_entries,
            "knowledge, search": lambda: self._entries(Wanted(state=EntryState.LIVE, search=self._word())),
            "knowledge, filter": lambda: self._entries(self._narrowed_entries()),
            "knowledge, entry": lambda: console.knowledge.shelf.entry(self._rng.choice(self.entries)),
            "knowledge, sureness": console.knowledge.calibrating.look,
            "conversations": lambda: self._conversations(Criteria()),
            "conversations, deeper": lambda: self._deeper(Criteria()),
            "conversations, filter": lambda: self._conversations(self._narrowed()),
            "conversations, search, common": lambda: self._conversations(Criteria(words=self._word(common=True))),
            "conversations, search, rare": lambda: self._conversations(Criteria(words=self._word())),
            "conversations, search, deeper": lambda: self._deeper(
                Criteria(words=self._words[self._rng.randrange(20)])
            ),
            "conversations, search and filter": self._search_narrowed,
            "conversation": lambda: console.conversations.thread(self._rng.randint(1, self.questions), BY),
            "models": console.models.standing,
            "models, version": lambda: console.models.version(self._rng.choice(VERSIONS)),
            "settings": self._settings,
            "settings, audit": self._audit,
        }

    async def _rail(self) -> None:
        await self.core.console.review.count_open()
        await self.core.console.conversations.count_open()

    async def _today(self) -> None:
        await self._glance(self._rng.choice(list(Days)), None)

    async def _glance(self, days: Days, workspace_id: int | None) -> None:
        today = self.core.console.today
        await today.beginning()
        await today.places()
        await today.glance(Period(days=days, workspace_id=workspace_id))

    async def _review(self) -> None:
        await self.core.console.review.arrange()
        await self._take(Choice(), None)

    async def _next_item(self) -> None:
        await self._take(Choice(), self._place)

    async def _next_of_kind(self) -> None:
        kind = self._rng.choice((Kind.CORRECTION, Kind.HUMAN, Kind.LIKED, Kind.DISLIKED))
        await self._take(Choice(kind=kind, workspace_id=self._rng.choice((None, self._workspace()))), None)

    async def _take(self, choice: Choice, beyond: Place | None) -> None:
        review = self.core.console.review
        item = await review.take(self._seat, choice, beyond=beyond)
        self._place = item.place if item else None
        if item:
            await review.nearest(item)
        await review.overview(self._seat, BY)

    async def _entries(self, wanted: Wanted, after: EntryPlace | None = None) -> None:
        shelf = self.core.console.knowledge.shelf
        await shelf.counts()
        await shelf.workspaces()
        self._after = (await shelf.page(wanted, after)).following

    async def _more_entries(self) -> None:
        await self._entries(Wanted(state=EntryState.LIVE), self._after)

    def _narrowed_entries(self) -> Wanted:
        return self._rng.choice(
            (
                Wanted(state=EntryState.LIVE, source=EntrySource.HUMAN),
                Wanted(state=EntryState.RETIRED),
                Wanted(state=EntryState.LIVE, is_expired=True),
                Wanted(state=EntryState.LIVE, is_single=True),
                Wanted(state=EntryState.LIVE, workspace=":".join(self._rng.choice(WORKSPACES)[0])),
            )
        )

    async def _conversations(self, criteria: Criteria, below: Cursor | None = None) -> None:
        conversations = self.core.console.conversations
        await conversations.choices(criteria.workspace_id)
        self._below[criteria] = (await conversations.page(criteria, below, BY)).below

    async def _deeper(self, criteria: Criteria) -> None:
        """Show a page far down: first one in the middle, then the following ones."""
        below = self._below.get(criteria)
        if below is None:
            found = await self.core.console.conversations.thread(self.questions // 2, BY)
            below = Cursor(found.turns[0].received_at, found.turns[0].question_id)
        await self._conversations(criteria, below)

    async def _search_narrowed(self) -> None:
        narrowed = Criteria(
            words=self._word(common=True), workspace_id=self._workspace(), source=AnswerSource.HUMAN
        )
        await self._conversations(self._rng.choice((narrowed, Criteria(words=self._word(), voted=Voted.DOWN))))

    def _narrowed(self) -> Criteria:
        first = date.today() - timedelta(days=self._rng.randrange(1, 80))
        return self._rng.choice(
            (
                Criteria(workspace_id=self._workspace()),
                Criteria(workspace_id=1, channel=f"C0-{self._rng.randint(1, 12)}"),
                Criteria(channel="D" + f"U0{self._rng.randint(1, 30)}"),
                Criteria(platform=self._rng.choice(("slack", "discord", "web", "cli"))),
                Criteria(source=self._rng.choice(list(AnswerSource))),
                Criteria(voted=self._rng.choice(list(Voted))),
                Criteria(handed_off=self._rng.choice(list(HandedOff))),
                Criteria(model_version=self._rng.choice(VERSIONS)),
                Criteria(first_day=first, last_day=first + timedelta(days=7)),
                Criteria(first_day=first, source=AnswerSource.NOT_SURE, voted=Voted.CORRECTED),
            )
        )

    async def _settings(self) -> None:
        administration = self.core.console.administration
        await administration.workspaces.page()
        await administration.channels.page()
        await self.core.console.access.operators.people()

    async def _audit(self) -> None:
        wanted = self._rng.choice(
            (
                WantedDeeds(),
                WantedDeeds(actor=self._rng.choice(CURATORS)[-3:]),
                WantedDeeds(action="model."),
                WantedDeeds(action="retention."),
                WantedDeeds(subject=f"example:{self._rng.randrange(9_000)}"),
                WantedDeeds(until=date.today() - timedelta(days=30)),
            )
        )
        deeds = await self.core.console.access.trail.deeds(wanted, before=self._rng.choice((None, self._older)))
        self._older = deeds.older

    def _workspace(self) -> int:
        return self._rng.randint(1, len(WORKSPACES))

    def _word(self, *, common: bool = False) -> str:
        """Return a search that somebody may type: a word, two, or a phrase; sometimes a number."""
        some = self._words[:30] if common else self._words[100:]
        first, second = self._rng.sample(some, 2)
        typed = (first, f"{first} {second}", f'"{first} {second}"')
        return self._rng.choice(typed if common else (*typed, f"{self._rng.randrange(10**4):04}"))
