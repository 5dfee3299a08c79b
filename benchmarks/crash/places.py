"""The platforms where people ask: the tests' local Slack and local Discord, behind one interface.

Each knows the ways to ask there, which answer belongs to which question, and when the bot requests a post. It
reports every message of the bot, so an answer that came twice is reported twice.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web

from tests.discord_server import DiscordServer, Fault, Interaction
from tests.discord_server.state import BOT_ID, CHANNEL_ID, user
from tests.slack_server import LocalSlack
from tests.slack_server.faults import Reset
from tests.slack_server.payloads import has_thumbs

NOBODY = -1
"""Stands for no question: a message of the bot that answers nothing."""

_NUMBER = re.compile(r"\d+")
_HOST = "127.0.0.1"
_RECENT = 20
"""Answers that people still vote on."""
_ACKNOWLEDGED_SECONDS = 60.0
_IMPATIENT_SECONDS = 1.0
"""Slack waits three seconds for an acknowledgement, and a minute before it delivers again."""

OnRequest = Callable[[int], None]
"""Called with the port on this machine that a request came from."""


def ask_text(number: int) -> str:
    """Return a unique question that the starter knows."""
    return f"How do I return an item? ({number})"


class Place(Protocol):
    """A platform; use it with ``async with``."""

    name: str
    """As the bot calls it."""

    async def __aenter__(self) -> Self:
        """Begin to listen."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Those that lead a daemon here."""

    @property
    def port(self) -> int:
        """Where it listens."""

    def stand_behind(self, port: int) -> None:
        """Report this port instead of its own."""

    def name_of(self, person: int) -> str:
        """Return the platform's id of a person."""

    async def ask(self, number: int, person: int) -> Callable[[], bool]:
        """Have somebody ask; return a call that tells whether the platform promises to deliver it."""

    async def until_acknowledged(self) -> None:
        """Wait until the platform has nothing left to deliver again."""

    async def vote(self, source: random.Random) -> bool:
        """Have somebody vote on a recent answer; return False if there is none."""

    def new_answers(self) -> Iterator[int]:
        """Yield the answered question for each message of the bot since the last call."""

    def break_next_post(self, on_request: OnRequest, *, posted: bool) -> None:
        """Call this when the bot asks to post an answer next, and break that connection.

        Args:
            on_request: ends the daemon that asked.
            posted: whether the answer is posted before.
        """


class SlackPlace:
    """A workspace in which each person has a channel, since a channel takes a message a second."""

    name = "slack"

    def __init__(self) -> None:
        self._slack = LocalSlack(ack_seconds=_IMPATIENT_SECONDS)
        self._numbers: dict[str, int] = {}
        self._seen = 0

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self._slack.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self._slack.__aexit__(kind, error, trace)

    @property
    def settings(self) -> Mapping[str, str]:
        """Those that lead a daemon here."""
        return self._slack.environment()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._slack.port

    def stand_behind(self, port: int) -> None:
        """Report this port instead of its own."""
        self._slack.stand_behind(_HOST, port)

    def name_of(self, person: int) -> str:
        """Return the platform's id of a person."""
        return f"U{person}"

    async def until_acknowledged(self) -> None:
        """Wait until the platform has nothing left to deliver again."""
        await self._slack.wait_for_acks(seconds=_ACKNOWLEDGED_SECONDS)

    async def vote(self, source: random.Random) -> bool:
        """Have somebody vote on a recent answer; return False if there is none."""
        if not (replies := [one for one in self._slack.replies[-_RECENT:] if has_thumbs(one)]):
            return False
        await self._slack.click(source.choice(replies), f"U{source.randrange(10)}", positive=source.random() < 0.7)
        return True

    async def ask(self, number: int, person: int) -> Callable[[], bool]:
        """Have somebody mention the bot, write to it or type a command; what is not acknowledged comes again."""
        who, text = self.name_of(person), ask_text(number)
        match number % 5:
            case 0:  # heard twice, under two names
                envelope = await self._slack.mention(f"C{person}", who, text, also_message=True)
            case 1:
                envelope = await self._slack.dm(who, text)
            case 2:  # its answer is in no thread, so it has a channel of its own
                await self._slack.slash(channel := f"C{person}N{number}", who, text)
                self._numbers[channel] = number
                return lambda: True
            case _:
                envelope = await self._slack.mention(f"C{person}", who, text, copies=2)
        self._numbers[envelope.ts] = number
        return lambda: True

    def new_answers(self) -> Iterator[int]:
        """Yield the answered question for each message of the bot since the last call."""
        new = self._slack.messages[self._seen :]
        self._seen += len(new)
        for message in new:
            if message.bot_id:
                yield self._numbers.get(message.thread_ts or message.channel, NOBODY)

    def break_next_post(self, on_request: OnRequest, *, posted: bool) -> None:
        """Call this when the bot asks to post an answer next, and break that connection."""
        self._slack.misbehave("chat.postMessage", Reset(posted, lambda request: on_request(_port(request))))


class DiscordPlace:
    """A guild with one channel, in which everybody asks.

    Discord tells nobody again what happened while a bot was away. A message is found in the channel; a command
    that was not acknowledged is lost, and its asker is told so by Discord itself.
    """

    name = "discord"

    def __init__(self) -> None:
        self._discord = DiscordServer()
        self._numbers: dict[str, int] = {}
        self._thinking: list[tuple[Interaction, int]] = []
        self._seen = 0

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self._discord.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self._discord.stop()

    @property
    def settings(self) -> Mapping[str, str]:
        """Those that lead a daemon here."""
        return {"DISCORD_TOKEN": self._discord.token, "DISCORD_API_URL": self._discord.api_url}

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._discord.port

    def stand_behind(self, port: int) -> None:
        """Report this port instead of its own."""
        self._discord.stand_behind(_HOST, port)

    def name_of(self, person: int) -> str:
        """Return the platform's id of a person."""
        return str(2_000 + person)

    async def until_acknowledged(self) -> None:
        """Return at once: Discord tells nothing again."""

    async def vote(self, source: random.Random) -> bool:
        """Have somebody vote on a recent answer; return False if there is none."""
        if not (answers := [one for one in self._discord.bot_messages[-_RECENT:] if one["components"]]):
            return False
        await self._discord.click(source.choice(answers), source.random() < 0.7)
        return True

    async def ask(self, number: int, person: int) -> Callable[[], bool]:
        """Have somebody mention the bot or use its command; each third message is told twice."""
        if number % 6 == 5:
            interaction = await self._discord.slash(ask_text(number))
            self._thinking.append((interaction, number))
            return lambda: interaction.acknowledged_after is not None
        author = user(self.name_of(person), f"person{person}")
        content = {"content": f"<@{BOT_ID}> {ask_text(number)}"}
        message = self._discord.state.add_message(CHANNEL_ID, author, content)
        self._numbers[message["id"]] = number
        for _ in range(1 + (number % 3 == 0)):
            await self._discord.redeliver(message)
        return lambda: True

    def new_answers(self) -> Iterator[int]:
        """Yield the answered question for each message of the bot since the last call."""
        new = self._discord.state.messages[self._seen :]
        self._seen += len(new)
        for message in new:
            if message["author"]["id"] != BOT_ID:
                continue
            if reference := message.get("message_reference"):
                yield self._numbers.get(reference["message_id"], NOBODY)
            else:  # to a command that was not acknowledged in time; the answer quotes it
                found = _NUMBER.search(message["content"])
                yield int(found[0]) if found else NOBODY
        answered = [one for one in self._thinking if one[0].text is not None]
        self._thinking = [one for one in self._thinking if one[0].text is None]
        for _, number in answered:
            yield number

    def break_next_post(self, on_request: OnRequest, *, posted: bool) -> None:
        """Call this when the bot asks to post an answer next, and break that connection."""
        fault = Fault(drop=True, after=posted, on_break=lambda request: on_request(_port(request)))
        self._discord.fail("POST", "/channels/*/messages", fault)


PLACES: Mapping[str, type[SlackPlace] | type[DiscordPlace]] = {"slack": SlackPlace, "discord": DiscordPlace}


def _port(request: web.Request) -> int:
    assert request.transport is not None  # noqa: S101 - it is being answered
    port: int = request.transport.get_extra_info("peername")[1]
    return port
