"""What people send in Slack, in the shapes that it has there: which of it is a question, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from bot.slack.hearing import read_question, read_remark
from tests.slack_server.payloads import event_callback
from tests.slack_server.state import BOT_USER, TEAM

Json = dict[str, Any]

BOT = f"<@{BOT_USER}>"
TS = "1706785424.099119"


def mention(says: str | None, **changes: Any) -> Json:
    """Return the event of a message that Slack takes for a mention; a change to None takes a key out."""
    fields = {
        "type": "app_mention",
        "user": "U1",
        "ts": TS,
        "text": says,
        "team": TEAM,
        "channel": "C1",
        **changes,
    }
    return event_callback({key: value for key, value in fields.items() if value is not None})


def direct(says: str | None, **changes: Any) -> Json:
    """Return the event of a message to the bot."""
    return mention(says, **{"type": "message", "channel": "D1", "channel_type": "im", **changes})


def in_channel(says: str, **changes: Any) -> Json:
    """Return the event of a message in a channel that the app hears."""
    return mention(says, **{"type": "message", "channel_type": "channel", **changes})


def rich(*elements: Json, kind: str = "rich_text_section") -> list[Json]:
    """Return the blocks of a message that somebody typed."""
    return [{"type": "rich_text", "block_id": "b1", "elements": [{"type": kind, "elements": list(elements)}]}]


def text(words: str, **style: bool) -> Json:
    """Return a piece of such a message."""
    return {"type": "text", "text": words, **({"style": style} if style else {})}


US = {"type": "user", "user_id": BOT_USER}
SHARED = {
    "ts": "1706785000.000100",
    "is_share": True,
    "is_msg_unfurl": True,
    "channel_id": "C2",
    "author_id": "U2",
    "text": "How do I <https://shop.example/returns|return> an item?",
    "fallback": "[February 1st, 2024 3:00 AM] ada: How do I return an item?",
}
RETURN = "How do I return (https://shop.example/returns) an item?"
ONLY_BLOCKS_SHARED = {"is_share": True, "message_blocks": [{"message": {"blocks": rich(text("Where & when?"))}}]}
PREVIEW = {
    "is_msg_unfurl": True,
    "text": "Somebody else's words",
    "from_url": "https://local.slack.com/archives/C2",
}
LIST = [
    {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [US, text(" which is <cheaper>?")]},
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [
                    {"type": "rich_text_section", "elements": [text("red", bold=True)]},
                    {
                        "type": "rich_text_section",
                        "elements": [{"type": "link", "url": "https://shop.example/b", "text": "blue"}],
                    },
                ],
            },
            {"type": "rich_text_preformatted", "elements": [text("a = 1")]},
            {"type": "rich_text_quote", "elements": [{"type": "emoji", "name": "wave"}, text(" hi")]},
        ],
    }
]

QUESTIONS: dict[str, tuple[Json, str]] = {
    "emoji after the mention": (
        mention(f"{BOT} :package: where is my order :cry:?"),
        ":package: where is my order :cry:?",
    ),
    "emoji right after the mention": (mention(f"{BOT}:+1: works, but why?"), ":+1: works, but why?"),
    "colon and an emoji": (mention(f"{BOT}: :package: where?"), ":package: where?"),
    "colon and a note": (mention(f"{BOT}: note: where?"), "note: where?"),
    "forwarded": (mention(BOT, attachments=[SHARED]), RETURN),
    "forwarded with words": (mention(f"{BOT} please answer", attachments=[SHARED]), f"please answer\n{RETURN}"),
    "forwarded that mentions us": (mention(BOT, attachments=[SHARED | {"text": f"{BOT} how?"}]), "how?"),
    "forwarded in blocks": (direct("", attachments=[ONLY_BLOCKS_SHARED]), "Where & when?"),
    "preview of a link": (mention(f"{BOT} how?", attachments=[PREVIEW]), "how?"),
    "blocks without text": (
        mention("", blocks=LIST),
        "which is <cheaper>?\nred\nblue (https://shop.example/b)\n```\na = 1\n```\n> :wave: hi",
    ),
    "blocks and no text at all": (direct(None, blocks=rich(text("how?"))), "how?"),
    "section without text": (
        direct("", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "a"}}]),
        "a",
    ),
    "mention in a quote": (mention(f"&gt; {BOT} how?\nThis is mine, too."), "> how?\nThis is mine, too."),
    "mention and code": (
        mention(f"{BOT} what is `{BOT}`?", blocks=rich(US, text(" what is "), text(BOT, code=True), text("?"))),
        f"what is `@{BOT_USER}`?",
    ),
    "mention in code in a direct message": (direct(f"`{BOT} how?` fails"), f"`@{BOT_USER} how?` fails"),
    "me": (in_channel(f"wonders how {BOT} works", subtype="me_message"), "wonders how works"),
    "file and a mention": (
        in_channel(BOT, subtype="file_share", files=[{"id": "F1", "mimetype": "image/png"}]),
        "",
    ),
    "guest": (mention(f"{BOT} how?", user_profile={"is_restricted": True, "is_ultra_restricted": True}), "how?"),
    "app without a bot": (mention(f"{BOT} how?", app_id="A2"), "how?"),
    "edited at once": (mention(f"{BOT} how?", edited={"user": "U1", "ts": "1706785524.000000"}), "how?"),
}


@pytest.mark.parametrize(("body", "says"), QUESTIONS.values(), ids=QUESTIONS)
def test_question_says_what_a_person_reads(body: Json, says: str) -> None:
    """Whatever way somebody asks in, the question is the words that Slack shows for it."""
    question = read_question(body)
    assert question is not None
    assert (question.text, question.identity) == (says, f"{TEAM}:{body['event']['channel']}:{TS}")


IN_CODE = rich(text("Ask like this: "), text(f"{BOT} how do I return an item?", code=True))

NOBODY: dict[str, Json] = {
    "Slackbot": mention(f"Reminder: {BOT} check the queue.", user="USLACKBOT"),
    "Slackbot directly": direct("I can help by answering simple questions", user="USLACKBOT"),
    "an app with a person's token": mention(f"{BOT} how?", app_id="A2", bot_id="B2", bot_profile={"id": "B2"}),
    "a workflow": mention(f"{BOT} how?", subtype="bot_message", bot_id="B2", user=None),
    "a workflow without an id": mention(f"{BOT} how?", bot_profile={"name": "Workflow"}),
    "a webhook": in_channel(f"{BOT} how?", subtype="bot_message", bot_id="B2", user=None, username="hook"),
    "a mention in code": mention(f"Ask like this: `{BOT} how do I return an item?`", blocks=IN_CODE),
    "a mention in code without blocks": mention(f"Like this:\n```\n{BOT} how?\n```"),
    "a mention in code that somebody typed": in_channel("`&lt;@U0BOT&gt; how?`", blocks=IN_CODE),
    "a preview that mentions us": in_channel("look", attachments=[PREVIEW | {"text": f"{BOT} how?"}]),
    "a forwarded mention": in_channel("look", attachments=[SHARED | {"text": f"{BOT} how?"}]),
}


@pytest.mark.parametrize("body", NOBODY.values(), ids=NOBODY)
def test_nobody_asks(body: Json) -> None:
    """Bots are no people, and what only looks like a mention is none."""
    assert read_question(body) is None


@pytest.mark.parametrize("user", ["USLACKBOT", BOT_USER])
def test_nobody_answers_instead(user: str) -> None:
    """What Slackbot says in a thread is no answer of a person."""
    assert read_remark(in_channel("You said it", thread_ts="1706785000.000100")) is not None
    assert read_remark(in_channel("You said it", thread_ts="1706785000.000100", user=user)) is None


def test_shared_channel_belongs_to_the_installation() -> None:
    """Slack Connect: the workspace is the one that the event is delivered for, not that of the sender."""
    body = mention(f"{BOT} how?", user_team="T0PARTNER", source_team="T0PARTNER", team="T0PARTNER")
    body |= {"team_id": "T0PARTNER", "is_ext_shared_channel": True, "context_team_id": TEAM}
    question = read_question(body)
    assert question is not None
    assert (question.workspace, question.identity) == (TEAM, f"{TEAM}:C1:{TS}")


def edited(before: str, after: str, *, at: str = "1706785430.000000", **changes: Any) -> Json:
    """Return the event of an edit."""
    message = {"type": "message", "user": "U1", "ts": TS, "team": TEAM, **changes}
    now = message | {"text": after, "edited": {"user": "U1", "ts": at}}
    return event_callback(
        {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "channel": "C1",
            "channel_type": "channel",
            "ts": at,
            "message": now,
            "previous_message": message | {"text": before},
        }
    )


def test_mention_that_an_edit_adds_asks() -> None:
    """Who forgot to mention the bot and does so a moment later has asked then; the message keeps its name."""
    question = read_question(edited("how?", f"{BOT} how?"))
    assert question is not None
    assert (question.text, question.asker, question.identity) == ("how?", "U1", f"{TEAM}:C1:{TS}")


NO_ADDED_MENTIONS = {
    "it was there": edited(f"{BOT} hwo?", f"{BOT} how?"),
    "it is not there": edited("hwo?", "how?"),
    "it is code": edited("how?", f"`{BOT}` how?"),
    "too late": edited("how?", f"{BOT} how?", at="1706789999.000000"),
    "a bot": edited("how?", f"{BOT} how?", bot_id="B2"),
    "Slackbot": edited("how?", f"{BOT} how?", user="USLACKBOT"),
}


@pytest.mark.parametrize("body", NO_ADDED_MENTIONS.values(), ids=NO_ADDED_MENTIONS)
def test_other_edits_ask_nothing(body: Json) -> None:
    """An edit asks only if a person has added a mention by it, soon after."""
    assert read_question(body) is None
