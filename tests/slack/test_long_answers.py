"""How an answer that one message can't hold reaches Slack: whole, in order, and each message once."""

from __future__ import annotations

import pytest

from bot.dialects.slack_blocks import build_parts
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.questions import Reply
from tests.slack.conftest import Bot
from tests.slack_server import ApiError, Fault, HttpAnswer, LocalSlack, Message, RateLimited, Reset

PARAGRAPHS = [f"**{number}** {'word ' * 180}".strip() for number in range(24)]
ANSWER = "\n\n".join(PARAGRAPHS)
SAYS = ANSWER.replace("*", "").split()
COUNT = 3


def assert_is_whole(messages: list[Message]) -> None:
    """The messages say the answer, word for word; what people can click on stands below it, once."""
    assert len(messages) == COUNT == len(build_parts(ANSWER))
    assert [word for message in messages for word in message.shown.split()] == SAYS
    actions = [[block["type"] for block in message.blocks if "actions" in block["type"]] for message in messages]
    assert actions == [[], [], ["actions", "context_actions"]]
    assert len({message.metadata["event_payload"]["mark"] for message in messages if message.metadata}) == COUNT


async def test_long_answer_goes_on_in_its_thread(slack: LocalSlack, bot: Bot) -> None:
    """All messages of an answer stand in the thread of its question, and are what was kept of it."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await bot.answer(ANSWER)
    assert_is_whole(slack.replies)
    assert {message.thread_ts for message in slack.replies} == {asked.ts}
    (question,) = await bot.core.questions()
    assert question.answer == ANSWER
    assert question.state == QuestionState.DELIVERED


FAULTS: dict[str, Fault] = {
    "not accepted": HttpAnswer(503),
    "not heard of": Reset(after_accept=True),
    "refused for a while": ApiError("internal_error"),
    "too fast": RateLimited("1"),
}


@pytest.mark.parametrize("where", ["a mention", "a command"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_attempt_goes_on_where_the_last_one_stopped(
    slack: LocalSlack, bot: Bot, fault: Fault, where: str
) -> None:
    """Whatever happens to the second message, none is lost, and none comes twice."""
    if where == "a mention":
        await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    else:
        await slack.wait_for_ack(await slack.slash("C1", "U1", "how?"))
    slack.misbehave("chat.postMessage", fault, after=1)
    await bot.answer(ANSWER)
    assert len(slack.replies) < COUNT
    await bot.try_again()
    messages = slack.replies
    if where == "a command":
        first, *rest = messages
        assert first.thread_ts is None
        assert {message.thread_ts for message in rest} == {first.ts}
        first.blocks = first.blocks[1:]  # who asked
    assert_is_whole(messages)


async def test_refused_looks_of_a_message_are_its_words(slack: LocalSlack, bot: Bot) -> None:
    """Where Slack refuses the layout of one message, its words are shown, and the others keep their looks."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    slack.misbehave("chat.postMessage", ApiError("invalid_blocks"))
    await bot.answer(ANSWER)
    assert [message.blocks[0]["type"] for message in slack.replies] == ["section", "rich_text", "rich_text"]
    assert_is_whole(slack.replies)


async def test_private_answer_is_whole(slack: LocalSlack, bot: Bot) -> None:
    """Where the asker alone sees it, an answer is as long."""
    slack.channel("C9").member = False
    await slack.wait_for_ack(await slack.slash("C9", "U1", "how?"))
    await bot.answer(ANSWER)
    await slack.wait_until(lambda: len(slack.ephemerals) >= COUNT or None, "the last message")
    first, *_ = shown = slack.ephemerals[-COUNT:]
    first.blocks = first.blocks[1:]  # who asked
    assert [word for message in shown for word in message.shown.split()] == SAYS


@pytest.mark.parametrize("native", [True, False])
async def test_streamed_answer_goes_on(slack: LocalSlack, bot: Bot, native: bool) -> None:
    """What was shown while it was written becomes the first message, and a broken end is fixed."""
    if not native:
        slack.forget_methods("chat.startStream", "chat.appendStream", "chat.stopStream")
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    (claim,) = await bot.core.inbox.claim(["slack"], 1)
    async with bot.core.streams.showing(claim):
        bot.core.live.publish(claim.question_id, ANSWER[:3_000])
        begun = await slack.wait_until(lambda: slack.replies[0] if slack.replies else None, "the first words")
        bot.core.live.publish(claim.question_id, ANSWER[3_000:])
        await slack.wait_until(lambda: "8" in begun.shown or None, "more")
    slack.misbehave("chat.postMessage", Reset(after_accept=True))
    slack.misbehave("chat.postMessage", RateLimited("1"))
    await bot.core.inbox.finish(claim.question_id, Reply(text=ANSWER, source=AnswerSource.GENERATED))
    await bot.deliver_all()
    for _ in range(2):
        await bot.try_again()
    assert slack.replies[0] is begun
    assert_is_whole(slack.replies)
