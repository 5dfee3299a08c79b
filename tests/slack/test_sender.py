"""How answers reach Slack exactly once, whatever Slack does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.slack.app import open_slack
from bot.slack.sender import MARK_EVENT, SlackSender
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.delivery.claiming import Delivery
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.intake.questions import Grounds
from tests.network.proxy import Fault as NetworkFault
from tests.network.proxy import Proxy
from tests.slack.conftest import IMPATIENT, Bot, Core, slack_settings
from tests.slack_server import ApiError, Fault, HttpAnswer, LocalSlack, Message, RateLimited, Reset
from tests.waiting import until

THREAD = "1700000000.000100"


def delivery(number: int = 1, **changes: Any) -> Delivery:
    """Return a reply on its way into a thread."""
    reply = Delivery(
        outbox_id=number,
        question_id=number,
        answer_id=number,
        platform="slack",
        workspace="T0LOCAL",
        channel="C1",
        thread=THREAD,
        asker="U1",
        question="how?",
        text="Press it.",
        source=AnswerSource.GENERATED,
        grounds=Grounds(),
        model_version="v1",
        reply_to={"ts": THREAD},
        lapses=0,
        age=timedelta(),
        attempt=1,
        votable=True,
        created_at=datetime.now(UTC),
        mark=f"sb-{number:020}",
    )
    return replace(reply, **changes)


@pytest.fixture
async def sender(slack: LocalSlack, core: Core) -> AsyncIterator[SlackSender]:
    """The sender of an adapter that isn't even connected."""
    settings = slack_settings(slack)
    async with open_slack(core.service, settings, patience=IMPATIENT, post_seconds=0.05) as adapter:
        yield adapter.sender


async def test_reply_carries_its_mark(slack: LocalSlack, sender: SlackSender) -> None:
    """A message says in its metadata which reply it is, and the sender says which message it became."""
    identity = await sender.send(delivery(7))
    (message,) = slack.replies
    assert identity == f"C1:{message.ts}"
    assert message.metadata == {"event_type": MARK_EVENT, "event_payload": {"mark": delivery(7).mark}}


async def test_what_cannot_be_voted_on_has_no_thumbs(slack: LocalSlack, sender: SlackSender) -> None:
    """An apology has no thumbs."""
    await sender.send(delivery(votable=False))
    assert [block["type"] for block in slack.replies[0].blocks] == ["section"]


FAULTS: dict[str, Fault] = {
    "reset": Reset(),
    "reset after accept": Reset(after_accept=True),
    "503": HttpAnswer(503),
    "19 502 HTML": HttpAnswer(502, "<html>Bad gateway</html>", "text/html"),
    "200 HTML": HttpAnswer(200, "<html>Captive portal</html>", "text/html"),
    "20 half a document": HttpAnswer(200, "{"),
    "21 a list": HttpAnswer(200, "[1]"),
    "21 an empty list": HttpAnswer(200, "[]"),
    "plain text": HttpAnswer(200, "ok", "text/plain"),
    "no timestamp": HttpAnswer(200, '{"ok": true}'),
    "22 rate limited without a time": RateLimited(None),
    "rate limited": RateLimited("0"),
    "odd Retry-After": RateLimited("soon"),
    "internal error": ApiError("internal_error"),
    "unheard-of error": ApiError("who_knows"),
    "token revoked": ApiError("token_revoked"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_reply_arrives_once_in_the_end(slack: LocalSlack, bot: Bot, fault: Fault) -> None:
    """After two failures of any kind the reply is there, once."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    slack.misbehave("chat.postMessage", fault, times=2)
    await bot.answer()
    await bot.try_again()
    await bot.try_again()
    (message,) = slack.replies
    assert message.thread_ts == asked.ts
    (question,) = await bot.core.questions()
    assert question.state == QuestionState.DELIVERED


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_failure_while_looking_sends_nothing(slack: LocalSlack, sender: SlackSender, fault: Fault) -> None:
    """If the sender can't find out whether the reply is there, it doesn't post a second one."""
    await sender.send(delivery())
    slack.misbehave("conversations.replies", fault)
    try:
        await sender.send(delivery(attempt=2))
    except UndeliverableError:
        pytest.fail("the reply was given up")
    except RetryLaterError:
        await sender.send(delivery(attempt=3))
    assert len(slack.replies) == 1


async def test_first_attempt_does_not_look(slack: LocalSlack, sender: SlackSender) -> None:
    """Looking costs a call, so only later attempts do."""
    await sender.send(delivery())
    assert slack.calls("conversations.replies") == []


async def test_own_reply_is_found_behind_many_others(slack: LocalSlack, sender: SlackSender) -> None:
    """The search goes through all pages of a long thread."""
    for number in range(250):
        slack.messages.append(
            Message(channel="C1", ts=f"1700000001.{number:06d}", user="U1", text="me too", thread_ts=THREAD)
        )
    first = await sender.send(delivery())
    assert await sender.send(delivery(attempt=2)) == first
    assert len(slack.calls("conversations.replies")) == 2


async def test_same_mark_of_another_bot_is_not_ours(slack: LocalSlack, sender: SlackSender) -> None:
    """Another installation numbers its replies alike; its message doesn't count as delivered."""
    await sender.send(delivery())
    slack.replies[0].bot_id = "B0OTHER"
    await sender.send(delivery(attempt=2))
    assert len(slack.replies) == 2


def command_delivery(response_url: str = "http://127.0.0.1:1/", attempt: int = 1) -> Delivery:
    """Return a reply on its way to whoever typed a command."""
    reply_to = {"response_url": response_url, "asker_name": "ada"}
    return delivery(thread="1.2.ab", reply_to=reply_to, attempt=attempt)


async def test_reply_to_a_command_is_found_in_the_channel(slack: LocalSlack, sender: SlackSender) -> None:
    """The reply to a command stands in no thread, and is looked for in the channel's history."""
    first = await sender.send(command_delivery())
    assert await sender.send(command_delivery(attempt=2)) == first
    (call,) = slack.calls("conversations.history")
    assert float(call.arguments["oldest"]) < float(slack.replies[0].ts)


async def test_deleted_thread_holds_no_earlier_reply(slack: LocalSlack, sender: SlackSender) -> None:
    """If the thread isn't there, an earlier attempt can't have put anything into it."""
    await sender.send(delivery(attempt=2))
    assert len(slack.replies) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("is_archived", "archived"),
        ("channel_not_found", "does not exist"),
        ("not_in_channel", "invite it"),
        ("missing_scope", "manifest"),
        ("invalid_blocks", "layout"),
    ],
)
async def test_hopeless_reply_is_given_up_with_a_sentence(
    slack: LocalSlack, sender: SlackSender, error: str, sentence: str
) -> None:
    """Bad input 23 and its kin: what no waiting mends is given up, and the log says why."""
    slack.misbehave("chat.postMessage", ApiError(error))
    with pytest.raises(UndeliverableError, match=sentence):
        await sender.send(delivery())


async def test_channel_archived_before_the_reply_is_given_up(slack: LocalSlack, bot: Bot) -> None:
    """Bad input 23 from end to end: the question ends as failed."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    slack.channel("C1").archived = True
    await bot.answer()
    (question,) = await bot.core.questions()
    assert question.state == QuestionState.FAILED


async def test_private_way_that_has_expired_is_given_up(slack: LocalSlack, sender: SlackSender) -> None:
    """If the bot may not post and the command is too old, there is no way left."""
    slack.channel("C1").member = False
    with pytest.raises(UndeliverableError, match="expired"):
        await sender.send(command_delivery(f"{slack.url}/response/expired"))


async def test_private_way_that_is_busy_is_tried_again(slack: LocalSlack, sender: SlackSender) -> None:
    """A 503 of the private way is a passing fault."""
    slack.channel("C1").member = False
    slack.misbehave("response_url", HttpAnswer(503))
    with pytest.raises(RetryLaterError):
        await sender.send(command_delivery(f"{slack.url}/response/any"))


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None), ("-1", None)])
async def test_retry_after_is_handed_on(
    slack: LocalSlack, sender: SlackSender, header: str | None, seconds: float | None
) -> None:
    """The dispatcher hears for how long Slack asks to wait, if Slack says so in numbers."""
    slack.misbehave("chat.postMessage", RateLimited(header))
    with pytest.raises(RetryLaterError) as caught:
        await sender.send(delivery())
    assert caught.value.seconds == seconds


async def test_call_that_is_never_answered_is_tried_again(slack: LocalSlack, core: Core) -> None:
    """A call over a line that died is given up after a while, and the next one takes another line."""
    async with Proxy(slack.port) as proxy:
        slack.stand_behind("127.0.0.1", proxy.port)
        patience = replace(IMPATIENT, call_seconds=1.0)
        async with open_slack(core.service, slack_settings(slack), patience=patience) as adapter:
            await adapter.sender.send(delivery(1))  # leaves a line behind for the next call
            async with proxy.broken(NetworkFault.SILENCE):
                with pytest.raises(RetryLaterError):
                    await adapter.sender.send(delivery(2))
            await adapter.sender.send(delivery(2, attempt=2))
    assert len(slack.replies) == 2


async def test_break_that_slack_asks_for_holds_for_the_whole_channel(slack: LocalSlack, bot: Bot) -> None:
    """After a long Retry-After the channel's other replies don't even ask; other channels' do."""
    for channel in ("C1", "C1", "C2"):
        await slack.wait_for_ack(await slack.mention(channel, "U1", "how?"))
    slack.misbehave("chat.postMessage", RateLimited("60"))
    await bot.answer()
    await bot.deliver_all()
    assert [call.arguments["channel"] for call in slack.calls("chat.postMessage")] == ["C1", "C2"]


async def test_replies_of_one_channel_keep_their_distance(slack: LocalSlack, bot: Bot) -> None:
    """Twenty replies at once into one channel all arrive, paced, and Slack never has to refuse one."""
    slack.limit_posts(0.05)
    bot.adapter.sender.pause = 0.05
    for _ in range(20):
        await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await bot.core.answer_all("Press it.")
    delivering = asyncio.create_task(bot.dispatcher.run())
    await until(lambda: len(slack.replies) == 20)
    bot.dispatcher.stop()
    await delivering
    assert slack.rate_limited == 0
    times = [message.at for message in slack.replies]
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(times))
