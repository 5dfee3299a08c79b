"""Which of Slack's payloads are questions; the numbers are those of the list of bad inputs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.hearing import Change, read_change, read_command, read_question, read_remark

BOT = "U0BOT"


def event(**changes: Any) -> dict[str, Any]:
    """Return a mention, changed; a change to None takes the key out."""
    fields = {
        "type": "app_mention",
        "channel": "C1",
        "user": "U1",
        "ts": "1700000000.000100",
        "text": f"<@{BOT}> how?",
        **changes,
    }
    return {
        "type": "event_callback",
        "team_id": "T1",
        "authorizations": [{"user_id": BOT}],
        "event": {key: value for key, value in fields.items() if value is not None},
    }


def command(**changes: Any) -> dict[str, Any]:
    """Return a slash command, changed."""
    return {
        "command": "/ask",
        "team_id": "T1",
        "channel_id": "C1",
        "user_id": "U1",
        "user_name": "ada",
        "trigger_id": "1.2.ab",
        "response_url": "https://hooks.slack.com/1",
        "text": "how?",
        **changes,
    }


def test_mention_is_a_question() -> None:
    """A mention becomes a question that names its message, its thread and its asker."""
    question = read_question(event())
    assert question is not None
    assert question.identity == "T1:C1:1700000000.000100"
    assert (question.thread, question.asker, question.text) == ("1700000000.000100", "U1", "how?")


def test_thread_of_the_message_is_the_conversation() -> None:
    """A mention within a thread belongs to that thread's conversation."""
    question = read_question(event(thread_ts="1690000000.000100"))
    assert question is not None
    assert question.thread == "1690000000.000100"


def test_message_and_mention_are_one_question() -> None:
    """The two events that a mention can cause have the same identity and text."""
    assert read_question(event(type="message", channel_type="channel")) == read_question(event())


@pytest.mark.parametrize("channel_type", ["im", None])
def test_direct_message_needs_no_mention(channel_type: str | None) -> None:
    """Whatever is said to the bot in a direct message is a question."""
    question = read_question(event(type="message", channel="D1", channel_type=channel_type, text="how?"))
    assert question is not None
    assert question.text == "how?"


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_message_with_a_file_or_for_all_is_a_question(subtype: str) -> None:
    """A question with a screenshot, or one from a thread that was also sent to the channel, counts."""
    assert read_question(event(subtype=subtype)) is not None


NOT_QUESTIONS: dict[str, object] = {
    "1 empty": {},
    "2 event null": {**event(), "event": None},
    "3 event a list": {**event(), "event": []},
    "4 text a number": event(text=5),
    "5 no user": event(user=None),
    "6 another bot": event(bot_id="B2"),
    "6 another bot by subtype": event(type="message", channel_type="im", subtype="bot_message"),
    "7 itself": event(user=BOT),
    "8 edit": event(type="message", channel_type="im", subtype="message_changed", message={"text": "x"}),
    "8 edit that mentions an hour later": event(edited={"user": "U1", "ts": "1700003600.000100"}),
    "8 edit without a time": event(edited={"user": "U1"}),
    "9 delete": event(type="message", channel_type="im", subtype="message_deleted", deleted_ts="1.1"),
    "10 rate limited": {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1},
    "not to the bot": event(type="message", channel_type="channel", text="<@U2> hello"),
    "like the bot": event(type="message", channel_type="channel", text="<@U0BOTTLE> hello"),
    "reaction": event(type="reaction_added"),
    "strange team": {**event(), "team_id": "T 1"},
    "no team": {**event(), "team_id": None},
    "strange time": event(ts="now"),
    "surrogate": event(channel="\ud800"),
    "a list": [event()],
    "nothing": None,
}


@pytest.mark.parametrize("body", NOT_QUESTIONS.values(), ids=NOT_QUESTIONS)
def test_everything_else_is_no_question(body: object) -> None:
    """What nobody asked, and what Slack doesn't send, is not a question, and no error."""
    assert read_question(body) is None


@pytest.mark.parametrize(
    "text",
    ["<|endoftext|>", "\nBot:", "\ud800", "\x00", "z\u0351" * 40_000, "a" * 40_000, "\u202eabc", "\u200b"],
)
def test_any_text_is_a_question(text: str) -> None:
    """Texts 11 and 33 to 43 are kept as they were typed, but for white space around; the core judges them."""
    question = read_question(event(type="message", channel_type="im", text=text))
    assert question is not None
    assert question.text == text.strip()


THREAD = "1690000000.000100"


def said(**changes: Any) -> dict[str, Any]:
    """Return a message in a thread of a channel, changed."""
    return event(**{"type": "message", "channel_type": "channel", "thread_ts": THREAD, "text": "so", **changes})


def test_message_in_a_thread_is_a_remark() -> None:
    """What people say among themselves in a thread is a remark that names its message and its author."""
    remark = read_remark(said(text="ask <@U2> &amp; co"))
    assert remark is not None
    assert (remark.identity, remark.author) == ("T1:C1:1700000000.000100", "U1")
    assert (remark.thread, remark.replied_to, remark.text) == (THREAD, f"C1:{THREAD}", "ask @U2 & co")


NOT_REMARKS: dict[str, object] = {
    **NOT_QUESTIONS,
    "a mention": said(text=f"<@{BOT}> how?"),
    "a mention by its own event": event(thread_ts=THREAD),
    "a direct message": said(channel="D1", channel_type="im"),
    "outside any thread": said(thread_ts=None),
    "the root of a thread": said(thread_ts="1700000000.000100"),
    "an edit": said(subtype="message_changed"),
    "news of the channel": said(subtype="channel_join"),
    "another bot": said(bot_id="B2"),
    "the bot itself": said(user=BOT),
    "nobody knows who the bot is": {**said(), "authorizations": []},
}


@pytest.mark.parametrize("body", NOT_REMARKS.values(), ids=NOT_REMARKS)
def test_everything_else_is_no_remark(body: object) -> None:
    """What stands in no thread, is for the bot, or is by no person is not a remark, and no error."""
    assert read_remark(body) is None


def edit(subtype: str, **changes: Any) -> dict[str, Any]:
    """Return news of a message in a thread."""
    return event(type="message", subtype=subtype, hidden=True, user=None, text=None, **changes)


def test_edit_and_deletion_are_changes() -> None:
    """Both name the message that they are about, by the identity of the remark."""
    message = {"ts": "1700000000.000100", "thread_ts": THREAD, "text": "so &amp; so", "user": "U1"}
    edited = edit("message_changed", ts="1700000009.000100", message=message)
    deleted = edit("message_deleted", deleted_ts="1700000000.000100", previous_message=message)
    left = {"ts": "1700000000.000100", "subtype": "tombstone", "text": "This message was deleted.", "hidden": True}
    assert read_change(edited) == Change("T1:C1:1700000000.000100", "so & so")
    assert read_change(deleted) == Change("T1:C1:1700000000.000100", None)
    assert read_change(edit("message_changed", message=left)) == Change("T1:C1:1700000000.000100", None)


NOT_CHANGES = [
    *(body for name, body in NOT_QUESTIONS.items() if name != "9 delete"),
    said(),
    edit("message_changed", message={"ts": "1.1"}),
    edit("message_changed", message={"ts": "1.1", "text": "x", "bot_id": "B2"}),
    edit("message_changed", message={"ts": "now", "text": "x"}),
]


@pytest.mark.parametrize("body", NOT_CHANGES)
def test_everything_else_is_no_change(body: object) -> None:
    """What changes no message of a person is not a change, and no error."""
    assert read_change(body) is None


def test_command_is_a_question() -> None:
    """A slash command becomes a question that knows its private way back."""
    question = read_command(command(text=" how &amp; why? "))
    assert question is not None
    assert (question.identity, question.text) == ("T1:1.2.ab", "how & why?")
    assert question.reply_to == {"response_url": "https://hooks.slack.com/1", "asker_name": "ada"}


@pytest.mark.parametrize(
    "body",
    [{}, None, [], command(trigger_id=None), command(trigger_id="a b"), command(text=5), command(user_id="?")],
)
def test_malformed_command_is_no_question(body: object) -> None:
    """A command of another shape is not a question, and no error."""
    assert read_command(body) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "team_id",
                    "type",
                    "subtype",
                    "channel",
                    "user",
                    "ts",
                    "text",
                    "authorizations",
                    "message",
                    "previous_message",
                    "edited",
                    "blocks",
                    "elements",
                    "attachments",
                    "is_share",
                    "message_blocks",
                ]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_payload_makes_reading_fail(body: object) -> None:
    """Any JSON at all is read without an exception."""
    read_question(body)
    read_remark(body)
    read_change(body)
    read_command(body)
