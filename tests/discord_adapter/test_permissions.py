"""Permissions that the bot lacks are named to whoever can give them."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.discord.client import DiscordAdapter
from bot.discord.permissions import READ_HISTORY, MissingPermissions
from supportbot.notices import read_notices
from tests.discord_adapter.conftest import Core, listening
from tests.discord_server import DiscordServer
from tests.discord_server.state import GUILD_ID
from tests.waiting import until

ENOUGH = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True
)
TOO_FEW = discord.Permissions(view_channel=True, send_messages=True)


def told(core: Core, holds: Callable[[list[str]], bool]) -> Callable[[], bool]:
    """Return whether this holds for what `supportbot doctor` finds."""
    return lambda: holds([notice.sentence for notice in read_notices(core.settings.home)])


async def test_doctor_is_told_until_it_is_mended(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """What the bot may do in no channel of a server is kept for `supportbot doctor`, until a role has it."""
    server.state.bot_permissions = str(TOO_FEW.value)
    async with listening(adapter, server):
        sentence = (
            "The bot lacks permissions: Send Messages in Threads, Read Message History "
            f"(in the server {GUILD_ID}). Give them to its role in the settings of Discord."
        )
        await until(told(core, lambda sentences: sentences == [sentence]))
        await server.allow(ENOUGH)
        await until(told(core, lambda sentences: sentences == []))


async def test_figures_name_what_is_lacking_there(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """Who manages the server is told in `/stats` which permissions the bot lacks in that channel."""
    server.state.bot_permissions = str(TOO_FEW.value)
    async with listening(adapter, server):
        asked = await server.stats(permissions=discord.Permissions(manage_guild=True))
        assert (await server.response_to(asked)).splitlines()[1:] == [
            (
                "The bot lacks permissions in this channel: Send Messages in Threads, Read Message History. "
                "Grant them to its role."
            )
        ]
        await server.allow(ENOUGH)
        asked = await server.stats(permissions=discord.Permissions(manage_guild=True))
        assert "lacks" not in await server.response_to(asked)


def test_what_was_refused_is_named_until_it_works() -> None:
    """A refused reply names its channel; one that is shown there later says that this is fixed."""
    sentences: list[str] = []
    missing = MissingPermissions(on_change=sentences.append)
    missing.miss("1", "Send Messages")
    missing.miss("1", "Send Messages")
    missing.miss("2", READ_HISTORY)
    assert len(sentences) == 2
    assert "Send Messages (in the channel 1); Read Message History (in the channel 2)" in sentences[-1]
    missing.works("1")
    assert "channel 1" not in sentences[-1]
    missing.compare("7", ())
    assert sentences[-1] == ""
