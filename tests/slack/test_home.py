"""The Home tab and suggested prompts: what is shown to whom, and that nobody sees what is not theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.slack.home import ForAdmins, build_home, build_prompts, read_opened, read_started
from bot.slack.listeners.home import PAUSE_SECONDS, Turns
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.intake.history import Exchange
from supportbot.intake.questions import Grounds
from supportbot.statistics.asked import Asked
from supportbot.statistics.statistics import Statistics
from tests.grounds import approved, unsure, verified
from tests.slack.conftest import Bot, Core, connected
from tests.slack.test_views import NASTY
from tests.slack_server import ApiError, LocalSlack
from tests.slack_server.payloads import app_home_opened, assistant_thread_started
from tests.slack_server.state import TEAM
from tests.supportbot.knowledge.publishing import approve

ASKED = Exchange(
    question_id=1,
    platform="slack",
    asker="U1",
    question="How long?",
    state=QuestionState.DELIVERED,
    received_at=datetime(2026, 11, 30, tzinfo=UTC),
    answer_id=1,
    answer="Five **days**.",
    source=AnswerSource.APPROVED,
    model_version=None,
    sampling=None,
    confidence=None,
    latency_ms=1,
    prompt_tokens=None,
    answer_tokens=None,
    shortened=False,
    grounds=Grounds(),
    votes_up=0,
    votes_down=0,
    by_people=(),
)
OPEN = replace(ASKED, answer=None, answer_id=None, source=None, state=QuestionState.RECEIVED)
FIGURES = Statistics(
    days=7,
    questions=2,
    verified=1,
    small_talk=0,
    quoted=0,
    generated=0,
    not_sure=1,
    failed=0,
    open=0,
    refused=3,
    votes_up=1,
    votes_down=0,
    up_rate=(1.0, 0.2065, 1.0),
    median_seconds=0.4,
    p95_seconds=2.0,
    most_asked=(Asked(1, "How long does a refund take?", 1),),
)

_texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=20)), max_size=20).map("".join)


def shown(view: Any) -> list[str]:
    """Return the texts of a view's blocks."""
    return [block["text"]["text"] for block in view.to_dict()["blocks"] if "text" in block]


@pytest.mark.parametrize(
    ("exchange", "state", "answer"),
    [
        (ASKED, "✓ Verified", "Five days."),
        (replace(ASKED, source=AnswerSource.QUOTED), "From the handbook, not verified", "Five days."),
        (replace(ASKED, source=AnswerSource.GENERATED), "Generated, not verified", "Five days."),
        (replace(ASKED, source=AnswerSource.NOT_SURE, answer="Hm."), "I wasn't sure", "Hm."),
        (replace(ASKED, by_people=("Six.",)), "Someone on the team has answered", "Six."),
        (OPEN, "I'm thinking about it", None),
        (replace(OPEN, state=QuestionState.FAILED), "Not answered. Please ask again", None),
        (
            replace(OPEN, state=QuestionState.REFUSED),
            "Not answered: too many questions at once. Please ask again",
            None,
        ),
    ],
)
def test_question_shows_its_state_and_how_its_answer_begins(
    exchange: Exchange, state: str, answer: str | None
) -> None:
    """A question is quoted; below stands what became of it, and the answer without its Markdown."""
    *_, header, question = shown(build_home([exchange]))
    assert header == "Your recent questions"
    assert question.split("\n") == ["> How long?", f"_{state}_", *([answer] if answer else [])]


def test_only_admins_see_figures_and_what_is_missing() -> None:
    """The last part is the figures, what is asked most, and what the app lacks; it says who sees it."""
    assert "Overview" not in str(shown(build_home([ASKED])))
    texts = shown(build_home([], ForAdmins(FIGURES, "The app lacks scopes: chat:write.")))
    assert texts[2:] == [
        "Overview",
        (
            "2 questions in the last 7 days: 1 verified, 1 not sure.\n"
            "3 more questions were refused: too many at once.\n"
            "👍 1 of 1 vote: 100% (95% interval: 21% to 100%).\n"
            "Half of the answers arrived within 0.4 s, 95% within 2.0 s."
        ),
        "*Most asked verified questions*\n• How long does a refund take? (1)",
        "⚠️ The app lacks scopes: chat:write.",
        "_Only admins of this workspace see this section._",
    ]


@given(text=_texts)
def test_no_text_pings_or_hides_a_link(text: str) -> None:
    """Whatever was asked and answered, nothing in the view is markup, and all keeps Slack's limits."""
    figures = replace(FIGURES, most_asked=(Asked(1, text, 1),) * 5)
    exchange = replace(ASKED, question=text, answer=text)
    view = build_home([exchange, replace(exchange, by_people=(text,))] * 2, ForAdmins(figures, text)).to_dict()
    for block in view["blocks"]:
        if block["type"] == "section":
            assert block["text"]["verbatim"] is True
            assert 0 < len(block["text"]["text"]) <= 3_000
            assert "<" not in block["text"]["text"]


@given(questions=st.lists(_texts, max_size=9))
def test_prompts_keep_slacks_limits(questions: list[str]) -> None:
    """At most four prompts, none empty, no title too long, and nothing that Slack might read as a mention."""
    prompts = build_prompts(questions)
    assert len(prompts) <= 4
    for prompt in prompts:
        assert 0 < len(prompt["title"]) <= 75
        assert prompt["message"].startswith(prompt["title"].removesuffix("…"))
        assert not set(prompt["message"]) & set("<>\u202e\x00\n")


ODD: list[object] = [
    None,
    {},
    {"event": []},
    {"team_id": TEAM, "event": {"type": "app_home_opened", "user": "U1", "channel": "D1"}},
    {"team_id": TEAM, "event": {"type": "app_home_opened", "user": "<U1>", "channel": "D1", "tab": "home"}},
    {"team_id": TEAM, "event": {"type": "assistant_thread_started", "assistant_thread": {"user_id": "U1"}}},
    {
        "team_id": TEAM,
        "event": {
            "type": "assistant_thread_started",
            "assistant_thread": {"user_id": "U1", "channel_id": "D1", "thread_ts": "now"},
        },
    },
]


@pytest.mark.parametrize("body", ODD)
def test_odd_payloads_tell_nothing(body: object) -> None:
    """What is not shaped as Slack's events is nothing."""
    assert read_opened(body) is None
    assert read_started(body) is None


def test_turns_come_again_after_a_pause() -> None:
    """A person's turn comes again after the pause, another's at once."""
    clock = [100.0]
    turns = Turns(lambda: clock[0])
    assert [turns.take("U1", "home"), turns.take("U1", "home"), turns.take("U2", "home")] == [True, False, True]
    clock[0] += PAUSE_SECONDS
    assert turns.take("U1", "home")


async def test_home_shows_ones_own_questions(slack: LocalSlack, bot: Bot) -> None:
    """Whoever opens the Home tab sees their own questions with what became of them, and no figures."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "How long does a refund take?"))
    await bot.answer(reply=approved(verified(), answer="Five days."))
    await slack.wait_for_ack(await slack.dm("U1", "And the shipping?"))
    await slack.wait_for_ack(await slack.mention("C1", "U2", "A secret of somebody else"))
    await bot.answer(reply=unsure())
    await slack.open_tab("U1", copies=3)
    home = await slack.wait_for_home("U1")
    assert home.index("> And the shipping?\n_I wasn't sure_") < home.index(
        "> How long does a refund take?\n_✓ Verified_\nFive days."
    )
    assert "secret" not in home
    assert "Overview" not in home
    await slack.wait_for_acks()
    await slack.open_tab("U3")
    assert "Your recent questions" not in await slack.wait_for_home("U3")
    assert len(slack.calls("views.publish")) == 2  # of U1's three, one in some seconds


async def test_admins_see_the_figures_of_the_week(slack: LocalSlack, core: Core) -> None:
    """An admin of the workspace sees its figures, and which scopes the app lacks."""
    slack.make_admin("U1")
    slack.grant("app_mentions:read")
    async with connected(slack, core.service):
        await slack.wait_for_ack(await slack.mention("C1", "U2", "How long?"))
        await core.answer_all(reply=approved(verified(), answer="Five days."))
        await slack.open_tab("U1")
        home = await slack.wait_for_home("U1")
    assert "1 question in the last 7 days: 1 verified." in home
    assert "The app lacks scopes: assistant:write, channels:history" in home
    assert "How long?" not in home
    assert len(slack.calls("users.info")) == 1


async def test_who_is_an_admin_is_unknown_without_the_scope(slack: LocalSlack, bot: Bot) -> None:
    """Where Slack does not say who administers, everybody sees the Home tab of a member, and the log says why."""
    slack.make_admin("U1")
    slack.misbehave("users.info", ApiError("missing_scope", "users:read"), times=9)
    with capture_logs() as lines:
        await slack.open_tab("U1")
        assert "Overview" not in await slack.wait_for_home("U1")
    assert [line["needed"] for line in lines if line["event"] == "slack.scope_missing"] == ["users:read"]


async def test_prompts_are_verified_questions(slack: LocalSlack, bot: Bot) -> None:
    """The Messages tab of the agent view gets prompts of no thread, the older assistant those of its thread."""
    await approve(bot.core.database, {"Five days.": ["How long does a refund take?"], "No.": ["Do you ship?"]})
    await slack.open_tab("U1", "messages")
    started = await slack.open_assistant("U2")
    await slack.wait_until(lambda: len(slack.prompts) == 2)
    by_channel = {one["channel_id"]: one for one in slack.prompts}
    assert "thread_ts" not in by_channel["DU1"]
    assert by_channel["DU2"]["thread_ts"] == started.ts
    for one in slack.prompts:
        assert {prompt["message"] for prompt in one["prompts"]} == {
            "How long does a refund take?",
            "Do you ship?",
        }
    assert not slack.calls("views.publish")


async def test_nothing_is_suggested_where_nothing_is_known(slack: LocalSlack, bot: Bot) -> None:
    """Without verified questions no prompts are set, and what cannot be shown is acknowledged all the same."""
    slack.misbehave("views.publish", ApiError("internal_error"))
    await slack.open_tab("U1", "messages")
    await slack.open_tab("U1")
    await slack.wait_until(lambda: slack.calls("views.publish"))
    await slack.open_tab("U2")
    await slack.wait_for_home("U2")
    await slack.wait_for_acks()
    assert not slack.prompts
    event = app_home_opened("U1", "about")
    await slack.wait_for_ack(await slack.deliver(event))
    assert read_started(assistant_thread_started("U1", "1.0")) is not None
