"""How every interaction is acknowledged: first the commit, then the answer to Discord, both within 3 seconds.

Discord waits 3 seconds for an acknowledgement. A commit takes milliseconds, so it comes first: an acknowledged
question or vote is in the database, whatever happens next. Only when the database is slow (another process writes,
a disk hangs) is the interaction deferred before the commit is through, since otherwise Discord would tell the user
that the application did not respond, although the question is being stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiohttp
import discord
import structlog

from bot.discord._serving import ServingClient
from bot.discord.questions import PLATFORM, parent_of, workspace_of
from bot.policies import NOT_HERE_TEXT
from supportbot.intake.questions import Accepted
from supportbot.intake.reception import Reception
from supportbot.policies.store import Place
from supportbot.telemetry.way import hearing, kept
from supportbot.words import N_, Words

log = structlog.get_logger(__name__)

T = TypeVar("T")

SORRY_TEXT = N_("Sorry, something went wrong on my side. Please try again in a moment.")

_PATIENCE_SECONDS = 2.0  # leaves a second of Discord's three for the acknowledgement's own way


async def keep_then_defer(commit: Coroutine[Any, Any, T], interaction: discord.Interaction[ServingClient]) -> T:
    """Await ``commit``, show "thinking…" to the person and return what was committed.

    Raises:
        Exception: whatever ``commit`` raises; unless the database was slow, nothing was acknowledged then.
    """
    task = asyncio.ensure_future(commit)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    if done:
        task.result()  # a failure goes to the caller before anything is acknowledged
    await _defer(interaction, ephemeral=True)
    return await task


async def keep_then_answer(
    commit: Coroutine[Any, Any, Accepted], interaction: discord.Interaction[ServingClient]
) -> Accepted:
    """Await ``commit``, show "thinking…" as the channel's policy wants it, and return what was committed.

    Where nothing is heard, only the person is told. Of a slow database nobody knows yet what it will say: then
    "thinking…" is for all to see.

    Raises:
        Exception: whatever ``commit`` raises; unless the database was slow, nothing was acknowledged then.
    """
    with hearing():
        task = asyncio.ensure_future(commit)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not done:
            await _defer(interaction, ephemeral=False)
        accepted = await task
        kept(accepted.question_id)  # what the task said of it, it said to itself
        if accepted.reception is Reception.CLOSED:
            await tell(interaction, accepted.words.say(NOT_HERE_TEXT))
        elif done:
            await _defer(interaction, ephemeral=accepted.reception is Reception.PRIVATE)
        return accepted


async def keep_or_defer(commit: Coroutine[Any, Any, T], interaction: discord.Interaction[ServingClient]) -> T:
    """Await ``commit`` and return what was committed; show "thinking…" to the person only if that takes long.

    ``interaction.response.is_done()`` then tells whether there is still a choice of how to answer: a modal can't
    be shown any more once "thinking…" is.

    Raises:
        Exception: whatever ``commit`` raises.
    """
    task = asyncio.ensure_future(commit)
    done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
    if not done:
        await _defer(interaction, ephemeral=True)
    return await task


async def show(interaction: discord.Interaction[ServingClient], modal: discord.ui.Modal) -> bool:
    """Open a modal for the person who interacted; return False, and log why, if that fails."""
    try:
        await interaction.response.send_modal(modal)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("interaction.no_modal", interaction_id=interaction.id, error=type(error).__name__)
        return False
    return True


async def _defer(interaction: discord.Interaction[ServingClient], *, ephemeral: bool) -> None:
    try:
        await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        # Too late, or the network is gone. What was committed stays committed; the answer takes another way.
        log.warning("interaction.not_deferred", interaction_id=interaction.id, error=type(error).__name__)


async def tell(
    interaction: discord.Interaction[ServingClient], text: str, view: discord.ui.View | None = None
) -> None:
    """Tell the person who interacted, and only them where that is still possible; a failure is logged.

    Args:
        interaction: of the person.
        text: what they are told.
        view: the buttons below, if there are any.
    """
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=text, view=view)
        elif view is None:
            await interaction.response.send_message(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, view=view, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("interaction.not_told", interaction_id=interaction.id, error=type(error).__name__)


async def words_for(interaction: discord.Interaction[Any]) -> Words:
    """Return the bot's own words for who interacts: as the channel's policy says, else as Discord does."""
    client: ServingClient = interaction.client
    place = Place(
        platform=PLATFORM,
        workspace=workspace_of(interaction),
        channel=str(interaction.channel_id or ""),
        parent=parent_of(interaction.channel),
    )
    return await client.service.words(place, interaction.locale.value)


async def whisper(
    interaction: discord.Interaction[Any], sentence: str, view: discord.ui.View | None = None
) -> None:
    """Tell the person who interacted one of the bot's own sentences, in their words; see ``tell``."""
    words = await words_for(interaction)
    await tell(interaction, words.say(sentence), view)
