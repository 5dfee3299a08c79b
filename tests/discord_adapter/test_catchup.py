"""Reading channels back, in a simulated Discord."""

from __future__ import annotations

from datetime import timedelta

import discord

from bot.discord.catchup import CatchUp
from bot.discord.patience import Patience
from tests.discord_adapter.conftest import World
from tests.waiting import until


async def test_missed_while_its_channel_is_read(world: World) -> None:
    """A channel in which a message could not be kept just while it was read back is read once more."""
    channel = world.client.get_partial_messageable(world.channel.id)
    heard: list[int] = []

    async def hear(message: discord.Message) -> None:
        heard.append(message.id)
        if len(heard) == 1:
            catch_up.read(channel.id, channel)

    catch_up = CatchUp(hear, timedelta(minutes=30), Patience(longest_pause=0.0))
    message = await world.mention("how?")
    catch_up.read(channel.id, channel)
    try:
        await until(lambda: heard.count(message.id) == 2)
    finally:
        await catch_up.aclose()
