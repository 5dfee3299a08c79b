"""Registering commands, and what a user sees when one fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from bot.discord._interactions import SORRY_TEXT
from bot.discord._sync import FILE_NAME
from supportbot.db.states import QuestionState
from tests.discord_adapter.conftest import World


def _registrations(world: World) -> int:
    return len(world.requests("PUT", "/commands"))


async def test_commands_are_registered_once(world: World) -> None:
    """The same commands are not registered again by the next process."""
    assert _registrations(world) == 1
    await world.restart()
    assert _registrations(world) == 1


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"1": "other"}'])
async def test_changed_commands_are_registered_again(world: World, content: str) -> None:
    """A digest that differs, or a damaged file, leads to a registration, after which the file is whole again."""
    path = world.core.settings.home / FILE_NAME
    path.write_text(content)
    await world.restart()
    await world.restart()
    assert _registrations(world) == 2
    assert str(world.client.application_id) in json.loads(path.read_text())


async def test_refused_registration_does_not_stop_the_bot(world: World) -> None:
    """When Discord refuses to register, mentions still work, and the next start tries again."""
    path = world.core.settings.home / FILE_NAME
    path.unlink()
    world.env.inject_error("PUT", "/applications/*/commands", status=403, code=50001, message="Missing Access")
    await world.restart()
    assert not path.exists()
    await world.mention("still there?")
    await world.answer()
    assert (await world.core.only()).state is QuestionState.DELIVERED


async def test_failed_command_shows_a_fixed_sentence(world: World) -> None:
    """A question that could not be kept is not acknowledged as if it were, and no error text is shown."""
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE question RENAME TO elsewhere"))
    result = await world.alice.slash(world.channel, "ask", question="hello?")
    assert result.ephemeral
    assert not result.deferred
    assert result.response.content == SORRY_TEXT
    assert [type(error).__name__ for error in world.env.errors] == ["CommandInvokeError"]


async def test_mention_is_heard_once_the_database_works_again(world: World) -> None:
    """A mention that could not be kept is read back from the channel and answered later."""
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE question RENAME TO elsewhere"))
    await world.mention("are you there?")
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO question"))
    await world.env.advance_time(10)
    await world.answer()
    assert (await world.core.only()).question == "are you there?"


async def test_deferral_that_comes_too_late_loses_nothing(world: World) -> None:
    """A question whose interaction has expired meanwhile is kept, and answered into the channel."""
    pattern = "/interactions/*/*/callback"
    world.env.inject_error("POST", pattern, status=404, code=10062, message="Unknown interaction")
    result = await world.alice.slash(world.channel, "ask", question="slow?")
    assert not result.acknowledged

    await world.core.answer()
    await world.dispatcher().deliver_due()  # young: the deferral might still be under way
    assert (await world.core.only()).state is QuestionState.ANSWERED
    async with world.core.database.write() as session:
        await session.execute(text("UPDATE outbox SET created_at = '2026-01-01 00:00:00', due_at = created_at"))
        await session.execute(text("UPDATE outbox SET due_at = '2026-01-01 00:00:00'"))
    await world.dispatcher().deliver_due()

    assert (await world.core.only()).state is QuestionState.DELIVERED
    message: Any = world.channel.last_message
    assert message.content.startswith("> slow?\n")
