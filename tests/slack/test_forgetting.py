"""`/ask forget me`: who types it is asked, and who clicks is erased."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from bot.erasure import CANCELLED_TEXT, FAILED_TEXT, asks_to_be_forgotten
from supportbot.db.models import Audit, Feedback, Question
from supportbot.privacy.erasing import THEMSELVES
from tests.slack.conftest import Bot, Core
from tests.slack_server import LocalSlack
from tests.slack_server.records import Ephemeral

ERASE, CANCEL = 0, 1


async def asked(slack: LocalSlack, user: str) -> Ephemeral:
    """Have somebody ask to be forgotten; return the question whether they are sure."""
    envelope = await slack.wait_for_ack(await slack.slash("C1", user, "Forget me!"))
    assert envelope.response is not None
    assert envelope.response["response_type"] == "ephemeral"
    return Ephemeral(channel="C1", user=user, text=envelope.response["text"], blocks=envelope.response["blocks"])


async def two_people(slack: LocalSlack, bot: Bot) -> None:
    """Have two people ask, and the first one vote on both answers."""
    for user in ("U1", "U2"):
        said = await slack.wait_for_ack(await slack.mention("C1", user, f"how does {user} reset it?"))
        await bot.answer()
        message = await slack.wait_for_message(thread_ts=said.ts)
        await slack.wait_for_ack(await slack.click(message, "U1", positive=True))


async def left(core: Core) -> tuple[list[str], int]:
    """Return who has questions in the log, and how many votes there are."""
    async with core.database.read() as session:
        askers = list(await session.scalars(select(Question.asker).order_by(Question.id)))
        return askers, await session.scalar(select(func.count()).select_from(Feedback)) or 0


async def test_who_confirms_is_erased_and_told(slack: LocalSlack, bot: Bot) -> None:
    """A click erases the questions and votes of who clicked, says so privately, and touches nobody else's."""
    await two_people(slack, bot)
    await slack.wait_for_ack(await slack.choose(await asked(slack, "U1"), "U1", ERASE))
    told = await slack.wait_for_ephemeral(user="U1", containing="Erased: ")
    assert "1 questions" in told.shown
    assert "can't delete messages in Slack itself" in told.shown
    assert told.arguments["replace_original"] is True
    assert await left(bot.core) == (["U2"], 0)
    async with bot.core.database.read() as session:
        (row,) = await session.scalars(select(Audit))
    assert (row.actor, row.action) == (THEMSELVES, "privacy.erase")
    assert "U1" not in f"{row.subject} {row.details}"


async def test_who_clicked_counts_and_not_who_asked(slack: LocalSlack, bot: Bot) -> None:
    """Somebody else's click on the same question erases the one who clicked."""
    await two_people(slack, bot)
    await slack.wait_for_ack(await slack.choose(await asked(slack, "U1"), "U2", ERASE))
    await slack.wait_for_ephemeral(user="U2", containing="Erased: ")
    assert await left(bot.core) == (["U1"], 1)


async def test_cancel_erases_nothing(slack: LocalSlack, bot: Bot) -> None:
    """Whoever changes their mind loses nothing, and the words are no question."""
    await two_people(slack, bot)
    await slack.wait_for_ack(await slack.choose(await asked(slack, "U1"), "U1", CANCEL))
    await slack.wait_for_ephemeral(user="U1", containing=CANCELLED_TEXT)
    assert await left(bot.core) == (["U1", "U2"], 2)


async def test_a_failure_is_told(slack: LocalSlack, bot: Bot) -> None:
    """What could not be erased is not said to be gone."""
    async with bot.core.database.write() as session:
        await session.execute(text("ALTER TABLE feedback RENAME TO elsewhere"))
    await slack.wait_for_ack(await slack.choose(await asked(slack, "U1"), "U1", ERASE))
    await slack.wait_for_ephemeral(user="U1", containing=FAILED_TEXT)


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [
        ("forget me", True),
        (" Forget  me. ", True),
        ("`forget me`", True),
        ("did you forget me?", False),
        ("", False),
    ],
)
def test_only_these_words_are_meant(typed: str, is_meant: bool) -> None:
    """A question that merely has the words in it is a question."""
    assert asks_to_be_forgotten(typed) is is_meant
