"""Another sample, and a question asked again after an edit, on Discord over real sockets."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from bot.again import REWORDED_TEXT, TRIED_ALREADY_TEXT
from bot.discord.suggestions import ASKED_ALREADY_TEXT
from supportbot.db.models import Example, Outbox
from supportbot.db.states import AnswerSource, OutboxKind
from supportbot.feedback.curation.collect import collect
from supportbot.intake.questions import Reply
from tests.discord_adapter.test_asking_human import Bot, bot
from tests.discord_server import DiscordServer
from tests.discord_server.state import ALICE, BOB, BOT_ID, Json

__all__ = ["bot"]

SURE = Reply(text="Press it.", source=AnswerSource.GENERATED)
TRY, ASK = "Try again", "Ask again"


def labels(message: Json) -> list[str]:
    """Return what the buttons of a message say, thumbs aside."""
    buttons = [button for row in message["components"] for button in row["components"]]
    return [button["label"] for button in buttons if button.get("label")]


async def answer(bot: Bot, text: str) -> None:
    """Answer what waits, and deliver it."""
    (claim,) = await bot.core.inbox.claim(["discord"], 5)
    await bot.core.inbox.finish(claim.question_id, Reply(text=text, source=AnswerSource.GENERATED))
    await bot.deliver()


async def offered(bot: Bot, text: str) -> None:
    """Wait until a text is offered to be asked."""
    query = select(Outbox.text).filter_by(kind=OutboxKind.ASK_AGAIN)
    async with asyncio.timeout(20):
        while True:  # each look is a way to the database and back
            async with bot.core.database.read() as session:
                if await session.scalar(query) == text:
                    return


async def test_try_again_brings_another_answer(server: DiscordServer, bot: Bot) -> None:
    """Three answers, each with thumbs; the last one offers no more. A click that comes twice draws once.

    The one that is liked is preferred to the one before it, which nobody liked.
    """
    _, shown = await bot.unsure("how?", SURE)
    for number in (2, 3):
        assert labels(shown) == [TRY]
        clicked = await server.press(shown, TRY)
        await server.redeliver_interaction(clicked)
        await server.until(lambda: clicked.acknowledged_after is not None)  # noqa: B023
        await answer(bot, f"Press it {number} times.")
        assert f"Press it {number} times." in await server.response_to(clicked)
        assert await server.response_to(await server.press(shown, TRY)) == TRIED_ALREADY_TEXT
        assert clicked.message is not None
        shown = clicked.message
    assert labels(shown) == []
    await server.response_to(await server.click(shown, up=True))
    assert [(one.asker, one.sample, one.votes_up) for one in await bot.core.history.recent(5)] == [
        (ALICE["id"], 3, 1),
        (ALICE["id"], 2, 0),
        (ALICE["id"], 1, 0),
    ]
    await collect(bot.core.database)
    async with bot.core.database.read() as session:
        pairs = await session.execute(select(Example.completion, Example.rejected))
        assert pairs.all() == [("Press it 3 times.", "Press it 2 times.")]


async def test_only_the_asker_and_admins_may(server: DiscordServer, bot: Bot) -> None:
    """Who neither asked nor manages the server is told so; who manages it has a sample drawn for the asker."""
    _, shown = await bot.unsure("how?", SURE)
    stranger = await server.press(shown, TRY, by=BOB, permissions="0")
    assert "Only the person who asked this" in await server.response_to(stranger)
    admin = await server.press(shown, TRY, by=BOB)
    await server.until(lambda: admin.acknowledged_after is not None)
    assert [one.asker for one in await bot.core.history.recent(5)] == [ALICE["id"], ALICE["id"]]


async def test_edited_question_is_asked_again(server: DiscordServer, bot: Bot) -> None:
    """A reply to the question offers to answer its new text, once; a click asks it."""
    asked, _ = await bot.unsure("how do I open it?", SURE)
    for text in ("How do I open it", "how do I close it?", "how do I shut it?"):
        await server.edit(asked, f"<@{BOT_ID}> {text}")
    await offered(bot, "how do I shut it?")
    await bot.deliver()
    _, offer = server.replies_to(asked)
    assert (offer["content"], labels(offer)) == (REWORDED_TEXT, [ASK])
    assert offer["allowed_mentions"] == {"parse": [], "replied_user": False}
    stranger = await server.press(offer, ASK, by=BOB)
    assert "Only the person who asked this" in await server.response_to(stranger)
    clicked = await server.press(offer, ASK)
    await server.until(lambda: clicked.acknowledged_after is not None)
    await answer(bot, "Pull it.")
    shown = await server.response_to(clicked)
    assert "how do I shut it?" in shown
    assert "Pull it." in shown
    assert await server.response_to(await server.press(offer, ASK)) == ASKED_ALREADY_TEXT
