"""A human is asked from Discord, over real sockets: whom it reaches, what comes back, and what is there once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.discord.client import DiscordAdapter
from supportbot.db.models import Handoff, Outbox
from supportbot.db.states import AnswerSource, HandoffState
from supportbot.delivery.dispatch import Dispatcher
from supportbot.handoffs.reminding import Reminders
from supportbot.intake.questions import Grounds, Reply
from tests.discord_adapter.conftest import Core
from tests.discord_server import DiscordServer, Fault
from tests.discord_server.state import (
    BOB,
    CHANNEL_ID,
    DM_CHANNEL_ID,
    FOREIGN_CHANNEL_ID,
    FORUM_ID,
    GUILD_ID,
    TEAM_CHANNEL_ID,
    Json,
)
from tests.policies import decide

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE, grounds=Grounds(offers_human=True))
ASK, RESOLVED = "Ask a human", "Resolved"


class Bot:
    """The adapter with what is behind it; a test says what the answers are, and when something is delivered."""

    def __init__(self, core: Core, server: DiscordServer, adapter: DiscordAdapter) -> None:
        self.core = core
        self.server = server
        self.dispatcher = Dispatcher(core.outbox, adapter.sender)

    async def decide(self, **settings: Any) -> None:
        """Let a policy hold in the guild."""
        await decide(self.core.database, "discord", GUILD_ID, **settings)

    async def unsure(self, text: str = "where is my parcel?", reply: Reply = NOT_SURE) -> tuple[Json, Json]:
        """Have Alice ask something; return her message and the answer, which offers a human."""
        asked = await self.server.mention(text)
        await self.core.heard(text)
        (claim,) = await self.core.inbox.claim(["discord"], 1)
        await self.core.inbox.finish(claim.question_id, reply)
        await self.deliver()
        return asked, await self.server.reply_to(asked)

    async def deliver(self) -> None:
        """Deliver whatever is due."""
        while await self.dispatcher.deliver_due():
            pass

    async def try_again(self, *, age: timedelta = timedelta()) -> None:
        """Make everything that is not delivered due, as time would, and try once more."""
        async with self.core.database.write() as session:
            now = datetime.now(UTC)
            changed = {"due_at": now} | ({"created_at": now - age} if age else {})
            await session.execute(update(Outbox).values(**changed))
        await self.dispatcher.deliver_due()

    async def state(self) -> HandoffState:
        """Return how far the one hand-off has come."""
        async with self.core.database.read() as session:
            return (await session.scalars(select(Handoff.state))).one()

    def said(self, channel: str) -> list[Json]:
        """Return what the bot has said in a channel."""
        return [one for one in self.server.bot_messages if one["channel_id"] == channel]

    async def replied(self, text: str) -> None:
        """Wait until what somebody replied is kept as an answer."""
        async with asyncio.timeout(20):
            while text not in (await self.core.only()).by_people:
                pass  # each look is a way to the database and back


@pytest.fixture
async def bot(core: Core, server: DiscordServer, adapter: DiscordAdapter) -> AsyncIterator[Bot]:
    """The adapter, which listens."""
    task = asyncio.create_task(adapter.run())
    await server.connected()
    yield Bot(core, server, adapter)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_channel_is_asked_and_its_answer_comes_back(server: DiscordServer, bot: Bot) -> None:
    """A click asks the channel of the policy; a reply to that message is shown to the asker, by name, once.

    Nobody is pinged, and who is asked closes it.
    """
    await bot.decide(handoff_target=TEAM_CHANNEL_ID)
    asked, shown = await bot.unsure("where is @everyone and [my](https://evil.test) parcel?")
    assert await server.response_to(await server.press(shown, ASK)) == "I'm asking a human."
    assert await server.response_to(await server.press(shown, ASK)) == "A human has already been asked."
    await bot.deliver()
    (post,) = bot.said(TEAM_CHANNEL_ID)
    assert post["content"].startswith(
        f"Someone is asking for a human in <#{CHANNEL_ID}>:\n> where is @\u200beveryone"
    )
    assert "](" not in post["content"]
    assert f"https://discord.com/channels/{GUILD_ID}/{CHANNEL_ID}/{asked['id']}" in post["content"]
    assert post["allowed_mentions"] == {"parse": [], "replied_user": False}
    (told,) = server.replies_to(asked)[1:]
    assert told["content"] == f"I've asked <#{TEAM_CHANNEL_ID}>. You'll get the answer here."

    await server.say("At the post office, @here.", channel=TEAM_CHANNEL_ID, author=BOB, reply_to=post)
    await bot.replied("At the post office, @here.")
    await bot.deliver()
    relay = server.replies_to(asked)[2]
    assert relay["content"] == "**bob** answers:\nAt the post office, @\u200bhere."
    assert await bot.state() is HandoffState.ANSWERED

    assert "closed" in await server.response_to(await server.press(post, RESOLVED))
    assert "before" in await server.response_to(await server.press(told, RESOLVED))
    assert await bot.state() is HandoffState.RESOLVED


async def test_forum_has_a_new_post(server: DiscordServer, bot: Bot) -> None:
    """A forum gets a post, once though the line broke; a reply to its first message comes back."""
    await bot.decide(handoff_target=FORUM_ID)
    asked, shown = await bot.unsure()
    await server.response_to(await server.press(shown, ASK))
    server.fail("POST", f"/channels/{FORUM_ID}/threads", Fault(drop=True, after=True))
    await bot.deliver()
    await bot.try_again()
    (thread,) = server.state.posts
    assert thread["name"].startswith("where is my parcel? (#")
    (post,) = bot.said(thread["id"])
    await server.say("At the post office.", channel=thread["id"], author=BOB, reply_to=post)
    await bot.replied("At the post office.")
    await bot.deliver()
    assert server.replies_to(asked)[2]["content"].endswith("At the post office.")


async def test_person_is_asked_directly(server: DiscordServer, bot: Bot) -> None:
    """A member of the server has a direct message, and answers by a reply to it."""
    await bot.decide(handoff_target=f"@{BOB['id']}")
    asked, shown = await bot.unsure()
    await server.response_to(await server.press(shown, ASK))
    await bot.deliver()
    (post,) = bot.said(DM_CHANNEL_ID)
    await server.say("At the post office.", channel=DM_CHANNEL_ID, author=BOB, reply_to=post)
    await bot.replied("At the post office.")
    await bot.deliver()
    assert server.replies_to(asked)[2]["content"] == "**bob** answers:\nAt the post office."


async def test_role_is_named_where_the_question_stands(server: DiscordServer, bot: Bot) -> None:
    """A role is pinged in the channel of the question, and nobody else; a reply there is passed on nowhere."""
    await bot.decide(handoff_target="@&5005")
    asked, shown = await bot.unsure()
    await server.response_to(await server.press(shown, ASK))
    await bot.deliver()
    post, told = sorted(server.replies_to(asked)[1:], key=lambda one: "asks" not in one["content"])
    assert post["content"].startswith("<@&5005> Someone is asking for a human here:")
    assert post["allowed_mentions"] == {"parse": [], "replied_user": False, "roles": ["5005"]}
    assert told["allowed_mentions"] == {"parse": [], "replied_user": False}
    await server.say("At the post office.", author=BOB, reply_to=told)
    await bot.replied("At the post office.")
    await bot.deliver()
    assert len(server.replies_to(asked)) == 3


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (FOREIGN_CHANNEL_ID, "a channel of another server"),
        ("@1009", "a person who is not on this server"),
        ("999", "The channel was deleted."),
    ],
)
async def test_target_that_is_out_of_reach(server: DiscordServer, bot: Bot, target: str, reason: str) -> None:
    """A target elsewhere, or that is gone: nobody there hears of it, the asker does, and the log says why once."""
    await bot.decide(handoff_target=target)
    asked, shown = await bot.unsure()
    with capture_logs() as lines:
        await server.response_to(await server.press(shown, ASK))
        await bot.deliver()
    (line,) = [line for line in lines if line["event"] == "reply.undeliverable"]
    assert reason in line["reason"]
    assert bot.said(FOREIGN_CHANNEL_ID) == bot.said(DM_CHANNEL_ID) == []
    assert [one["content"] for one in server.replies_to(asked)[1:]][-1].startswith("I couldn't reach")
    assert await bot.state() is HandoffState.UNREACHED


async def test_command_asks_a_human_at_once(server: DiscordServer, bot: Bot) -> None:
    """`/ask human …` goes to people, and says so in place of an answer; theirs comes below that."""
    await bot.decide(handoff_target=TEAM_CHANNEL_ID)
    asked = await server.slash("human where is my parcel?")
    await server.until(lambda: asked.acknowledged_after is not None)
    await bot.core.heard("where is my parcel?")
    await bot.deliver()
    text = await server.response_to(asked)
    assert "> where is my parcel?" in text
    assert f"I've asked <#{TEAM_CHANNEL_ID}>." in text
    (post,) = bot.said(TEAM_CHANNEL_ID)
    await server.say("At the post office.", channel=TEAM_CHANNEL_ID, author=BOB, reply_to=post)
    await bot.replied("At the post office.")
    await bot.deliver()
    assert asked.message is not None
    (relay,) = bot.said(CHANNEL_ID)
    assert relay["message_reference"]["message_id"] == asked.message["id"]


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=3)])
async def test_line_breaks_after_discord_has_taken_each_message(
    server: DiscordServer, bot: Bot, age: timedelta
) -> None:
    """Each message is there once, by its nonce and, when Discord has forgotten that, by what the channel says."""
    await bot.decide(handoff_target=TEAM_CHANNEL_ID)
    asked, shown = await bot.unsure()
    await server.response_to(await server.press(shown, ASK))
    for channel in (TEAM_CHANNEL_ID, CHANNEL_ID):
        server.fail("POST", f"/channels/{channel}/messages", Fault(drop=True, after=True))
    await bot.deliver()
    if age:
        server.state.nonces.clear()
    await bot.try_again(age=age)
    assert len(bot.said(TEAM_CHANNEL_ID)) == 1
    assert len(server.replies_to(asked)) == 2


async def test_reminder_refers_to_what_was_asked(server: DiscordServer, bot: Bot) -> None:
    """Who has not answered is reminded by a reply to the message that asked them."""
    await bot.decide(handoff_target=TEAM_CHANNEL_ID, handoff_reminder_minutes=5)
    _, shown = await bot.unsure()
    await server.response_to(await server.press(shown, ASK))
    await bot.deliver()
    async with bot.core.database.write() as session:
        await session.execute(update(Handoff).values(asked_at=datetime.now(UTC) - timedelta(minutes=6)))
    assert await Reminders(bot.core.database).look() == 1
    await bot.deliver()
    post, reminder = bot.said(TEAM_CHANNEL_ID)
    assert reminder["message_reference"]["message_id"] == post["id"]
    assert "Nobody has answered" in reminder["content"]
