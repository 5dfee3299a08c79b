"""People who have installed the bot for themselves ask anywhere: it is theirs, and answered where they asked."""

from __future__ import annotations

from sqlalchemy import select

from bot.discord.client import DiscordAdapter
from supportbot.db.models import Conversation, Workspace
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.delivery.dispatch import Dispatcher
from supportbot.intake.people import direct_messages_of
from supportbot.intake.questions import Reply, Suggestion
from tests.discord_adapter.conftest import Core, listening
from tests.discord_adapter.payloads import message
from tests.discord_server import DiscordServer
from tests.discord_server.state import (
    ALICE,
    CHANNEL_ID,
    FOREIGN_CHANNEL_ID,
    FOREIGN_GUILD_ID,
    GUILD_ID,
    Json,
    Place,
    user,
)
from tests.grounds import NEAR, add_entry, unsure
from tests.supportbot.feedback.curation.rows import add_workspace
from tests.supportbot.knowledge.publishing import approve

BEN = user("1002", "ben")
ELSEWHERE = Place(FOREIGN_GUILD_ID, FOREIGN_CHANNEL_ID, {"1": ALICE["id"]})
BOTH = Place(GUILD_ID, CHANNEL_ID, {"0": GUILD_ID, "1": ALICE["id"]})
OWN = direct_messages_of("discord", ALICE["id"])


async def places(core: Core) -> list[tuple[str, str, str]]:
    """Return workspace, its name and channel of each conversation, the oldest first."""
    query = (
        select(Workspace.external_id, Workspace.name, Conversation.channel)
        .join(Conversation, Conversation.workspace_id == Workspace.id)
        .order_by(Conversation.id)
    )
    async with core.database.read() as session:
        return [(row.external_id, row.name, row.channel) for row in await session.execute(query)]


async def answered(core: Core, adapter: DiscordAdapter, server: DiscordServer, place: Place) -> Json:
    """Have Alice ask somewhere, answer her, and return the message of the answer."""
    asked = await server.slash("and how?", place=place)
    await server.until(lambda: asked.acknowledged_after is not None)
    await core.answer()
    await Dispatcher(core.outbox, adapter.sender).deliver_due()
    assert await server.response_to(asked)
    assert not asked.ephemeral
    assert asked.message is not None
    return asked.message


async def test_question_elsewhere_is_ones_own_and_answered_there(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Where the bot is not, the answer takes the command's own way; votes count, whoever of the place clicks."""
    async with listening(adapter, server):
        shown = await answered(core, adapter, server, ELSEWHERE)
        assert await places(core) == [(OWN, "", FOREIGN_CHANNEL_ID)]
        for by in (ALICE, BEN):
            click = await server.click(shown, up=True, by=by)
            await server.response_to(click)
    exchange = await core.only()
    assert (exchange.state, exchange.votes_up) == (QuestionState.DELIVERED, 2)
    posted = [path for method, path, _ in server.state.requests if method == "POST" and path.endswith("/messages")]
    assert not posted


async def test_any_message_elsewhere_can_be_answered(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """A message of somebody else, in a place that the bot cannot see, is asked by whoever chose it."""
    said = message("<@900000000000000001> where is the shop?", channel=FOREIGN_CHANNEL_ID, guild=FOREIGN_GUILD_ID)
    async with listening(adapter, server):
        asked = await server.answer_this(said, place=ELSEWHERE)
        await server.until(lambda: asked.acknowledged_after is not None)
    exchange = await core.only()
    assert (exchange.question, exchange.asker) == ("where is the shop?", ALICE["id"])
    assert await places(core) == [(OWN, "", FOREIGN_CHANNEL_ID)]


async def test_question_where_the_bot_is_belongs_to_the_guild(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Who has installed the bot as well asks in a guild that has it as everybody there does."""
    async with listening(adapter, server):
        await answered(core, adapter, server, BOTH)
    assert await places(core) == [(GUILD_ID, "Shop", CHANNEL_ID)]


async def test_a_click_of_somebody_else_is_their_own_question(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """A suggestion that somebody else clicks is asked by them, not in the workspace of who installed the bot."""
    entry_id = await add_entry(core.database, "Two days.")
    async with listening(adapter, server):
        asked = await server.slash("when comes it", place=ELSEWHERE)
        await server.until(lambda: asked.acknowledged_after is not None)
        (claim,) = await core.inbox.claim(["discord"], 1)
        await core.inbox.finish(claim.question_id, unsure(Suggestion(entry_id, NEAR)))
        await Dispatcher(core.outbox, adapter.sender).deliver_due()
        await server.response_to(asked)
        assert asked.message is not None
        click = await server.choose(asked.message, 0, by=BEN)
        await server.until(lambda: click.acknowledged_after is not None)
    assert await places(core) == [
        (OWN, "", FOREIGN_CHANNEL_ID),
        (direct_messages_of("discord", BEN["id"]), "", FOREIGN_CHANNEL_ID),
    ]


async def test_nothing_of_a_guild_is_offered_elsewhere(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """While somebody types elsewhere they are offered what is for all, and at home what is the guild's as well."""
    number = await add_workspace(core.database, "discord", consents=True, name=GUILD_ID)
    await approve(core.database, {"Yes.": ["Do you ship to Norway?"]}, workspace_id=number)
    await approve(core.database, {"No.": ["Do you ship abroad?"]})
    await core.knowledge.load()
    async with listening(adapter, server):
        elsewhere, home = await server.begin("do you", place=ELSEWHERE), await server.begin("do you")
        await server.until(lambda: elsewhere.choices is not None and home.choices is not None)
    assert [choice["name"] for choice in elsewhere.choices or []] == ["Do you ship abroad?"]
    assert {choice["name"] for choice in home.choices or []} == {"Do you ship abroad?", "Do you ship to Norway?"}


async def test_another_sample_stays_the_askers_own(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """An admin of the place may have one drawn; it is kept where its question is, not as the admin's own."""
    async with listening(adapter, server):
        asked = await server.slash("and how?", place=ELSEWHERE)
        await server.until(lambda: asked.acknowledged_after is not None)
        (claim,) = await core.inbox.claim(["discord"], 1)
        await core.inbox.finish(claim.question_id, Reply(text="Press it.", source=AnswerSource.GENERATED))
        await Dispatcher(core.outbox, adapter.sender).deliver_due()
        await server.response_to(asked)
        assert asked.message is not None
        click = await server.press(asked.message, "Try again", by=BEN)
        await server.until(lambda: click.acknowledged_after is not None)
    assert [one.asker for one in await core.history.recent(5)] == [ALICE["id"], ALICE["id"]]
    assert await places(core) == [(OWN, "", FOREIGN_CHANNEL_ID)]
