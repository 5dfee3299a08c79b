"""What is answered in a Discord channel as its admins decided, and how they decide it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.discord.client import open_discord
from bot.discord.policy import read_submission
from bot.policies import ADMINS_TEXT, NOT_HERE_TEXT
from supportbot.db import audit
from supportbot.db.states import QuestionState
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.store import Place
from tests.discord_adapter.conftest import Core, World
from tests.discord_adapter.payloads import message as payload
from tests.discord_server import DiscordServer
from tests.discord_server.state import BOT, CHANNEL_ID, GUILD_ID, POST_ID
from tests.waiting import beside

QUESTION = "How do I reset my password?"


def here(world: World) -> Place:
    """The channel."""
    return Place(platform="discord", workspace=str(world.channel.guild.id), channel=str(world.channel.id))


async def decide(world: World, **settings: object) -> None:
    """Decide about the channel."""
    await world.core.service.policies.change(here(world), settings, "ada")


async def asked(world: World) -> list[str]:
    """Return what was asked, the oldest first."""
    return [exchange.question for exchange in await world.core.history.recent(100)][::-1]


async def hear_everything(world: World) -> None:
    """Let the operator have switched on the intent, in a Discord whose clock is the database's."""
    clock = world.env.backend.clock
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds())
    world.core.settings = world.core.settings.model_copy(update={"discord_message_content": True})
    await world.restart()


async def thread_of(world: World) -> Any:
    """Return a thread of the channel."""
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="Passwords", type=discord.ChannelType.public_thread)
    await world.env.settle()
    return world.channel.threads[0]


def filled_in(opened: Any, **changes: object) -> dict[str, object]:
    """Return what the fields of a form hold, as it was opened but for some changes."""
    fields: dict[str, object] = {}
    for label in opened.modal["components"]:
        field = label["component"]
        chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
        fields[field["custom_id"]] = chosen if "options" in field else field.get("value", "")
    return {**fields, **changes}


def manager(world: World) -> Any:
    """Return somebody who may manage the server."""
    guild = world.channel.guild
    role = guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(world.env.create_user("mia"), roles=[role])


async def test_never_is_silence(world: World) -> None:
    """A mention gets nothing, a command and "Answer this" one private sentence; the bot alone is still asked."""
    await decide(world, answer_on="never")
    message = await world.mention(QUESTION)
    result = await world.alice.slash(world.channel, "ask", question=QUESTION)
    chosen = await world.alice.context_menu(world.channel, "Answer this", message)
    for told in (result, chosen):
        assert (told.response.content, told.ephemeral, told.deferred) == (NOT_HERE_TEXT, True, False)
    assert await asked(world) == []
    await world.alice.send_dm(QUESTION)
    assert await asked(world) == [QUESTION]


async def test_in_threads_only(world: World) -> None:
    """Outside of threads a mention is not answered, and a command privately; a thread is its channel's."""
    thread = await thread_of(world)
    await decide(world, answer_on="threads")
    await world.mention("outside?")
    result = await world.alice.slash(world.channel, "ask", question=QUESTION)
    assert (result.deferred, result.ephemeral) == (True, True)
    assert world.client.user is not None
    await world.alice.send(thread, f"{world.client.user.mention} inside?")
    assert await asked(world) == [QUESTION, "inside?"]
    await world.answer()
    assert {one.state for one in await world.core.history.recent(9)} == {QuestionState.DELIVERED}
    assert result.response.content.startswith(f"> {QUESTION}")
    assert world.channel.last_message.author.id == world.alice.id
    in_thread = await world.alice.slash(thread, "ask", question="and here?")
    assert (in_thread.deferred, in_thread.ephemeral) == (True, False)
    await decide(world, answer_on="never")
    assert (await world.alice.slash(thread, "ask", question="still?")).response.content == NOT_HERE_TEXT


async def test_private_answer_goes_nowhere_else(world: World) -> None:
    """Once its way has expired it is given up rather than shown to all."""
    await decide(world, answer_on="threads")
    await world.alice.slash(world.channel, "ask", question=QUESTION)
    expired = {"status": 401, "code": 50027, "message": "Invalid Webhook Token"}
    world.env.inject_error("PATCH", "/webhooks/*/*/messages/@original", **expired)
    before = len(world.channel.history())
    await world.answer()
    assert len(world.channel.history()) == before
    assert (await world.core.only()).state is QuestionState.FAILED


async def test_questions_to_nobody_are_heard_with_the_intent(world: World) -> None:
    """Where the policy says so; talk, replies and what names a person are left alone, and nothing is shown."""
    await decide(world, answer_on="questions")
    await world.alice.send(world.channel, QUESTION)
    assert await asked(world) == []
    await hear_everything(world)
    await world.alice.send(world.channel, QUESTION)
    bob = world.channel.guild.add_member(world.env.create_user("bob"))
    for talk in ("lunch at noon", f"{world.alice.mention} {QUESTION}"):
        await bob.send(world.channel, talk)
    await bob.send(world.channel, QUESTION, reply_to=world.channel.last_message)
    assert await asked(world) == [QUESTION]
    assert not world.requests("POST", "/typing")
    shown = len(world.channel.history())
    await world.answer()
    assert await asked(world) == []
    assert len(world.channel.history()) == shown


async def test_only_what_is_for_nobody_is_heard(core: Core, server: DiscordServer) -> None:
    """A reply is for whom it replies to, also without a ping; roles that are named, and bots, are not heard."""
    place = Place(platform="discord", workspace=GUILD_ID)
    await core.service.policies.change(place, {"answer_on": "questions"}, "ada")
    changes = {"discord_api_url": server.api_url, "discord_message_content": True}
    reply = {"type": 19, "message_reference": {"channel_id": CHANNEL_ID, "message_id": "2"}}
    settings = core.settings.model_copy(update=changes)
    async with open_discord(core.service, settings) as adapter, beside(adapter.run()):
        await server.connected()
        for other in (reply, {"webhook_id": "7"}, {"author": BOT}):
            await server.redeliver(payload(QUESTION, **other))
        await server.redeliver(payload(f"<@&5> {QUESTION}", mention_roles=["5"]))
        await server.redeliver(payload("Where is the exit?", channel=POST_ID))
        await core.heard("Where is the exit?")


async def test_edit_makes_and_unmakes_a_question(world: World) -> None:
    """What an edit makes a question is heard, and what it takes back is forgotten."""
    await hear_everything(world)
    await decide(world, answer_on="questions")
    message = await world.alice.send(world.channel, "my password")
    await world.alice.edit(message, QUESTION)
    assert await asked(world) == [QUESTION]
    await world.alice.edit(message, "never mind")
    assert await asked(world) == []
    other = await world.alice.send(world.channel, QUESTION)
    await world.alice.delete(other)
    assert await asked(world) == []


async def test_manager_decides_in_a_form(world: World) -> None:
    """It holds what holds now; what is sent is kept, audited, and confirmed, with the intent that is missing."""
    mia = manager(world)
    await decide(world, language="en")
    opened = await mia.slash(world.channel, "config")
    assert opened.modal["title"] == "How I answer here"
    changes = {"answer_on": ["questions"], "quiet_hours": "22:00-07:00 UTC", "handoff_target": "<@&5001>"}
    sent = await mia.submit_modal(opened, filled_in(opened, **changes))
    assert sent.ephemeral
    assert "Quiet hours: 22:00-07:00 UTC" in sent.response.content
    assert "SUPPORTBOT_DISCORD_MESSAGE_CONTENT=true" in sent.response.content
    policy = await world.core.service.policies.shown(here(world))
    assert (policy.answer_on, policy.handoff_target, policy.language) == (AnswerOn.QUESTIONS, "@&5001", "en")
    deed = (await audit.recent(world.core.database, 1))[0]
    assert deed.actor == f"discord:{world.channel.guild.id}:{mia.id}"
    await hear_everything(world)
    again = await mia.slash(world.channel, "config")
    sent = await mia.submit_modal(again, filled_in(again, verified_only=["yes"]))
    assert "SUPPORTBOT_DISCORD_MESSAGE_CONTENT" not in sent.response.content
    assert (await world.core.service.policies.shown(here(world))).verified_only


async def test_form_of_the_whole_server(world: World) -> None:
    """It is about all channels that decide nothing else, also in a thread, which else is its channel."""
    mia, thread = manager(world), await thread_of(world)
    opened = await mia.slash(thread, "config", where="server")
    await mia.submit_modal(opened, filled_in(opened, verified_only=["yes"]))
    opened = await mia.slash(thread, "config")
    await mia.submit_modal(opened, filled_in(opened, answer_on=["never"]))
    server, channel = await world.core.service.policies.listed()
    assert (server.place.channel, server.settings) == ("", {"verified_only": True})
    assert (channel.place.channel, channel.settings) == (str(world.channel.id), {"answer_on": "never"})


async def test_what_is_wrong_is_told_with_a_way_back(world: World) -> None:
    """Nothing is kept; the field is named, and the button opens the form once more."""
    mia = manager(world)
    opened = await mia.slash(world.channel, "config")
    sent = await mia.submit_modal(opened, filled_in(opened, answer_on=["never"], quiet_hours="at night"))
    assert "Quiet hours: Enter hours like" in sent.response.content
    assert await world.core.service.policies.shown(here(world)) == Policy()
    again = await mia.click(sent.response, custom_id=f"supportbot:policy-again:{world.channel.id}")
    assert again.modal["title"] == "How I answer here"


async def test_only_managers_may_decide(world: World) -> None:
    """Who has the command and not the permission is told so, also at sending; the operator names others."""
    mia = manager(world)
    opened = await mia.slash(world.channel, "config")
    [command] = [one for one in await world.client.tree.fetch_commands() if one.name == "config"]
    world.channel.guild.set_command_permissions(command, {world.alice: True})
    told = await world.alice.slash(world.channel, "config")
    assert (told.response.content, told.ephemeral) == (ADMINS_TEXT, True)
    world.env.backend.get_guild(world.channel.guild.id).members[mia.id].role_ids.clear()
    sent = await mia.submit_modal(opened, filled_in(opened, answer_on=["never"]))
    assert sent.response.content == ADMINS_TEXT
    assert await world.core.service.policies.listed() == []
    name = f"discord:{world.channel.guild.id}:{world.alice.id}"
    world.core.settings = world.core.settings.model_copy(update={"admins": name})
    await world.restart()
    assert (await world.alice.slash(world.channel, "config")).modal


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"custom_id": "supportbot:policy:1", "components": None},
        {"custom_id": "supportbot:policy:x", "components": []},
        {"custom_id": "supportbot:explain:1", "components": []},
    ],
)
def test_other_data_is_no_submission(data: object) -> None:
    """Whatever did not come from our form is left alone."""
    assert read_submission(data) is None
