"""The blocks that the bot shows, built without a network."""

from __future__ import annotations

import random

import pytest

from bot.dialects.slack_blocks import build_parts
from bot.slack.feedback import FEEDBACK_ACTION, build_feedback, read_click
from bot.slack.views import (
    build_asked,
    build_preview,
    build_thanks,
    build_usage,
    to_dicts,
)
from supportbot.feedback.votes import Vote, VoteOutcome
from tests.slack.blocks import build_answer

NASTY = (
    "<!channel>",
    "<!here>",
    "<!everyone>",
    "<@U1>",
    "<#C1>",
    "<!subteam^S1>",
    "@everyone",
    "<http://evil|bank>",
    "[bank](http://evil)",
    "&lt;!channel&gt;",
    "\u202e",
    "\x00",
    "a" * 4000,
    "\n",
    " ",
    "&",
    "word",
)


def _texts(blocks: list[dict[str, object]]) -> list[str]:
    return [str(block["text"]["text"]) for block in blocks if isinstance(block.get("text"), dict)]  # type: ignore[index]


def test_answer_is_verbatim_text_with_thumbs() -> None:
    """An answer is one section that Slack shows as it is, and Slack's own feedback buttons."""
    section, actions = to_dicts(build_answer("Press reset_now & wait", answer_id=7))
    assert section["text"] == {"type": "mrkdwn", "text": "Press reset_now &amp; wait", "verbatim": True}
    element = actions["elements"][0]  # type: ignore[index]
    assert (element["type"], element["action_id"]) == ("feedback_buttons", FEEDBACK_ACTION)
    assert element["positive_button"]["value"] == "7:up"
    assert element["negative_button"]["value"] == "7:down"


def test_answer_without_an_id_has_no_thumbs() -> None:
    """What can't be voted on shows no thumbs."""
    assert [block["type"] for block in to_dicts(build_answer("Sorry.", answer_id=None))] == ["section"]


@pytest.mark.parametrize("text", ["", "   ", "\u202e", "\x00\n"])
def test_an_empty_answer_still_shows_something(text: str) -> None:
    """Slack refuses empty sections, so an empty answer becomes an ellipsis."""
    assert _texts(to_dicts(build_answer(text, answer_id=None))) == ["…"]
    assert build_preview(text) == "…"


def test_no_output_pings_or_hides_an_address() -> None:
    """Of 1,000 random outputs made of the nastiest pieces, none holds markup of Slack's; see test_formatting."""
    rng = random.Random(13)
    for _ in range(1_000):
        text = " ".join(rng.choices(NASTY, k=rng.randint(1, 4)))
        blocks = to_dicts([build_asked(text, text[:50]), *build_parts(text)[0].blocks])
        shown = [*_texts(blocks), build_preview(text)]
        assert not any("<" in each for each in shown)
        assert all(block["text"]["verbatim"] for block in blocks if "text" in block)  # type: ignore[index]


def test_asked_quotes_the_question_and_names_the_asker() -> None:
    """Above the answer to a command stands who asked what, without a mention."""
    (block,) = to_dicts([build_asked("how do\nI <reset>?", "ada")])
    assert _texts([block]) == ["*ada* asked:\n> how do I &lt;reset&gt;?"]


def test_asked_shortens_a_long_question() -> None:
    """A long question is quoted in part."""
    (text,) = _texts(to_dicts([build_asked("why " * 1000, "")]))
    assert text.startswith("Someone asked:\n> why")
    assert len(text) < 350


def test_usage_names_the_command() -> None:
    """Whoever types the command alone is shown how to use it."""
    assert "`/ask how do I" in build_usage("/ask")


@pytest.mark.parametrize(
    ("previous", "word"), [(None, "was recorded"), (Vote.DOWN, "changed"), (Vote.UP, "already")]
)
def test_thanks_say_what_the_vote_did(previous: Vote | None, word: str) -> None:
    """A first vote, a changed one and a repeated one are thanked for differently."""
    assert word in build_thanks(VoteOutcome(Vote.UP, previous))


def _click(value: object, user: object = "U1", action: object = FEEDBACK_ACTION) -> dict[str, object]:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": user},
        "message": {"thread_ts": "1.2"},
        "actions": [{"action_id": action, "value": value}],
    }


def test_click_is_read_back_from_the_button() -> None:
    """What a button carries comes back as the vote that it stands for."""
    button = to_dicts([build_feedback(12)])[0]["elements"][0]["negative_button"]  # type: ignore[index]
    click = read_click(_click(button["value"]))
    assert click is not None
    assert (click.answer_id, click.vote, click.voter, click.thread_ts) == (12, Vote.DOWN, "slack:T1:U1", "1.2")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": None},
        {"actions": []},
        {"user": None, "actions": [{}]},
        _click(5),
        _click(""),
        _click("12"),
        _click("12:sideways"),
        _click("-1:up"),
        _click("9999999999999999999:up"),
        _click("١:up"),
        _click("12:up", user=5),
        _click("12:up", user="u 1"),
        _click("12:up", action="other"),
    ],
)
def test_malformed_click_is_no_vote(body: dict[str, object]) -> None:
    """A click of any other shape is not a vote, and no error."""
    assert read_click(body) is None
