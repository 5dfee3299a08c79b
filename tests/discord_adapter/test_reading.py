"""What people send: every kind of message becomes the question that a person would read in it, or none."""

from __future__ import annotations

from sqlalchemy import select

from bot.discord.client import DiscordAdapter
from bot.discord.questions import question_from_edit
from supportbot.db.models import Conversation, Question, Workspace
from tests.discord_adapter.conftest import Core, World
from tests.discord_adapter.payloads import DISPLAYED, DISPLAYS, EMBED, EMBEDDED, HEARD, UNKNOWN_GUILD_ID, forwarded
from tests.discord_adapter.payloads import message as payload
from tests.discord_server import DiscordServer
from tests.discord_server.state import BOT_ID, POST_ID, STAGE_ID
from tests.waiting import beside


async def test_every_kind_of_message_is_read(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Mentions of the role, forwards, embeds, tokens, posts and system messages, as the gateway sends them."""
    async with beside(adapter.run()):
        await server.connected()
        for _, message, _ in sorted(HEARD, key=lambda each: each[2] is not None):  # first those that are none
            await server.redeliver(message)
        await core.heard(*(expected for _, _, expected in HEARD if expected is not None))
    async with core.database.read() as session:
        rows = await session.execute(
            select(Question.identity, Question.text, Question.reply_to, Workspace.external_id)
            .join(Conversation, Question.conversation_id == Conversation.id)
            .join(Workspace, Conversation.workspace_id == Workspace.id)
        )
        found = {row.identity: row for row in rows}
    assert {message["id"]: text for _, message, text in HEARD if text is not None} == {
        identity: row.text for identity, row in found.items()
    }
    by_kind = {kind: found.get(message["id"]) for kind, message, _ in HEARD}
    unknown, post, stage = (
        by_kind[kind] for kind in ("guild that is not known", "further message of a post", "chat of a stage")
    )
    assert unknown is not None
    assert unknown.external_id == UNKNOWN_GUILD_ID
    assert post is not None
    assert stage is not None
    assert [row.reply_to.get("thread") for row in (unknown, post, stage)] == [None, True, False]


async def test_any_message_can_be_asked_about(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """ "Answer this" reads what a message forwards or displays, and the title of the post that it begins."""
    async with beside(adapter.run()):
        await server.connected()
        for message in (
            payload(**forwarded("Where is my parcel?")),
            payload(embeds=[EMBED]),
            payload(**DISPLAYS),
            payload("Any <:size:123456789012345678>?"),
        ):
            await server.answer_this(message)
        await core.heard("Where is my parcel?", EMBEDDED, DISPLAYED, "Any :size:?")


async def test_every_kind_of_channel_is_read_back(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """What was asked in a stage's chat and in a post while nobody listened is found."""
    await server.say(f"<@{BOT_ID}> on stage?", channel=STAGE_ID)
    await server.say(f"<@{BOT_ID}> in a post?", channel=POST_ID)
    async with beside(adapter.run()):
        await core.heard("on stage?", "in a post?")


async def test_edit_is_read_as_the_question_that_it_is_now(world: World) -> None:
    """An edited question has the name of the message and its new text; what nobody edited is no edit."""
    me = world.client.user
    assert me is not None
    asked = await world.mention("where is it?")
    assert question_from_edit(asked, me) is None
    await world.alice.edit(asked, f"{me.mention} where was it?")
    edited = question_from_edit(world.channel.last_message, me)
    assert edited is not None
    assert (edited.identity, edited.text) == (str(asked.id), "where was it?")
    await world.alice.edit(asked, "never mind")
    assert question_from_edit(world.channel.last_message, me) is None
