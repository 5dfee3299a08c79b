"""How answers are shown in Slack while they are written, and how each becomes one message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.marks import MARK_EVENT
from bot.slack.streaming import harmless
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.claims import Claim
from supportbot.intake.questions import Reply
from tests.slack.conftest import Bot
from tests.slack_server import ApiError, Envelope, Fault, HttpAnswer, LocalSlack, Message, RateLimited, Reset

STREAM = ("chat.startStream", "chat.appendStream", "chat.stopStream")
TEXT = "Press the **reset** button, and wait for a minute."


@asynccontextmanager
async def writing(slack: LocalSlack, bot: Bot) -> AsyncIterator[tuple[Envelope, Claim]]:
    """Have somebody ask, and write an answer in this block."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    (claim,) = await bot.core.inbox.claim(["slack"], 1)
    async with bot.core.streams.showing(claim):
        yield asked, claim


async def shows(slack: LocalSlack, text: str) -> Message:
    """Wait until the one message of the bot shows just this."""

    def found() -> Message | None:
        return next((one for one in slack.replies if one.shown == text), None)

    return await slack.wait_until(found, f"a message that shows {text!r}")


async def finish(bot: Bot, claim: Claim, text: str = TEXT) -> None:
    """Commit the answer and deliver it."""
    await bot.core.inbox.finish(claim.question_id, Reply(text=text, source=AnswerSource.GENERATED))
    await bot.deliver_all()


def assert_is_answer(bot_message: Message, asked: Envelope) -> None:
    """A message is the answer as it is without streaming: its blocks, its thumbs, its mark, in its thread."""
    assert bot_message.shown == "Press the reset button, and wait for a minute."
    assert [block["type"] for block in bot_message.blocks] == ["rich_text", "actions", "context_actions"]
    assert bot_message.metadata is not None
    assert bot_message.metadata["event_type"] == MARK_EVENT
    assert bot_message.thread_ts == asked.ts


@pytest.mark.parametrize("native", [True, False])
async def test_answer_grows_and_becomes_the_answer(slack: LocalSlack, bot: Bot, native: bool) -> None:
    """Words are shown as they come, in a stream or by updates, and the same message is the answer at the end."""
    if not native:
        slack.forget_methods(*STREAM)
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the **reset** but")
        begun = await shows(slack, "Press the **reset** " if native else "Press the reset")
        assert begun.thread_ts == asked.ts
        bot.core.live.publish(claim.question_id, "ton, and wait ")
        await shows(
            slack, "Press the **reset** button, and wait " if native else "Press the reset button, and wait"
        )
    await finish(bot, claim)
    (message,) = slack.replies
    assert message.ts == begun.ts
    assert_is_answer(message, asked)
    (question,) = await bot.core.questions()
    assert question.state == QuestionState.DELIVERED
    assert len(slack.calls("chat.postMessage")) == (0 if native else 1)


async def test_older_server_is_asked_for_a_stream_once(slack: LocalSlack, bot: Bot) -> None:
    """That a server knows no streams is remembered for as long as the process runs."""
    slack.forget_methods(*STREAM)
    for _ in range(2):
        async with writing(slack, bot) as (_, claim):
            bot.core.live.publish(claim.question_id, "Press the ")
            count = len(slack.calls("chat.postMessage"))
            await slack.wait_until(lambda: len(slack.replies) > count or None, "the first words")  # noqa: B023
        await finish(bot, claim)
    assert len(slack.calls("chat.startStream")) == 1
    assert len(slack.replies) == 2


async def test_stream_says_for_whom_it_is(slack: LocalSlack, bot: Bot) -> None:
    """Slack wants to know the person and the workspace that a stream in a channel is for."""
    async with writing(slack, bot) as (_, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await shows(slack, "Press the ")
    (call,) = slack.calls("chat.startStream")
    assert (call.arguments["recipient_user_id"], call.arguments["recipient_team_id"]) == ("U1", "T0LOCAL")


async def test_text_of_a_stream_is_harmless(slack: LocalSlack, bot: Bot) -> None:
    """While it is written an answer pings nobody, and no link hides its address."""
    async with writing(slack, bot) as (_, claim):
        bot.core.live.publish(claim.question_id, "Ask @here or <@U2>, see [this](https://evil.example) ")
        await shows(slack, "Ask \uff20here or &lt;\uff20U2&gt;, see \uff3bthis](https://evil.example) ")


@given(pieces=st.lists(st.text(alphabet="<>@!#&[]()|:/ hereUx.\u200b\u202e\n", max_size=12), max_size=5))
def test_pieces_are_harmless_together(pieces: list[str]) -> None:
    """However a text is cut, what its pieces add up to holds no mention, no link with words, nothing unseen."""
    text = "".join(harmless(piece) for piece in pieces)
    assert not {"<", ">", "[", "|", "\u200b", "\u202e"} & set(text)
    assert " @" not in f" {text}"


@pytest.mark.parametrize(
    ("reply_to", "suits"),
    [
        ({"ts": "1.0"}, True),
        ({"response_url": "https://hooks.slack.com/1", "asker_name": "ann"}, False),
        ({"ts": "1.0", "asker_name": "ann"}, False),
    ],
)
def test_streams_stand_below_their_questions(bot: Bot, reply_to: dict[str, str], suits: bool) -> None:
    """The answers to commands and to clicks have something above them, so they are posted when they are whole."""
    assert bot.adapter.stage.suits(reply_to) is suits


@pytest.mark.parametrize(
    "fault",
    [
        Reset(),
        HttpAnswer(503),
        ApiError("internal_error"),
        ApiError("channel_type_not_supported"),
        RateLimited("60"),
    ],
    ids=["reset", "503", "internal error", "no streams there", "rate limited"],
)
async def test_failed_start_delays_and_doubles_nothing(slack: LocalSlack, bot: Bot, fault: Fault) -> None:
    """Where the first words could not be shown, the answer is posted once, as ever."""
    slack.misbehave("chat.startStream", fault)
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await slack.wait_until(lambda: slack.calls("chat.startStream"), "the attempt")
    await finish(bot, claim)
    (message,) = slack.replies
    assert_is_answer(message, asked)
    assert len(slack.calls("chat.postMessage")) == 1


async def test_start_that_was_not_heard_of_is_found(slack: LocalSlack, bot: Bot) -> None:
    """When the line breaks after Slack has taken the first words, that message becomes the answer."""
    slack.misbehave("chat.startStream", Reset(after_accept=True))
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await slack.wait_until(lambda: slack.replies, "the message")
    await finish(bot, claim)
    (message,) = slack.replies
    assert_is_answer(message, asked)
    assert slack.calls("chat.postMessage") == []


@pytest.mark.parametrize("method", ["chat.stopStream", "chat.update"])
async def test_end_is_repeated_until_it_is_certain(slack: LocalSlack, bot: Bot, method: str) -> None:
    """Whatever breaks while a stream becomes the answer, another attempt makes it whole."""
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await shows(slack, "Press the ")
    slack.misbehave(method, Reset(after_accept=True))
    slack.misbehave(method, HttpAnswer(503))
    await finish(bot, claim)
    for _ in range(2):
        await bot.try_again()
    (message,) = slack.replies
    assert_is_answer(message, asked)


@pytest.mark.parametrize("error", ["message_not_found", "edit_window_closed"])
async def test_message_that_cannot_be_changed_is_replaced(slack: LocalSlack, bot: Bot, error: str) -> None:
    """Where the streamed message is gone, or must stay as it is, the answer is posted in its place."""
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        begun = await shows(slack, "Press the ")
    if error == "message_not_found":
        slack.messages.remove(begun)
    else:
        slack.misbehave("chat.update", ApiError(error))
    await finish(bot, claim)
    (message,) = slack.replies
    assert_is_answer(message, asked)


async def test_refused_layout_is_shown_in_words(slack: LocalSlack, bot: Bot) -> None:
    """Slack may refuse the blocks of an update as well; then the words stay."""
    async with writing(slack, bot) as (_, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await shows(slack, "Press the ")
    slack.misbehave("chat.update", ApiError("invalid_blocks"))
    await finish(bot, claim)
    (message,) = slack.replies
    assert [block["type"] for block in message.blocks] == ["section", "actions", "context_actions"]


async def test_deleted_question_takes_its_stream_back(slack: LocalSlack, bot: Bot) -> None:
    """Who deletes a question in the middle of its answer leaves no half of it behind."""
    async with writing(slack, bot) as (asked, claim):
        bot.core.live.publish(claim.question_id, "Press the ")
        await shows(slack, "Press the ")
        await slack.wait_for_ack(await slack.delete(asked))
        await slack.wait_until(lambda: not slack.replies or None, "the message to vanish")
    await finish(bot, claim)
    assert slack.replies == []
