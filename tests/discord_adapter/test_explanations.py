"""The modal behind a 👎: opened, closed, sent, and sent to another process than the one that opened it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from simcord.components import validate_modal
from sqlalchemy import select, text
from structlog.testing import capture_logs

from bot.discord import _interactions
from bot.discord._interactions import SORRY_TEXT
from bot.discord.client import DiscordAdapter
from bot.discord.explanation import build_explanation, read_submission
from supportbot.db.models import Feedback, Question
from supportbot.db.states import FeedbackReason
from supportbot.delivery.dispatch import Dispatcher
from supportbot.feedback.votes import MAX_CORRECTION, Explanation
from tests.discord_adapter.conftest import Core, World
from tests.discord_server import DiscordServer
from tests.discord_server.state import LOADING, THUMB_DOWN, THUMB_UP


async def _answer(world: World) -> Any:
    """Ask and answer a question; returns the message with the buttons."""
    await world.mention("where is my parcel?")
    await world.answer()
    return world.channel.last_message


async def _click(world: World, message: Any, thumb: int = THUMB_DOWN) -> Any:
    (row,) = message.components
    return await world.alice.click(message, custom_id=row.children[thumb].custom_id)


async def _kept(core: Core) -> list[tuple[str, int, FeedbackReason | None, str | None]]:
    async with core.database.read() as session:
        rows = await session.scalars(select(Feedback).order_by(Feedback.id))
        return [(row.voter, row.vote, row.reason, row.correction) for row in rows]


async def test_explanation_goes_on_the_vote(world: World) -> None:
    """A 👎 opens the modal; what is sent with it is kept, and only the voter sees the thanks."""
    voter = f"discord:{world.alice.id}"
    opened = await _click(world, await _answer(world))
    assert opened.modal["title"] == "What was wrong?"
    assert await _kept(world.core) == [(voter, -1, None, None)]  # as it stays if the modal is closed

    sent = await world.alice.submit_modal(opened, {"reason": ["outdated"], "correction": " In *two* days. "})

    assert sent.ephemeral
    assert sent.response.content.startswith("Thanks, your reason was saved")
    assert await _kept(world.core) == [(voter, -1, FeedbackReason.OUTDATED, "In *two* days.")]


async def test_reason_alone_is_enough(world: World) -> None:
    """What the answer should have said is optional."""
    opened = await _click(world, await _answer(world))
    await world.alice.submit_modal(opened, {"reason": ["rude"]})
    assert (await _kept(world.core))[0][2:] == (FeedbackReason.RUDE, None)


async def test_modal_outlives_a_restart(world: World) -> None:
    """A modal that one process opened can be sent to the next one."""
    opened = await _click(world, await _answer(world))
    await world.restart()
    sent = await world.alice.submit_modal(opened, {"reason": ["wrong"], "correction": "Tomorrow."})
    assert sent.response.content.startswith("Thanks")
    assert (await _kept(world.core))[0][2:] == (FeedbackReason.WRONG, "Tomorrow.")


async def test_modal_that_opens_again_shows_what_was_said(world: World) -> None:
    """A second 👎 opens the modal with what was said before; after a 👍 in between it is empty."""
    message = await _answer(world)
    opened = await _click(world, message)
    await world.alice.submit_modal(opened, {"reason": ["wrong"], "correction": "Tomorrow."})

    again = await _click(world, message)
    _, reason, correction = (component.get("component") for component in again.modal["components"])
    assert [option["value"] for option in reason["options"] if option.get("default")] == ["wrong"]
    assert correction["value"] == "Tomorrow."

    liked = await _click(world, message, THUMB_UP)
    assert liked.modal is None
    assert await _kept(world.core) == [(f"discord:{world.alice.id}", 1, None, None)]
    anew = await _click(world, message)
    assert "value" not in anew.modal["components"][2]["component"]


async def test_vote_counts_though_the_modal_does_not_open(world: World) -> None:
    """If Discord refuses the modal the vote counts, and is thanked for as any other."""
    message = await _answer(world)
    world.env.inject_error(
        "POST", "/interactions/*/*/callback", status=400, code=50035, message="Invalid Form Body"
    )
    result = await _click(world, message)
    assert result.modal is None
    assert result.ephemeral
    assert result.response.content.startswith("Thanks for telling me.")
    assert await _kept(world.core) == [(f"discord:{world.alice.id}", -1, None, None)]


async def test_explanation_of_a_forgotten_answer_is_told_so(world: World) -> None:
    """If the answer was erased while the modal was open, the voter hears that nothing was kept."""
    opened = await _click(world, await _answer(world))
    async with world.core.database.write() as session:
        await session.delete((await session.scalars(select(Question))).one())
    sent = await world.alice.submit_modal(opened, {"reason": ["wrong"]})
    assert sent.ephemeral
    assert "no longer in the log" in sent.response.content


async def test_explanation_that_cannot_be_kept_is_not_thanked_for(world: World) -> None:
    """When the database fails the voter hears a fixed sentence without any detail of the error."""
    opened = await _click(world, await _answer(world))
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    sent = await world.alice.submit_modal(opened, {"reason": ["wrong"]})
    assert sent.ephemeral
    assert sent.response.content == SORRY_TEXT


async def test_slow_vote_is_thanked_for_without_a_modal(
    core: Core, adapter: DiscordAdapter, server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vote that the database takes too long for is deferred in time, and then it is too late for a modal.

    The next 👎 opens one all the same, and all of it goes over real sockets.
    """
    dispatcher = Dispatcher(core.outbox, adapter.sender)
    running = asyncio.create_task(adapter.run())
    await server.connected()
    asked = await server.mention("where is it?")
    await core.heard("where is it?")
    await core.answer()
    await dispatcher.deliver_due()
    message = await server.reply_to(asked)

    async with core.database.write() as session:  # nobody else can write meanwhile
        await session.execute(text("UPDATE question SET text = text"))
        monkeypatch.setattr(_interactions, "_PATIENCE_SECONDS", 0.01)
        slow = await server.click(message, up=False)
        await server.until(lambda: slow.message is not None and slow.message["flags"] & LOADING)
    assert (await server.response_to(slow)).startswith("Thanks for telling me.")
    assert slow.ephemeral
    monkeypatch.undo()

    opened = await server.click(message, up=False)
    modal = await server.modal_of(opened)
    assert modal["custom_id"] == "supportbot:explain:1"
    sent = await server.submit(opened, reason="incomplete", correction="And a stamp.")
    assert (await server.response_to(sent)).startswith("Thanks, your reason was saved")
    assert sent.ephemeral
    assert await _kept(core) == [("discord:1001", -1, FeedbackReason.INCOMPLETE, "And a stamp.")]

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("reason", [None, *FeedbackReason])
async def test_modal_is_what_discord_takes(reason: FeedbackReason | None) -> None:
    """With every reason and the longest correction, the modal keeps Discord's limits."""
    before = Explanation(reason=reason, correction="x" * MAX_CORRECTION if reason else None)
    modal = build_explanation(10**18 - 1, "Thanks.", before)
    validate_modal(modal.to_dict())
    assert modal.is_finished()


def _data(custom_id: object = "supportbot:explain:7", reason: object = "rude", correction: object = "") -> Any:
    return {
        "custom_id": custom_id,
        "components": [
            {"type": 10, "id": 1},
            {"type": 18, "id": 2, "component": {"type": 3, "id": 3, "custom_id": "reason", "values": [reason]}},
            {
                "type": 18,
                "id": 4,
                "component": {"type": 4, "id": 5, "custom_id": "correction", "value": correction},
            },
        ],
    }


def test_submission_is_read_back() -> None:
    """What a modal carries and what somebody filled in come back as what they stand for."""
    submission = read_submission(_data(correction="Please."))
    assert submission is not None
    assert submission.answer_id == 7
    assert submission.said == Explanation(reason=FeedbackReason.RUDE, correction="Please.")


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        _data(custom_id=7),
        _data(custom_id="supportbot:explain:"),
        _data(custom_id="supportbot:explain:-7"),
        _data(custom_id="supportbot:explain:" + "9" * 19),
        _data(custom_id="supportbot:explain:\u0667"),
        _data(reason="lovely"),
        _data(reason=["rude"]),
        _data(correction=5),
        {**_data(), "components": [None, {"component": None}, {"component": {"custom_id": "reason"}}]},
    ],
)
def test_odd_submission_is_nothing(data: object) -> None:
    """A modal of any other shape says nothing, and is no error."""
    assert read_submission(data) is None


async def test_modal_of_an_earlier_version_is_told_so(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """A modal with other fields or another name than ours is answered with what to do, and is no error."""
    running = asyncio.create_task(adapter.run())
    await server.connected()
    with capture_logs() as lines:
        for data in (
            {"custom_id": "supportbot:explain:7", "components": []},
            {"custom_id": "supportbot:explain:7", "components": [{"type": 18, "component": "custom_id"}]},
            {"custom_id": "supportbot:explain:²", "components": []},
            {"custom_id": "game:7", "components": []},
            {"custom_id": 7, "components": []},
        ):
            assert "click 👎 again" in await server.response_to(await server.submit_raw(data))
    assert [line for line in lines if line["log_level"] == "error"] == []
    assert await _kept(core) == []
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
