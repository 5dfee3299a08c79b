"""The modal behind a 👎: opened, closed, sent, forged."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.explanation import build_explanation, build_told, read_submission
from supportbot.db.models import Feedback, Question
from supportbot.db.states import FeedbackReason
from supportbot.delivery.dispatch import Dispatcher
from supportbot.feedback.votes import MAX_CORRECTION, REASON_WORDS, Explanation
from tests.slack.conftest import Bot, Core, HttpBot, connected
from tests.slack_server import ApiError, LocalSlack, Message, Modal
from tests.slack_server.modals import check_view
from tests.slack_server.payloads import view_submission

WRONG = REASON_WORDS[FeedbackReason.WRONG]


async def disliked(slack: LocalSlack, bot: Bot | HttpBot, user: str = "U2") -> tuple[Message, Modal]:
    """Ask, answer, and have somebody click 👎; return the answer and the modal."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await bot.core.answer_all()
    await bot.dispatcher.deliver_due()
    message = await slack.wait_for_message(thread_ts=asked.ts)
    await slack.wait_for_ack(await slack.click(message, user, positive=False))
    return message, await slack.wait_for_modal(user)


async def kept(core: Core) -> list[tuple[str, int, FeedbackReason | None, str | None]]:
    """Return all feedback, the oldest first."""
    async with core.database.read() as session:
        rows = await session.scalars(select(Feedback).order_by(Feedback.id))
        return [(row.voter, row.vote, row.reason, row.correction) for row in rows]


async def test_explanation_goes_on_the_vote(slack: LocalSlack, bot: Bot) -> None:
    """A 👎 opens the modal for its voter; what is sent with it is kept, and the modal says thanks."""
    _, modal = await disliked(slack, bot)
    assert "your vote was recorded" in modal.shown
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", -1, None, None)]

    await slack.submit(modal, choose=WRONG, write="Hold it for <3> seconds & wait.")

    assert await kept(bot.core) == [
        ("slack:T0LOCAL:U2", -1, FeedbackReason.WRONG, "Hold it for <3> seconds & wait.")
    ]
    assert modal.is_open
    assert modal.view["title"]["text"] == "Thanks"
    assert "saved" in modal.shown
    assert {shown.user for shown in slack.ephemerals} == {"U2"}
    assert len(slack.replies) == 1


async def test_reason_alone_is_enough(slack: LocalSlack, bot: Bot) -> None:
    """What the answer should have said is optional, the reason isn't."""
    _, modal = await disliked(slack, bot)
    with pytest.raises(ValueError, match="required"):
        await slack.submit(modal, write="Hold it.")
    await slack.submit(modal, choose=REASON_WORDS[FeedbackReason.NOT_WHAT_I_ASKED])
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", -1, FeedbackReason.NOT_WHAT_I_ASKED, None)]


async def test_vote_counts_though_the_modal_is_closed(slack: LocalSlack, bot: Bot) -> None:
    """Whoever closes the modal has voted all the same, and is thanked; Slack tells the app nothing of it."""
    await disliked(slack, bot)
    await slack.wait_for_ephemeral(user="U2", containing="recorded")
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", -1, None, None)]


async def test_vote_counts_though_the_modal_does_not_open(slack: LocalSlack, bot: Bot) -> None:
    """If Slack refuses to open the modal, also because it is too late, the vote counts and is thanked for."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await bot.answer()
    message = await slack.wait_for_message(thread_ts=asked.ts)
    slack.expire_triggers_after(-1.0)
    await slack.wait_for_ack(await slack.click(message, "U2", positive=False))
    await slack.wait_for_ephemeral(user="U2", containing="recorded")
    slack.misbehave("views.open", ApiError("internal_error"))
    await slack.wait_for_ack(await slack.click(message, "U3", positive=False))
    await slack.wait_for_ephemeral(user="U3", containing="recorded")
    await slack.wait_until(lambda: len(slack.calls("views.open")) == 2, "both attempts to open")
    assert slack.modals == []
    assert [row[:2] for row in await kept(bot.core)] == [("slack:T0LOCAL:U2", -1), ("slack:T0LOCAL:U3", -1)]


async def test_thumb_up_opens_nothing_and_takes_the_explanation_back(slack: LocalSlack, bot: Bot) -> None:
    """Nobody is asked what was wrong with a good answer, and what was said before is gone."""
    message, modal = await disliked(slack, bot)
    await slack.submit(modal, choose=WRONG, write="Hold it.")
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    await slack.wait_for_ephemeral(user="U2", containing="changed")
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", 1, None, None)]
    assert len(slack.calls("views.open")) == 1


async def test_modal_that_opens_again_shows_what_was_said(slack: LocalSlack, bot: Bot) -> None:
    """A second 👎 of the same person opens the modal with their words in it; another person's is empty."""
    message, modal = await disliked(slack, bot)
    await slack.submit(modal, choose=WRONG, write="Hold it.")
    await slack.click(message, "U2", positive=False)
    again = await slack.wait_for_modal("U2", count=2)
    assert again.element("plain_text_input")["initial_value"] == "Hold it."
    await slack.submit(again, write="Hold it longer.")
    await slack.click(message, "U3", positive=False)
    others = await slack.wait_for_modal("U3")
    assert "initial_value" not in others.element("plain_text_input")
    assert "initial_option" not in others.element("radio_buttons")
    assert await kept(bot.core) == [
        ("slack:T0LOCAL:U2", -1, FeedbackReason.WRONG, "Hold it longer."),
        ("slack:T0LOCAL:U3", -1, None, None),
    ]


async def test_modal_outlives_a_restart(slack: LocalSlack, core: Core) -> None:
    """A modal that one process opened can be sent to the next one."""
    async with connected(slack, core.service) as adapter:
        _, modal = await disliked(slack, Bot(core, adapter, Dispatcher(core.outbox, adapter.sender)))
    async with connected(slack, core.service):
        await slack.submit(modal, choose=WRONG, write="Hold it.")
    assert (await kept(core))[0][2:] == (FeedbackReason.WRONG, "Hold it.")


async def test_explanation_comes_over_http(slack: LocalSlack, http_bot: HttpBot) -> None:
    """In HTTP mode the modal opens, is sent as a form, and says thanks likewise."""
    _, modal = await disliked(slack, http_bot)
    await slack.submit(modal, choose=WRONG, write="Hold it.")
    assert (await kept(http_bot.core))[0][2:] == (FeedbackReason.WRONG, "Hold it.")
    assert modal.view["title"]["text"] == "Thanks"


async def test_explanation_of_a_forgotten_answer_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """If the answer was erased while the modal was open, the modal says that nothing was kept."""
    _, modal = await disliked(slack, bot)
    async with bot.core.database.write() as session:
        await session.delete((await session.scalars(select(Question))).one())
    await slack.submit(modal, choose=WRONG, write="Hold it.")
    assert modal.view["title"]["text"] == "Not saved"
    assert "no longer in the log" in modal.shown


async def test_explanation_after_a_thumb_up_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """A modal that was left open while its voter changed to 👍 keeps nothing, and says so."""
    message, modal = await disliked(slack, bot)
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    await slack.submit(modal, choose=WRONG)
    assert "nothing to explain" in modal.shown
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", 1, None, None)]


async def test_explanation_that_is_not_kept_is_not_acknowledged(
    slack: LocalSlack, http_bot: HttpBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database fails Slack hears no "received", so the modal stays and can be sent again."""
    _, modal = await disliked(slack, http_bot)
    explain = http_bot.core.service.explain
    failures = [OSError(28, "No space left on device")]

    async def failing(*arguments: Any, **rest: Any) -> Explanation:
        if failures:
            raise failures.pop()
        return await explain(*arguments, **rest)

    monkeypatch.setattr(http_bot.core.service, "explain", failing)
    sent = await slack.submit(modal, choose=WRONG)
    assert sent.statuses == [500, 200]
    assert (await kept(http_bot.core))[0][2] is FeedbackReason.WRONG


async def test_voter_is_who_slack_says(slack: LocalSlack, bot: Bot) -> None:
    """A modal that somebody else sends explains no vote but their own, which there isn't."""
    _, modal = await disliked(slack, bot)
    payload = slack.fill_in(modal, choose=WRONG, write="Buy at evil.example.")
    payload["user"]["id"] = "U66"
    sent = await slack.wait_for_ack(await slack.deliver(payload, kind="interactive"))
    assert sent.response is not None
    assert sent.response["view"]["title"]["text"] == "Not saved"
    assert await kept(bot.core) == [("slack:T0LOCAL:U2", -1, None, None)]


def _submission(metadata: object = "7", **changes: Any) -> dict[str, Any]:
    """Return a payload as Slack sends it, with parts that it doesn't send."""
    view = build_explanation(7, "Thanks.", Explanation()).to_dict()
    values = {
        "reason": {"reason": {"type": "radio_buttons", "selected_option": {"value": "rude"}}},
        "correction": {"correction": {"type": "plain_text_input", "value": "Please."}},
    }
    payload = view_submission(Modal(id="V1", user="U1", view=view), values, "1.2.3")
    payload["view"]["private_metadata"] = metadata
    return {**payload, **changes}


def _with_values(values: object) -> dict[str, Any]:
    payload = _submission()
    payload["view"]["state"] = {"values": values}
    return payload


def _changed(block: str, field: object) -> dict[str, Any]:
    payload = copy.deepcopy(_submission())
    payload["view"]["state"]["values"][block] = field
    return payload


FORGED: dict[str, dict[str, Any]] = {
    "no metadata": _submission(""),
    "not a number": _submission("7; DROP TABLE answer"),
    "negative": _submission("-7"),
    "too large": _submission("9" * 19),
    "other digits": _submission("\u0667"),
    "not text": _submission(7),
    "nobody": _submission(user={}),
    "odd user": _submission(user={"id": "u 1"}),
    "no view": _submission(view=None),
    "no values": _with_values(None),
    "other values": _with_values({"other": {}}),
    "unknown reason": _changed("reason", {"reason": {"selected_option": {"value": "lovely"}}}),
    "odd reason": _changed("reason", {"reason": {"selected_option": ["rude"]}}),
    "odd correction": _changed("correction", {"correction": {"value": 5}}),
}


def test_submission_is_read_back() -> None:
    """What a modal carries and what somebody filled in come back as what they stand for."""
    submission = read_submission(_submission())
    assert submission is not None
    assert (submission.answer_id, submission.voter) == (7, "slack:T0LOCAL:U1")
    assert submission.said == Explanation(reason=FeedbackReason.RUDE, correction="Please.")


@pytest.mark.parametrize("payload", FORGED.values(), ids=FORGED)
async def test_forged_submission_is_acknowledged_and_ignored(
    slack: LocalSlack, bot: Bot, payload: dict[str, Any]
) -> None:
    """What no modal of ours sends is acknowledged, so that it doesn't come again, and does nothing."""
    assert read_submission(payload) is None
    sent = await slack.wait_for_ack(await slack.deliver(payload, kind="interactive"))
    assert (sent.attempts, sent.response) == (1, None)
    assert await kept(bot.core) == []


@pytest.mark.parametrize("reason", [None, *FeedbackReason])
def test_modal_is_what_slack_takes(reason: FeedbackReason | None) -> None:
    """With every reason and the longest correction, the modal keeps Slack's limits, and so do the thanks."""
    before = Explanation(reason=reason, correction="&" * MAX_CORRECTION if reason else None)
    view = build_explanation(10**18 - 1, "Thank you.", before).to_dict()
    check_view(view)
    check_view(build_told("Thanks", "It is saved.").to_dict())
    options = Modal(id="V1", user="U1", view=view).element("radio_buttons")["options"]
    assert [option["value"] for option in options] == [each.value for each in FeedbackReason]
