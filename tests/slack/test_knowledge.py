"""Answers that stand on approved knowledge, and clicks on what else may have been meant."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.slack.suggestions import build_label, build_suggestions, read_choice
from bot.slack.views import ASKED_ALREADY_TEXT, SORRY_TEXT, THINKING_TEXT, to_dicts
from supportbot.db.models import Entry, Example
from supportbot.db.states import EntryState, ExampleStatus
from supportbot.intake.questions import Grounds, Quoted, Reply, Suggestion, Verified
from tests.grounds import NEAR, NOON, add_entry, approved, unsure, verified
from tests.slack.blocks import build_answer
from tests.slack.conftest import Bot, Core, HttpBot, connected
from tests.slack.test_views import NASTY
from tests.slack_server import Envelope, LocalSlack, Message

ANSWER = "Two days, *unless it snows."


def test_quoted_passage_names_its_source_and_is_not_verified() -> None:
    """The context says that nobody verified it, with document and heading, and no name in it has a meaning."""
    quoted = Quoted(example_id=1, document="<!channel>.md", heading="Refunds\n& *returns*", is_whole=True)
    _, context, _ = to_dicts(build_answer("Within 14 days.", answer_id=1, grounds=Grounds(quoted=quoted)))
    text = "From the handbook, not verified: &lt;!channel&gt;.md, “Refunds &amp; *returns*”"
    assert context == {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
    cut = Quoted(example_id=1, document="guide.md", heading="Refunds", is_whole=False)
    _, context = to_dicts(build_answer("Within 14 days.", answer_id=None, grounds=Grounds(quoted=cut)))
    assert "guide.md, “Refunds”, continued'" in str(context)


async def unsure_of_two(core: Core) -> Reply:
    """Return a reply that suggests two questions of the knowledge."""
    entry_id = await add_entry(core.database, ANSWER)
    return unsure(Suggestion(entry_id, NEAR), Suggestion(entry_id, "Is delivery <free> & fast?"))


async def suggested(slack: LocalSlack, bot: Bot) -> tuple[Envelope, Message]:
    """Ask what the bot is not sure about; return the question and the answer with its suggestions."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "when comes it"))
    await bot.answer(reply=await unsure_of_two(bot.core))
    return asked, await slack.wait_for_message(thread_ts=asked.ts)


async def texts(core: Core) -> list[str]:
    """Return what was asked, the oldest first."""
    return [question.question for question in await core.questions()]


def kinds(blocks: list[dict[str, Any]]) -> list[str]:
    """Return the types of blocks."""
    return [block["type"] for block in blocks]


def mark(*by: Verified) -> str | None:
    """Return the text that says who approved an answer, if there is one."""
    blocks: list[Any] = to_dicts(build_answer(ANSWER, answer_id=7, grounds=Grounds(verified=by)))
    contexts = [block for block in blocks if block["type"] == "context"]
    return contexts[0]["elements"][0]["text"] if contexts else None


def test_verified_answer_is_marked_under_its_text() -> None:
    """Below the text stands who approved it and when, in the reader's own way to write dates; thumbs stay last."""
    blocks = to_dicts(build_answer(ANSWER, answer_id=7, grounds=Grounds(verified=(verified(),))))
    assert kinds(blocks) == ["section", "context", "context_actions"]
    date = f"<!date^{int(NOON.timestamp())}^{{date_short}}|27 Nov 2026>"
    assert blocks[1]["elements"] == [
        {"type": "mrkdwn", "text": f"✓ Verified by Ana Lopez, {date}", "verbatim": True}
    ]


def test_two_approvals_of_one_person_are_one_name() -> None:
    """A person is named once, with every day, and two people are both named."""
    later = NOON + timedelta(days=3)
    assert mark(verified(), verified(at=NOON + timedelta(hours=1))) == mark(verified())
    both_days = mark(verified(), verified(at=later)) or ""
    assert both_days.count("Ana Lopez") == 1
    assert "|27 Nov 2026> and <!date^" in both_days
    assert "|27 Nov 2026>, and Bo Chen, <!date^" in (mark(verified(), verified("Bo Chen", later)) or "")


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_what_nobody_approved_has_no_mark(name: str) -> None:
    """What ships with the program is not marked; beside it, what a person approved is."""
    assert mark(verified(name)) is None
    assert mark(verified(name), verified()) == mark(verified())


def test_no_name_pings_and_no_label_is_too_long() -> None:
    """Of 10,000 nasty names and suggestions, none holds markup of Slack's, and each label fits its button."""
    rng = random.Random(13)
    for _ in range(10_000):
        nasty = " ".join(rng.choices(NASTY, k=rng.randint(1, 4)))
        shown = mark(verified(nasty))
        assert shown is None or (shown.count("<") == 1 and len(shown) < 500)
        assert shown is None or "\n" not in shown
        label = build_label(nasty)
        assert 0 < len(label) <= 75
        assert "<" not in label


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("How?", "How?"),
        ("a" * 75, "a" * 75),
        ("a" * 76, "a" * 74 + "…"),
        ("a\nb", "a b"),
        ("Q&A <now>", "Q&amp;A &lt;now&gt;"),
        (" \u202e", "…"),
    ],
)
def test_label_is_cut_only_where_it_must_be(question: str, label: str) -> None:
    """A suggestion is shown whole up to Slack's limit, and beyond it ends with an ellipsis."""
    assert build_label(question) == label


def test_suggestions_are_buttons_of_their_own() -> None:
    """Every suggestion has an action of its own, and carries its answer and number; thumbs stay last."""
    grounds = Grounds(suggestions=(Suggestion(1, "A?"), Suggestion(2, "B?"), Suggestion(3, "C?")))
    blocks: list[Any] = to_dicts(build_answer("Not sure.", answer_id=7, grounds=grounds))
    assert kinds(blocks) == ["section", "section", "actions", "context_actions"]
    assert blocks[1]["text"]["text"] == "Did you mean:"
    buttons = blocks[2]["elements"]
    assert [button["text"]["text"] for button in buttons] == ["A?", "B?", "C?"]
    assert [button["value"] for button in buttons] == ["7:0", "7:1", "7:2"]
    assert len({button["action_id"] for button in buttons}) == 3
    assert build_suggestions(7, ()) == []


async def test_verified_answer_arrives_with_its_mark(slack: LocalSlack, bot: Bot) -> None:
    """The answer is shown word for word, marked, and can be voted on."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "how long?"))
    await bot.answer(reply=approved(verified("Ana <!channel> Lopez"), answer=ANSWER))
    message = await slack.wait_for_message(thread_ts=asked.ts)
    assert message.shown == ANSWER
    assert kinds(message.blocks) == ["section", "context", "context_actions"]
    assert message.blocks[1]["elements"][0]["text"].startswith("✓ Verified by Ana &lt;!channel&gt; Lopez, <!date^")
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    (question,) = await bot.core.questions()
    assert question.votes_up == 1


async def test_click_asks_what_was_meant(slack: LocalSlack, bot: Bot) -> None:
    """A click is a new question in the same thread, and what was typed becomes a candidate for a curator."""
    asked, message = await suggested(slack, bot)
    await slack.wait_for_ack(await slack.choose(message, "U2", 0))

    first, second = await bot.core.questions()
    assert (second.question, second.asker) == (NEAR, "U2")
    async with bot.core.database.read() as session:
        example = (await session.scalars(select(Example))).one()
    assert example.origin.startswith(f"suggestion:{first.answer_id}:")
    assert (example.prompt, example.completion) == ("when comes it", ANSWER)
    assert (example.status, example.person) == (ExampleStatus.PENDING, "slack:T0LOCAL:U2")

    await bot.answer(reply=approved(verified(), answer=ANSWER))
    reply = await slack.wait_for_message(thread_ts=asked.ts, count=2)
    assert reply.shown == f"*name-of-u2* asked:\n> {NEAR}\n{ANSWER}"
    assert reply.channel == "C1"
    assert await slack.wait_until(lambda: len(slack.statuses) == 2, "thinking")
    assert slack.statuses[1]["thread_ts"] == asked.ts
    assert slack.ephemerals == []
    assert (
        len({question.question_id for question in await bot.core.service.conversation("slack", "C1", asked.ts)})
        == 2
    )


async def test_click_that_comes_twice_asks_once(slack: LocalSlack, bot: Bot) -> None:
    """A doubled click is one question; another person's click, and another suggestion, are questions too."""
    _, message = await suggested(slack, bot)
    await slack.choose(message, "U2", 0, copies=3)
    await slack.wait_for_acks()
    await slack.choose(message, "U2", 0)
    await slack.choose(message, "U3", 0)
    await slack.choose(message, "U2", 1)
    await slack.wait_for_acks()
    asked = await texts(bot.core)
    assert sorted(asked[1:]) == [NEAR, NEAR, "Is delivery <free> & fast?"]
    await slack.wait_for_ephemeral(user="U2", containing=ASKED_ALREADY_TEXT)


async def test_suggestion_outlives_a_restart(slack: LocalSlack, core: Core, bot: Bot) -> None:
    """The buttons under an old answer work in a new process."""
    _, message = await suggested(slack, bot)
    async with connected(slack, core.service):
        await slack.wait_for_ack(await slack.choose(message, "U2", 1))
    assert (await texts(core))[1] == "Is delivery <free> & fast?"


async def test_choice_over_http(slack: LocalSlack, http_bot: HttpBot) -> None:
    """The same works where Slack posts its events."""
    asked = await slack.wait_for_ack(await slack.mention("C1", "U1", "when comes it"))
    await http_bot.core.answer_all(reply=await unsure_of_two(http_bot.core))
    await http_bot.dispatcher.deliver_due()
    message = await slack.wait_for_message(thread_ts=asked.ts)
    clicked = await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    assert clicked.statuses == [200]
    assert (await texts(http_bot.core))[1] == NEAR


async def test_choice_under_a_commands_answer_opens_a_thread(slack: LocalSlack, bot: Bot) -> None:
    """The answer to a command stands in no thread, so what was chosen there is answered in a thread below it."""
    await slack.wait_for_ack(await slack.slash("C1", "U1", "when comes it"))
    await bot.answer(reply=await unsure_of_two(bot.core))
    message = await slack.wait_for_message(channel="C1")
    await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    await bot.answer(reply=approved(verified(), answer=ANSWER))
    reply = await slack.wait_for_message(thread_ts=message.ts)
    assert reply.shown.endswith(ANSWER)


async def test_choice_of_a_private_answer_stays_private(slack: LocalSlack, bot: Bot) -> None:
    """Where the bot can't post, a chosen question is answered to the person alone, beside what was clicked."""
    slack.channel("C9").member = False
    await slack.wait_for_ack(await slack.slash("C9", "U1", "when comes it"))
    await bot.answer(reply=await unsure_of_two(bot.core))
    shown = await slack.wait_for_ephemeral(user="U1", containing="not sure")
    await slack.wait_for_ack(await slack.choose(shown, "U1", 0))
    await slack.wait_for_ephemeral(user="U1", containing=THINKING_TEXT)
    await bot.answer(reply=approved(verified(), answer=ANSWER))
    reply = await slack.wait_for_ephemeral(user="U1", containing=ANSWER)
    assert NEAR in reply.shown
    assert reply.arguments["replace_original"] is False
    assert slack.replies == []


async def test_reply_to_a_choice_is_found_again(slack: LocalSlack, bot: Bot) -> None:
    """A second attempt to deliver the answer of a choice finds the first in the thread."""
    asked, message = await suggested(slack, bot)
    await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    await bot.answer(reply=approved(verified(), answer=ANSWER))
    async with bot.core.database.write() as session:
        await session.execute(text("UPDATE outbox SET state = 'pending'"))
    await bot.try_again()
    assert [reply.thread_ts for reply in slack.replies] == [asked.ts, asked.ts]


async def test_suggestion_that_was_retired_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """Whoever clicks a suggestion whose answer was retired is told so, alone and in the thread."""
    asked, message = await suggested(slack, bot)
    async with bot.core.database.write() as session:
        await session.execute(update(Entry).values(state=EntryState.RETIRED))
    await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    told = await slack.wait_for_ephemeral(user="U2", containing="no longer available")
    assert told.thread_ts == asked.ts
    assert await texts(bot.core) == ["when comes it"]


async def test_choice_that_cannot_be_kept_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """When the database fails, the person is told a fixed sentence, once, and the next click works."""
    _, message = await suggested(slack, bot)
    async with bot.core.database.write() as session:
        await session.execute(text("ALTER TABLE entry RENAME TO elsewhere"))
    clicked = await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    told = await slack.wait_for_ephemeral(user="U2")
    assert told.shown == SORRY_TEXT
    assert clicked.attempts == 1
    async with bot.core.database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO entry"))
    await slack.wait_for_ack(await slack.choose(message, "U2", 0))
    assert (await texts(bot.core))[1] == NEAR


def _click(value: object = "12:1", **changes: object) -> dict[str, object]:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "user": {"id": "U1", "name": "ada"},
        "message": {"ts": "3.4", "thread_ts": "1.2"},
        "actions": [{"action_id": "answer_suggestion:1", "value": value}],
        **changes,
    }


def test_choice_is_read_back_from_the_button() -> None:
    """What a button carries comes back as the choice that it stands for, and as the question to ask."""
    choice = read_choice(_click())
    assert choice is not None
    assert (choice.answer_id, choice.number, choice.clicked.person) == (12, 1, "slack:T1:U1")
    question = choice.question("Why?")
    assert (question.workspace, question.channel, question.thread) == ("T1", "C1", "1.2")
    assert (question.text, question.asker) == ("Why?", "U1")
    assert question.reply_to == {"ts": "3.4", "asker_name": "ada"}
    again = read_choice(_click(message={"ts": "5.6", "thread_ts": "1.2"}))
    assert again is not None
    assert again.question("Why?").identity == question.identity


@pytest.mark.parametrize(
    "body",
    [
        {},
        _click(5),
        _click(""),
        _click("12"),
        _click("-1:0"),
        _click("12:-1"),
        _click("12:100"),
        _click("9999999999999999999:0"),
        _click("١:0"),
        _click(actions=[]),
        _click(actions=[{"action_id": "other", "value": "12:1"}]),
        _click(team=None),
        _click(team={"id": "t 1"}),
        _click(channel={"id": "c 1"}),
        _click(user={"id": 5}),
        _click(user={"id": "u 1"}),
        _click(message=None),
        _click(message={"ts": "soon"}),
        _click(message={"ts": "1.2", "thread_ts": "soon"}, container={"is_ephemeral": False}),
        _click(message=None, container={"is_ephemeral": True}),
        _click(message=None, container={"is_ephemeral": True}, trigger_id=" ", response_url="http://x"),
    ],
)
def test_malformed_choice_is_none(body: dict[str, object]) -> None:
    """A click of any other shape chooses nothing, and is no error."""
    assert read_choice(body) is None
