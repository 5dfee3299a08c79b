"""`/ask forget me` on Discord, through the real client in a simulated Discord."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text

from bot.erasure import ASK_TEXT, CANCELLED_TEXT, FAILED_TEXT
from supportbot.db.models import Answer, Question
from tests.discord_adapter.conftest import World


async def _ask(world: World) -> Any:
    return await world.alice.slash(world.channel, "ask", question="Forget me")


async def _left(world: World) -> tuple[list[str], int]:
    async with world.core.database.read() as session:
        askers = list(await session.scalars(select(Question.asker)))
        return askers, await session.scalar(select(func.count()).select_from(Answer)) or 0


async def test_who_confirms_is_erased_and_told(world: World) -> None:
    """The question is seen by who typed it alone; a click erases them, and tells them what is gone."""
    bob = world.env.guild.add_member(world.env.create_user("bob"))
    await world.mention("where is my parcel?")
    assert world.client.user is not None
    await bob.send(world.channel, f"{world.client.user.mention} and mine?")
    await world.answer()
    asked = await _ask(world)
    assert (asked.ephemeral, asked.response.content) == (True, ASK_TEXT)
    await world.restart()
    done = await world.alice.click(asked.response, custom_id="supportbot:forget:erase")
    await world.env.settle()
    assert asked.response.content.startswith("Erased: ") or done.response.content.startswith("Erased: ")
    assert await _left(world) == ([str(bob.id)], 1)


async def test_cancel_erases_nothing(world: World) -> None:
    """Whoever changes their mind loses nothing."""
    await world.mention("where is my parcel?")
    asked = await _ask(world)
    await world.alice.click(asked.response, custom_id="supportbot:forget:cancel")
    assert asked.response.content == CANCELLED_TEXT
    assert await _left(world) == ([str(world.alice.id)], 0)


async def test_a_failure_is_told(world: World) -> None:
    """What could not be erased is not said to be gone."""
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    asked = await _ask(world)
    await world.alice.click(asked.response, custom_id="supportbot:forget:erase")
    await world.env.settle()
    assert asked.response.content == FAILED_TEXT
