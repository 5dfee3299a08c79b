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


async def say(world: World, thread: Any, text: str, *, by: Any = None, **options: Any) -> Any:
    """Let somebody say something, Alice if nobody is named, a second after what was said before."""
    world.env.backend.clock.advance(1)
    return await (by or world.alice).send(thread, text, **options)


async def name_the_bot(world: World, thread: Any, text: str) -> Any:
    """Let Alice say something to the bot."""
    assert world.client.user is not None
    return await say(world, thread, f"{world.client.user.mention} {text}")


async def test_asker_goes_on_without_a_mention(world: World, thread: Any) -> None:
    """What the asker says next is asked; with an emoji alone, and in the channel itself, it is not."""
    await say(world, thread, "and for a gift card?")
    await say(world, thread, "👍")
    await say(world, world.channel, "and for a gift card?")
    assert await asked(world) == [FIRST, "and for a gift card?"]
    await world.answer()
    assert world.channel.threads[0].last_message.author.id == world.client.user.id  # type: ignore[union-attr]


async def test_people_among_themselves_are_left_alone(world: World, thread: Any) -> None:
    """Where a colleague has spoken, or somebody else is named or replied to, the bot waits until it is named."""
    bob = colleague(world)
    said = await say(world, thread, "I can look at that", by=bob)
    await say(world, thread, "thank you, when?", reply_to=said)
    await say(world, thread, f"{bob.mention} are you there?")
    await say(world, thread, "hello?")
    assert await asked(world) == [FIRST]
    await name_the_bot(world, thread, "and for a gift card?")
    await say(world, thread, "and by card?")
    assert await asked(world) == [FIRST, "and for a gift card?", "and by card?"]


async def test_told_to_stop_and_to_start(world: World, thread: Any) -> None:
    """Told to stop it hears who names it; a sign says that the order was heard."""
    stop = await name_the_bot(world, thread, "stop")
    await say(world, thread, "and for a gift card?")
    await name_the_bot(world, thread, "and by card?")
    await name_the_bot(world, thread, "start")
    await say(world, thread, "and by check?")
    assert await asked(world) == [FIRST, "and by card?", "and by check?"]
    assert [str(reaction.emoji) for reaction in stop.reactions] == ["🔇"]


async def test_colleague_answers_without_a_reply(world: World) -> None:
    """Where the bot was not sure, what a colleague writes in the thread is kept as an answer."""
    await hear_everything(world)
    thread = await thread_of(world)
    await name_the_bot(world, thread, FIRST)
    await deliver(world, NOT_SURE)
    await say(world, thread, "Five working days.", by=colleague(world))
    assert await exchanges(world) == [(FIRST, ("Five working days.",))]


async def test_without_the_intent_only_who_names_the_bot_is_heard(world: World) -> None:
    """Discord hides the text of everything else."""
    thread = await thread_of(world)
    await name_the_bot(world, thread, FIRST)
    await world.answer()
    await say(world, thread, "and for a gift card?")
    await say(world, thread, "Five working days.", by=colleague(world))
    assert await exchanges(world) == [(FIRST, ())]
