"""Colleagues who reply where the bot was not sure, through the real client in a simulated Discord."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Reply
from tests.discord_adapter.conftest import World

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE)
SURE = Reply(text="Tomorrow.", source=AnswerSource.GENERATED)


async def answered(world: World, reply: Reply = NOT_SURE, text: str = "where is my parcel?") -> Any:
    """Have Alice ask something; return the message with the bot's answer."""
    await world.mention(text)
    await deliver(world, reply)
    return world.channel.last_message


async def deliver(world: World, reply: Reply) -> None:
    """Give the question that waits an answer and deliver it."""
    (claim,) = await world.core.inbox.claim(["discord"], 1)
    await world.core.inbox.finish(claim.question_id, reply)
    await world.dispatcher().deliver_due()
    await world.env.settle()


def colleague(world: World) -> Any:
    """Return Bob, who works here."""
    return world.env.guild.add_member(world.env.create_user("bob"))


async def exchanges(world: World) -> list[tuple[str, tuple[str, ...]]]:
    """Return all questions with what people answered to them, the oldest first."""
    return [(each.question, each.by_people) for each in (await world.core.history.recent(10))[::-1]]


async def test_reply_of_a_colleague_is_an_answer(world: World) -> None:
    """A reply to the message in which the bot was not sure is kept once, and the bot keeps quiet about it."""
    shown = await answered(world)
    said = await colleague(world).send(world.channel, "At the post office.", reply_to=shown)
    await world.client.on_message(said)
    assert await exchanges(world) == [("where is my parcel?", ("At the post office.",))]
    assert len(world.requests("POST", f"/channels/{world.channel.id}/messages")) == 1


async def test_read_back_after_a_restart_changes_nothing(world: World) -> None:
    """A reply that is read back from the channel by the next process is there already."""
    shown = await answered(world)
    await colleague(world).send(world.channel, "At the post office.", reply_to=shown)
    await world.restart()
    await world.env.settle()
    assert await exchanges(world) == [("where is my parcel?", ("At the post office.",))]


async def test_reply_that_mentions_the_bot_asks_it(world: World) -> None:
    """A colleague who writes the bot's name into the reply asks it something."""
    shown = await answered(world)
    assert world.client.user is not None
    await colleague(world).send(world.channel, f"{world.client.user.mention} and mine?", reply_to=shown)
    assert await exchanges(world) == [("where is my parcel?", ()), ("and mine?", ())]


async def test_reply_of_the_asker_asks_again(world: World) -> None:
    """Whoever asked and replies is asking on, as before."""
    shown = await answered(world)
    await world.alice.send(world.channel, "the blue one", reply_to=shown)
    assert await exchanges(world) == [("where is my parcel?", ()), ("the blue one", ())]


async def test_reply_to_a_sure_answer_asks(world: World) -> None:
    """Where the bot did answer, a reply to it is a question, as before."""
    shown = await answered(world, SURE)
    await colleague(world).send(world.channel, "and mine?", reply_to=shown)
    assert await exchanges(world) == [("where is my parcel?", ()), ("and mine?", ())]


async def test_talk_in_the_channel_is_dropped(world: World) -> None:
    """What people say in the channel, and replies to one another, is neither a question nor an answer."""
    await answered(world)
    bob = colleague(world)
    said = await bob.send(world.channel, "Anybody for lunch?")
    await world.alice.send(world.channel, "Yes!", reply_to=said)
    assert await exchanges(world) == [("where is my parcel?", ())]


async def test_later_questions_in_the_channel_leave_the_hand_off_open(world: World) -> None:
    """A conversation is a channel here, so a reply belongs to the answer that it names, not to the last one."""
    shown = await answered(world)
    await answered(world, SURE, "do you ship abroad?")
    await colleague(world).send(world.channel, "At the post office.", reply_to=shown)
    assert await exchanges(world) == [
        ("where is my parcel?", ("At the post office.",)),
        ("do you ship abroad?", ()),
    ]


async def test_text_that_discord_hides_is_not_kept(world: World) -> None:
    """A reply to the answer of a command comes without its text, so nothing is kept, and nobody is bothered."""
    result = await world.alice.slash(world.channel, "ask", question="where is my parcel?")
    await deliver(world, NOT_SURE)
    await colleague(world).send(world.channel, "At the post office.", reply_to=result.response)
    assert await exchanges(world) == [("where is my parcel?", ())]
    assert not world.requests("POST", f"/channels/{world.channel.id}/messages")


async def test_edit_is_followed(world: World) -> None:
    """What was kept reads as its author has it now."""
    shown = await answered(world)
    bob = colleague(world)
    said = await bob.send(world.channel, "At the post ofice.", reply_to=shown)
    await bob.edit(said, "At the post office.")
    assert await exchanges(world) == [("where is my parcel?", ("At the post office.",))]


@pytest.mark.parametrize("swept", [False, True])
async def test_deletion_is_followed(world: World, swept: bool) -> None:
    """What was kept goes when its message goes, also when a moderator sweeps several away."""
    shown = await answered(world)
    bob = colleague(world)
    said = [await bob.send(world.channel, f"answer {n}", reply_to=shown) for n in range(2)]
    if swept:
        await world.client.http.delete_messages(world.channel.id, [message.id for message in said])
        await world.env.settle()
    else:
        for message in said:
            await bob.delete(message)
    assert await exchanges(world) == [("where is my parcel?", ())]
