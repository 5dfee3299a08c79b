"""A human is asked from the page: the button, what the visitor sees, and what people answer elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from supportbot.db.models import Handoff, Outbox
from supportbot.db.states import AnswerSource, HandoffState, OutboxKind
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.questions import Grounds, Reply
from supportbot.policies.policy import Hours
from tests.policies import decide
from tests.web.running import Bot

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "Where is my parcel?"
NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE, grounds=Grounds(offers_human=True))


@pytest_asyncio.fixture(loop_scope="session")
async def unsure(bot: Bot, page: Page) -> Page:
    """The page, on which the bot was not sure and offers that a human is asked."""
    bot.inbox.prepared[QUESTION] = NOT_SURE
    await page.get_by_label("Your question").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Ask a human")).to_be_visible()
    return page


async def latest(bot: Bot) -> Handoff:
    """Return the newest hand-off."""
    async with bot.database.read() as session:
        return (await session.scalars(select(Handoff).order_by(Handoff.id.desc()).limit(1))).one()


async def test_answer_from_slack_appears_on_the_page(bot: Bot, unsure: Page) -> None:
    """People of another platform are asked; what they answer appears on the open page, and on one opened later."""
    hours = Hours(zone="UTC", days=frozenset({(datetime.now(UTC) + timedelta(days=3)).weekday()}), begin=time(9))
    await decide(bot.database, "web", "local", handoff_target="slack:CTEAM", working_hours=hours)
    await unsure.get_by_role("button", name="Ask a human").click()
    await expect(unsure.get_by_text("I've asked a human.")).to_contain_text("Someone is back on ")
    handoff = await latest(bot)
    assert (handoff.platform, handoff.target) == ("slack", "CTEAM")
    async with bot.database.write() as session:  # Slack's sender has posted it
        post = select(Outbox).where(Outbox.question_id == handoff.question_id, Outbox.kind == OutboxKind.POST)
        assert (await session.scalars(post)).one().platform == "slack"
        await session.execute(update(Handoff).where(Handoff.id == handoff.id).values(post_identity="CTEAM:7.0"))
    remark = Remark(
        platform="slack",
        workspace="T1",
        channel="CTEAM",
        thread="7.0",
        replied_to="CTEAM:7.0",
        identity="T1:CTEAM:8.0",
        author="U2",
        text="At the <b>post</b> office.",
    )
    assert await bot.inbox.accept_remark(remark) is Heard.KEPT
    await expect(unsure.get_by_text("At the <b>post</b> office.")).to_be_visible()
    await unsure.reload()
    await expect(unsure.get_by_text("At the <b>post</b> office.")).to_be_visible()
    await unsure.get_by_role("button", name="Resolved").click()
    await expect(unsure.get_by_text("This is resolved.")).to_be_visible()
    assert (await latest(bot)).state is HandoffState.RESOLVED


async def test_nobody_is_set_up(bot: Bot, unsure: Page) -> None:
    """If the target is gone since the answer was given, the visitor reads whom to ask instead."""
    await decide(bot.database, "web", "local")
    await unsure.get_by_role("button", name="Ask a human").click()
    await expect(unsure.get_by_role("alert")).to_contain_text("Please ask a member of the team yourself.")
