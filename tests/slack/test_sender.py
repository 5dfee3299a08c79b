"""How answers reach Slack exactly once, whatever Slack does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.api_errors import delivery_error
from bot.slack.app import open_slack
from bot.slack.marks import MARK_EVENT
from bot.slack.routing import RoutedSender
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


QUESTION = Message(channel="C1", ts=THREAD, user="U1", text="how?")


@pytest.fixture
async def sender(slack: LocalSlack, core: Core) -> AsyncIterator[RoutedSender]:
    """The sender of an adapter that isn't even connected; the question stands in Slack."""
    slack.messages.append(QUESTION)
    settings = slack_settings(slack)
    async with open_slack(core.service, settings, patience=IMPATIENT, post_seconds=0.05) as adapter:
        yield adapter.sender


async def test_reply_carries_its_mark(slack: LocalSlack, sender: RoutedSender) -> None:
    """A message says in its metadata which reply it is, and the sender says which message it became."""
    identity = await sender.send(delivery(7))
    (message,) = slack.replies
    assert identity == f"C1:{message.ts}"
    assert message.metadata == {"event_type": MARK_EVENT, "event_payload": {"mark": delivery(7).mark}}


async def test_what_cannot_be_voted_on_has_no_thumbs(slack: LocalSlack, sender: RoutedSender) -> None:
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
async def test_failure_while_looking_sends_nothing(slack: LocalSlack, sender: RoutedSender, fault: Fault) -> None:
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


async def test_first_attempt_does_not_look(slack: LocalSlack, sender: RoutedSender) -> None:
    """Looking costs a call, so only later attempts do."""
    await sender.send(delivery())
    assert slack.calls("conversations.replies") == []


async def test_own_reply_is_found_behind_many_others(slack: LocalSlack, sender: RoutedSender) -> None:
    """The search goes through all pages of a long thread."""
    for number in range(250):
        slack.messages.append(
            Message(channel="C1", ts=f"1700000001.{number:06d}", user="U1", text="me too", thread_ts=THREAD)
        )
    first = await sender.send(delivery())
    assert await sender.send(delivery(attempt=2)) == first
    assert len(slack.calls("conversations.replies")) == 2


async def test_same_mark_of_another_bot_is_not_ours(slack: LocalSlack, sender: RoutedSender) -> None:
    """Another installation numbers its replies alike; its message doesn't count as delivered."""
    await sender.send(delivery())
    slack.replies[0].bot_id = "B0OTHER"
    await sender.send(delivery(attempt=2))
    assert len(slack.replies) == 2


def command_delivery(response_url: str = "http://127.0.0.1:1/", attempt: int = 1) -> Delivery:
    """Return a reply on its way to whoever typed a command."""
    reply_to = {"response_url": response_url, "asker_name": "ada"}
    return delivery(thread="1.2.ab", reply_to=reply_to, attempt=attempt)


async def test_reply_to_a_command_is_found_in_the_channel(slack: LocalSlack, sender: RoutedSender) -> None:
    """The reply to a command stands in no thread, and is looked for in the channel's history."""
    first = await sender.send(command_delivery())
    assert await sender.send(command_delivery(attempt=2)) == first
    (call,) = slack.calls("conversations.history")
    assert float(call.arguments["oldest"]) < float(slack.replies[0].ts)


async def test_reply_to_a_deleted_question_is_taken_back(slack: LocalSlack, sender: RoutedSender) -> None:
    """Slack shows a reply to a deleted message to the whole channel; the bot deletes it, and gives up."""
    slack.delete_unheard(QUESTION.ts)
    with pytest.raises(UndeliverableError, match="deleted"):
        await sender.send(delivery())
    assert len(slack.calls("chat.postMessage")) == 1
    assert slack.replies == []


async def test_stray_reply_is_taken_back_later(slack: LocalSlack, sender: RoutedSender) -> None:
    """If it can't be deleted at once, the next attempt finds it and posts nothing."""
    slack.delete_unheard(QUESTION.ts)
    slack.misbehave("chat.delete", HttpAnswer(503))
    with pytest.raises(RetryLaterError):
        await sender.send(delivery())
    assert len(slack.replies) == 1
    with pytest.raises(UndeliverableError, match="deleted"):
        await sender.send(delivery(attempt=2))
    assert len(slack.calls("chat.postMessage")) == 1
    assert slack.replies == []


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
    slack: LocalSlack, sender: RoutedSender, error: str, sentence: str
) -> None:
    """Bad input 23 and its kin: what no waiting fixes is given up, and the log says why."""
    slack.misbehave("chat.postMessage", ApiError(error))
    with pytest.raises(UndeliverableError, match=sentence):
        await sender.send(delivery())


# https://docs.slack.dev/reference/methods/chat.postMessage, "Errors", without those of the token.
DOCUMENTED = """
    access_denied as_user_not_supported cannot_reply_to_message channel_not_found duplicate_channel_not_found
    duplicate_message_not_found ekm_access_denied enterprise_is_restricted invalid_arg_name invalid_arguments
    invalid_array_arg invalid_attachments invalid_blocks invalid_blocks_format invalid_charset invalid_form_data
    invalid_metadata_format invalid_metadata_schema invalid_post_type is_archived messages_tab_disabled
    metadata_must_be_sent_from_app metadata_too_large method_deprecated missing_post_type missing_scope
    msg_blocks_too_long no_text not_in_channel org_login_required restricted_action
    restricted_action_non_threadable_channel restricted_action_read_only_channel restricted_action_thread_locked
    restricted_action_thread_only_channel team_access_not_granted too_many_attachments
"""


def refused(code: str) -> SlackApiError:
    """Return the error that the library raises for a refusal of Slack's."""
    client = AsyncWebClient()
    data = {"ok": False, "error": code}
    return SlackApiError(  # type: ignore[no-untyped-call]
        "",
        AsyncSlackResponse(
            client=client, http_verb="", api_url="", req_args={}, data=data, headers={}, status_code=200
        ),
    )


def test_what_never_changes_is_not_tried_again() -> None:
    """Each refusal that Slack documents and that no waiting fixes is given up, with a sentence."""
    for code in DOCUMENTED.split():
        failure = delivery_error(refused(code))
        assert isinstance(failure, UndeliverableError), code
        assert str(failure).endswith(".")


@pytest.mark.parametrize(
    ("code", "seconds", "whole_channel"),
    [
        ("ratelimited", None, True),
        ("rate_limited", None, True),
        ("message_limit_exceeded", 60.0, False),
        ("team_added_to_org", 60.0, False),
        ("token_revoked", 60.0, False),
        ("internal_error", None, False),
        ("service_unavailable", None, False),
        ("who_knows", None, False),
    ],
)
def test_what_passes_is_tried_again(code: str, seconds: float | None, whole_channel: bool) -> None:
    """A limit, an operator's matter and a fault of Slack's are waited for, each as long as it takes."""
    failure = delivery_error(refused(code))
    assert isinstance(failure, RetryLaterError)
    assert (failure.seconds, failure.whole_channel) == (seconds, whole_channel)


async def test_channel_archived_before_the_reply_is_given_up(slack: LocalSlack, bot: Bot) -> None:
    """Bad input 23 from end to end: the question ends as failed."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    slack.channel("C1").archived = True
    await bot.answer()
    (question,) = await bot.core.questions()
    assert question.state == QuestionState.FAILED


async def test_private_way_that_has_expired_is_given_up(slack: LocalSlack, sender: RoutedSender) -> None:
    """If the bot may not post and the command is too old, there is no way left."""
    slack.channel("C1").member = False
    with pytest.raises(UndeliverableError, match="expired"):
        await sender.send(command_delivery(f"{slack.url}/response/expired"))


async def test_private_way_that_is_busy_is_tried_again(slack: LocalSlack, sender: RoutedSender) -> None:
    """A 503 of the private way is a passing fault."""
    slack.channel("C1").member = False
    slack.misbehave("response_url", HttpAnswer(503))
    with pytest.raises(RetryLaterError):
        await sender.send(command_delivery(f"{slack.url}/response/any"))


async def test_words_are_shown_if_slack_refuses_their_looks(slack: LocalSlack, sender: RoutedSender) -> None:
    """An answer whose blocks Slack does not take is posted without them, and not lost."""
    slack.misbehave("chat.postMessage", ApiError("invalid_blocks"))
    await sender.send(delivery(text="**Press** it, see [this](https://a.example)."))
    (message,) = slack.replies
    assert [block["type"] for block in message.blocks] == ["section", "actions", "context_actions"]
    assert message.shown == "Press it, see this (https://a.example)."


async def test_command_where_only_threads_are_allowed_is_answered_privately(slack: LocalSlack, bot: Bot) -> None:
    """In a channel that takes no messages but replies, the asker sees the answer to a command alone."""
    slack.channel("C9").thread_only = True
    await slack.wait_for_ack(await slack.slash("C9", "U1", "how?"))
    await bot.answer("Press the button.")
    await slack.wait_for_ephemeral(user="U1", containing="Press the button.")
    assert slack.replies == []


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (None, None), ("soon", None), ("-1", None)])
async def test_retry_after_is_handed_on(
    slack: LocalSlack, sender: RoutedSender, header: str | None, seconds: float | None
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
        slack.messages.append(QUESTION)
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
