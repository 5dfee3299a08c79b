"""Who is meant by what is said in a Discord thread of the bot's, where it may read what does not name it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.discord_adapter.conftest import World
from tests.discord_adapter.test_handoff import NOT_SURE, colleague, deliver, exchanges
from tests.discord_adapter.test_policies import asked, hear_everything, thread_of

FIRST = "how long does a refund take?"


@pytest.fixture
async def thread(world: World) -> Any:
    """A thread in which Alice has asked the bot and was answered, with the intent."""
    await hear_everything(world)
    thread = await thread_of(world)
    await name_the_bot(world, thread, FIRST)
    await world.answer()
    return thread


async def name_the_bot(world: World, thread: Any, text: str) -> Any:
    """Let Alice say something to the bot."""
    assert world.client.user is not None
    return await world.alice.send(thread, f"{world.client.user.mention} {text}")


async def test_asker_goes_on_without_a_mention(world: World, thread: Any) -> None:
    """What the asker says next is asked; with an emoji alone, and in the channel itself, it is not."""
    await world.alice.send(thread, "and for a gift card?")
    await world.alice.send(thread, "👍")
    await world.alice.send(world.channel, "and for a gift card?")
    assert await asked(world) == [FIRST, "and for a gift card?"]
    await world.answer()
    assert world.channel.threads[0].last_message.author.id == world.client.user.id  # type: ignore[union-attr]


async def test_people_among_themselves_are_left_alone(world: World, thread: Any) -> None:
    """Where a colleague has spoken, or somebody else is named or replied to, the bot waits until it is named."""
    bob = colleague(world)
    said = await bob.send(thread, "I can look at that")
    await world.alice.send(thread, "thank you, when?", reply_to=said)
    await world.alice.send(thread, f"{bob.mention} are you there?")
    await world.alice.send(thread, "hello?")
    assert await asked(world) == [FIRST]
    await name_the_bot(world, thread, "and for a gift card?")
    await world.alice.send(thread, "and by card?")
    assert await asked(world) == [FIRST, "and for a gift card?", "and by card?"]


async def test_told_to_stop_and_to_start(world: World, thread: Any) -> None:
    """Told to stop it hears who names it; a sign says that the order was heard."""
    stop = await name_the_bot(world, thread, "stop")
    await world.alice.send(thread, "and for a gift card?")
    await name_the_bot(world, thread, "and by card?")
    await name_the_bot(world, thread, "start")
    await world.alice.send(thread, "and by check?")
    assert await asked(world) == [FIRST, "and by card?", "and by check?"]
    assert [str(reaction.emoji) for reaction in stop.reactions] == ["🔇"]


async def test_colleague_answers_without_a_reply(world: World) -> None:
    """Where the bot was not sure, what a colleague writes in the thread is kept as an answer."""
    await hear_everything(world)
    thread = await thread_of(world)
    await name_the_bot(world, thread, FIRST)
    await deliver(world, NOT_SURE)
    await colleague(world).send(thread, "Five working days.")
    assert await exchanges(world) == [(FIRST, ("Five working days.",))]


async def test_without_the_intent_only_who_names_the_bot_is_heard(world: World) -> None:
    """Discord hides the text of everything else."""
    thread = await thread_of(world)
    await name_the_bot(world, thread, FIRST)
    await world.answer()
    await world.alice.send(thread, "and for a gift card?")
    await colleague(world).send(thread, "Five working days.")
    assert await exchanges(world) == [(FIRST, ())]
