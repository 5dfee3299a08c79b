"""What the bot answers where: the list of what was decided, and the form about one workspace or channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlencode

from bot.policies import HINTS, choices
from bot.web.console.frame import button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.parts.field import form_field
from bot.web.console.parts.form import Field, Form
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.administration.channels import PAGE
from supportbot.administration.places import place_named
from supportbot.errors import SupportBotError
from supportbot.policies.errors import PolicyError
from supportbot.policies.form import DIGEST_FIELDS
from supportbot.policies.policy import Policy
from supportbot.policies.store import Decided, Place
from supportbot.policies.undoing import Change
from supportbot.policies.wording import HOURS_EXAMPLE, LABELS, NONE, build_lines, typed_settings
from supportbot.words import N_, Words

_ABOUT = N_(
    "A channel uses its workspace's settings unless it has its own. Changes apply from the next question on."
)
_CHOICES = choices(N_("Same as the workspace"))


async def build_channels(visit: Visit, path: str) -> None:
    """Build the list, or the form about the place that the address names.

    Args:
        visit: of whoever has opened it.
        path: where this is.
    """
    node("p", visit.words.say(_ABOUT), classes="muted")
    workspace, channel = visit.query.get("workspace", ""), visit.query.get("channel", "")
    _build_search(visit.words, path, workspace, channel)
    if workspace:

        async def read() -> Place:
            with said(visit.words):
                return place_named(workspace, channel)

        if (place := await attempt(visit, read)) is not None:
            await PlaceForm(visit, place).build()
    else:
        await attempt(visit, partial(_build_list, visit, path))


def _build_search(words: Words, path: str, workspace: str, channel: str) -> None:
    say = words.say
    with node("form", classes="row", method="get", action=path, role="search", aria_label=say("Open a channel")):
        form_field("workspace", say("Workspace, such as slack:T0123"), workspace)
        form_field("channel", say("Channel ID. Leave empty for all channels without their own settings."), channel)
        node("button", say("Open"), classes="button main", type="submit")


async def _build_list(visit: Visit, path: str) -> None:
    say = visit.words.say
    workspace, _, channel = visit.query.get("after", "").partition(" ")
    with said(visit.words):
        after = place_named(workspace, channel) if workspace else None
    found = await visit.console.administration.channels.page(after)
    if not found:
        node(
            "p",
            say(
                "No channel has its own settings, so the bot answers when mentioned. Open a workspace to "
                "change that."
            ),
        )
        return
    headings = [say("Workspace"), say("Channel"), say("Settings"), say("Who"), say("When")]
    table = Table(say("Channel settings"), headings)
    for one in found:
        _show_decided(table, one, visit.words, path)
    if len(found) == PAGE:
        last = found[-1].place
        query = urlencode({"after": f"{last.platform}:{last.workspace} {last.channel}"})
        with node("p"):
            node("a", say("Next page"), classes="button", href=f"{path}?{query}", rel="next")


def _show_decided(table: Table, one: Decided, words: Words, path: str) -> None:
    workspace, channel, decided, who, when = table.row()
    name = f"{one.place.platform}:{one.place.workspace}"
    query = urlencode({"workspace": name, "channel": one.place.channel})
    with workspace:
        node("a", name, href=f"{path}?{query}", dir="auto")
    with channel:
        node("span", one.place.channel or words.say("All channels"), dir="auto")
    with decided:
        typed = typed_settings(one.policy)
        for setting in (name for name in LABELS if name in one.settings):
            value = _CHOICES.get(setting, {}).get(typed[setting] or NONE) or typed[setting] or NONE
            line = words.say("{setting}: {value}", setting=words.say(LABELS[setting]), value=words.say(value))
            node("div", line, dir="auto")
    with who:
        node("span", one.by, dir="auto")
    with when:
        moment(one.at, words)


@contextmanager
def said(words: Words) -> Iterator[None]:
    """Have all that is wrong with a decision said in the operator's language."""
    try:
        yield
    except PolicyError as error:
        raise SupportBotError(" ".join(words.say(sentence) for sentence in error.errors.values())) from error


class PlaceForm:
    """What holds at a place, and the form that decides otherwise.

    Args:
        visit: of whoever has opened it.
        place: a workspace, or a channel.
    """

    def __init__(self, visit: Visit, place: Place) -> None:
        self._visit = visit
        self._words = visit.words
        self._place = place
        self._channels = visit.console.administration.channels

    async def build(self) -> None:
        """Build it."""
        name = f"{self._place.platform}:{self._place.workspace}"
        node("h2", f"{name} · {self._place.channel}" if self._place.channel else name, dir="auto")
        self._shown = node("div")
        await attempt(self._visit, self._show)

    async def _show(self) -> None:
        say = self._words.say
        policy = await self._channels.shown(self._place)
        is_decided = await self._channels.is_decided(self._place)
        self._shown.clear()
        with self._shown:
            if self._place.channel:
                node("p", say("Now in effect in this channel:"))
            else:
                node("p", say("Now in effect in all channels without their own settings:"))
            with node("ul"):
                for line in build_lines(policy, self._words):
                    node("li", line, dir="auto")
            if missing := self._channels.unheard(self._place, policy):
                node("p", say(missing))
            if not may(self._visit.operator.role, Action.CONFIGURE):
                return
            names = [name for name in LABELS if not self._place.channel or name not in DIGEST_FIELDS]
            fields = [self._field(name, policy) for name in names]
            Form("policy", fields, say("Save"), self._save, strong=True, keep=True)
            if is_decided:
                button(say("Reset settings"), self._ask_reset)

    def _field(self, name: str, policy: Policy) -> Field:
        say, now = self._words.say, typed_settings(policy)[name]
        if name in _CHOICES:
            options = [(value, say(text)) for value, text in _CHOICES[name].items()]
            return Field(name=name, label=say(LABELS[name]), kind="select", value=now or NONE, options=options)
        hint = say(HINTS[name], example=HOURS_EXAMPLE)
        return Field(name=name, label=say(LABELS[name]), value=now, hint=hint)

    async def _save(self, values: Mapping[str, str]) -> None:
        async def save(operator: Operator) -> None:
            await self._done(await self._channels.submit(self._place, values, operator.name))

        await self._act(save)

    def _ask_reset(self) -> None:
        question = self._words.say("Reset these settings? The wider settings then apply again.")
        self._visit.frame.ask(question, self._words.say("Reset"), self._reset)

    async def _reset(self) -> None:
        async def reset(operator: Operator) -> None:
            await self._done(await self._channels.reset(self._place, operator.name))

        await self._act(reset)

    async def _done(self, change: Change | None) -> None:
        await self._show()
        if change is None:
            self._visit.frame.say(self._words.say("No changes."))
        else:
            self._visit.frame.offer_undo(self._words.say("Saved"), partial(self._put_back, change))

    async def _put_back(self, change: Change) -> None:
        async def put_back(operator: Operator) -> None:
            await self._channels.put_back(change, operator.name)
            await self._show()
            self._visit.frame.say(self._words.say("Change undone."))

        await self._act(put_back)

    async def _act(self, deed: Callable[[Operator], Awaitable[None]]) -> None:
        async def decide(operator: Operator) -> None:
            with said(self._words):
                await deed(operator)

        await act(self._visit, Action.CONFIGURE, decide)
