"""Thumbs under an answer, through the real client in a simulated Discord."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from bot.discord._interactions import SORRY_TEXT
from bot.discord.views import build_answer_view, vote_id
from supportbot.db.models import Feedback
from supportbot.db.states import AnswerSource
from supportbot.feedback.votes import Vote
from supportbot.intake.questions import Reply
from tests.discord_adapter.conftest import World


async def _answer(world: World) -> Any:
    """Ask and answer a question; returns the message with the buttons."""
    await world.mention("where is my parcel?")
    await world.answer()
    return world.channel.last_message


async def _click(world: World, message: Any, thumb: str, person: Any = None) -> Any:
    (row,) = message.components
    button = next(child for child in row.children if str(child.emoji) == thumb)
    return await (person or world.alice).click(message, custom_id=button.custom_id)


def _told(result: Any) -> str:
    """Return what the modal of a 👎 says above its fields."""
    return str(result.modal["components"][0]["content"])


async def _rows(world: World) -> list[tuple[int, str, int]]:
    async with world.core.database.read() as session:
        rows = await session.execute(
            select(Feedback.answer_id, Feedback.voter, Feedback.vote).order_by(Feedback.id)
        )
        return [(row.answer_id, row.voter, row.vote) for row in rows]


async def test_click_becomes_a_row_and_a_private_thank_you(world: World) -> None:
    """A thumb is kept with its voter, and only the voter sees the thank-you."""
    result = await _click(world, await _answer(world), "👍")
    assert result.ephemeral
    assert result.response.content == "Thanks, good to know that this helped."
    assert await _rows(world) == [(1, f"discord:{world.alice.id}", 1)]


async def test_the_last_vote_of_a_person_counts(world: World) -> None:
    """Another thumb of a person replaces their first, the same one again changes nothing, and both are told."""
    message = await _answer(world)
    bob = world.env.guild.add_member(world.env.create_user("bob"))
    await _click(world, message, "👍")
    changed = await _click(world, message, "👎")
    again = await _click(world, message, "👎")
    await _click(world, message, "👍", bob)
    assert _told(changed).startswith("Your vote is now 👎.")
    assert _told(again).startswith("Your 👎 was already counted.")
    assert await _rows(world) == [(1, f"discord:{world.alice.id}", -1), (1, f"discord:{bob.id}", 1)]


async def test_operators_sentence_is_not_for_voters(world: World) -> None:
    """What is wrong with the database is the operator's matter: the voter is told that it did not work."""
    message = await _answer(world)
    path = world.core.database.path
    assert path is not None
    path.rename(path.with_name("elsewhere.db"))
    result = await _click(world, message, "👍")
    assert result.response.content == SORRY_TEXT
    path.with_name("elsewhere.db").rename(path)
    assert await _rows(world) == []


async def test_buttons_work_after_a_restart(world: World) -> None:
    """A button that an earlier process posted is understood by the next one."""
    message = await _answer(world)
    await world.restart()
    result = await _click(world, message, "👎")
    assert _told(result).startswith("Thanks for telling me.")
    assert await _rows(world) == [(1, f"discord:{world.alice.id}", -1)]


async def test_vote_on_an_answer_that_is_gone(world: World) -> None:
    """A button whose answer was erased explains that, and no row is written."""
    channel: Any = world.client.get_channel(world.channel.id)
    message = await channel.send("an old answer", view=build_answer_view(4711))
    result = await _click(world, message, "👍")
    assert result.ephemeral
    assert "no longer in the log" in result.response.content
    assert await _rows(world) == []


async def test_answer_of_another_guild_cannot_be_voted_on(world: World) -> None:
    """A button with the number of an answer that was given in another guild is told that there is none."""
    await _answer(world)
    guild = world.env.create_guild("Elsewhere")
    channel = guild.create_text_channel("help")
    mallory = guild.add_member(world.env.create_user("mallory"))
    await world.env.settle()
    posted: Any = world.client.get_channel(channel.id)
    message = await posted.send("forged", view=build_answer_view(1))
    result = await _click(world, message, "👎", mallory)
    assert result.modal is None
    assert "no longer in the log" in result.response.content
    assert await _rows(world) == []


async def test_older_click_does_not_replace_a_newer_one(world: World) -> None:
    """When a person clicked is in the number of the interaction; what is newer than that stays."""
    message = await _answer(world)
    await _click(world, message, "👍")
    async with world.core.database.write() as session:
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        await session.execute(update(Feedback).values(voted_at=tomorrow))
    result = await _click(world, message, "👎")
    assert result.response.content == "Your 👍 was already counted."
    assert await _rows(world) == [(1, f"discord:{world.alice.id}", 1)]


async def test_vote_that_cannot_be_kept_is_not_thanked_for(world: World) -> None:
    """When the database fails the voter hears a fixed sentence without any detail of the error."""
    message = await _answer(world)
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    result = await _click(world, message, "👍")
    assert result.ephemeral
    assert result.response.content == SORRY_TEXT


async def test_votes_stand_under_the_last_message_of_an_answer(world: World) -> None:
    """A long answer to a command goes on in follow-ups, one to a message in the channel; the last has thumbs."""
    long = Reply(text="\n\n".join(["word " * 300] * 3), source=AnswerSource.GENERATED)
    asked = await world.alice.slash(world.channel, "ask", question="where is my parcel?")
    await world.mention("and mine?")
    for claim in await world.core.inbox.claim(["discord"], 2):
        await world.core.inbox.finish(claim.question_id, long)
    await world.dispatcher().deliver_due()
    await world.env.settle()

    assert not asked.response.components
    assert [bool(message.components) for message in asked.followups] == [False, True]
    for message, answer_id in (asked.followups[-1], 1), (world.channel.last_message, 2):
        assert (await world.alice.click(message, custom_id=vote_id(answer_id, Vote.UP))).ephemeral
    assert [answer for answer, _, _ in await _rows(world)] == [1, 2]
