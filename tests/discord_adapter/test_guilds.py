"""Two servers on one daemon: what belongs to one of them is nowhere in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import pytest
from sqlalchemy import select

from bot.discord.views import vote_id
from supportbot.db.models import Workspace
from supportbot.feedback.consent import allow, may_be_learned_from
from supportbot.feedback.votes import UnknownAnswerError, Vote
from supportbot.policies.store import Place
from tests.discord_adapter.conftest import World
from tests.supportbot.knowledge.publishing import approve


@dataclass
class Two:
    """The bot in two servers, with Alice in the first and Bob in the second; their managers are Mia and Max."""

    world: World
    channel: Any
    bob: Any
    mia: Any
    max: Any

    async def ask(self, person: Any, channel: Any, text: str) -> None:
        """Have somebody mention the bot."""
        assert self.world.client.user is not None
        await person.send(channel, f"{self.world.client.user.mention} {text}")

    async def number(self, channel: Any) -> int:
        """Return the number of a channel's server in the database."""
        query = select(Workspace.id).where(Workspace.external_id == str(channel.guild.id))
        async with self.world.core.database.read() as session:
            return (await session.scalars(query)).one()


def _manager(world: World, guild: Any, name: str) -> Any:
    role = guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return guild.add_member(world.env.create_user(name), roles=[role])


@pytest.fixture
async def two(world: World) -> Two:
    """The bot in another server as well."""
    guild = world.env.create_guild("Club")
    channel = guild.create_text_channel("help")
    bob = guild.add_member(world.env.create_user("bob"))
    managers = (_manager(world, world.channel.guild, "mia"), _manager(world, guild, "max"))
    await world.env.settle()
    return Two(world, channel, bob, *managers)


async def test_each_server_has_its_own_answers_figures_and_policy(two: Two) -> None:
    """Replies go where the question was, figures count a server alone, and a decision holds in one."""
    world = two.world
    await world.mention("in the shop?")
    await two.ask(two.bob, two.channel, "in the club?")
    await two.ask(two.bob, two.channel, "and there?")
    await world.answer()
    assert len(world.channel.last_message.components) > 0
    for manager, channel, begins in (
        (two.mia, world.channel, "1 question "),
        (two.max, two.channel, "2 questions "),
    ):
        assert (await manager.slash(channel, "stats")).response.content.startswith(begins)
    here = Place(platform="discord", workspace=str(two.channel.guild.id))
    await world.core.service.policies.change(here, {"answer_on": "never"}, "ada")
    await two.ask(two.bob, two.channel, "nothing")
    await world.mention("something")
    asked = {one.question for one in await world.core.history.recent(9)}
    assert asked == {"in the shop?", "in the club?", "and there?", "something"}


async def test_vote_counts_in_the_server_of_the_answer(two: Two) -> None:
    """Whoever names another server's answer has no vote on it."""
    world = two.world
    await world.mention("in the shop?")
    await world.answer()
    await two.ask(two.bob, two.channel, "in the club?")
    await world.answer()
    ours = world.channel.last_message
    await world.alice.click(ours, custom_id=vote_id(1, Vote.UP))
    with pytest.raises(UnknownAnswerError):
        await world.core.service.vote(1, f"discord:{two.bob.id}", Vote.UP, workspace=str(two.channel.guild.id))
    votes = {one.question: one.votes_up for one in await world.core.history.recent(9)}
    assert votes == {"in the shop?": 1, "in the club?": 0}


async def test_knowledge_and_consent_of_a_server_are_its_own(two: Two) -> None:
    """What was learned in one is not offered in the other, whatever it consented to; consent is for each."""
    world = two.world
    await world.mention("in the shop?")
    await two.ask(two.bob, two.channel, "in the club?")
    database = world.core.database
    await allow(database, "discord", str(two.channel.guild.id), "Max", allow=True)
    await approve(database, {"At noon.": ["When is the sauna open?"]}, workspace_id=await two.number(two.channel))
    await world.core.knowledge.load()
    offers = {
        channel.guild.name: await person.autocomplete(channel, "ask", "question", "when is")
        for person, channel in ((world.alice, world.channel), (two.bob, two.channel))
    }
    assert {name: [one["name"] for one in offered] for name, offered in offers.items()} == {
        "Shop": [],
        "Club": ["When is the sauna open?"],
    }
    learned = [
        await may_be_learned_from(database, "discord", str(channel.guild.id))
        for channel in (world.channel, two.channel)
    ]
    assert learned == [False, True]
