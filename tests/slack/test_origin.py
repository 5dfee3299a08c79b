"""What is not for us: payloads of other workspaces and apps, and ways back that lead elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.slack.app import SlackAdapter
from bot.slack.identity import Bot as Us
from bot.slack.identity import Identity
from bot.slack.origin import leads_to_slack, refusal
from bot.slack.workspaces import OneWorkspace
from supportbot.db.models import Workspace
from tests.slack.conftest import Bot, HttpBot
from tests.slack.test_votes import answered, votes
from tests.slack_server import HttpAnswer, LocalSlack
from tests.slack_server.payloads import app_mention, feedback_click, slash_command
from tests.slack_server.records import Message
from tests.slack_server.state import APP, TEAM

Json = dict[str, Any]

US = Us(user_id="U0BOT", bot_id="B0BOT", team=TEAM, workspace="Local")
API = "https://slack.com/api/"


def identity_of(adapter: SlackAdapter) -> Identity:
    """Return who an adapter for one workspace is there."""
    assert isinstance(adapter._workspaces, OneWorkspace)
    return adapter._workspaces.workspace.identity


def mention(**changes: object) -> Json:
    """Return the event of a mention, changed."""
    return {**app_mention(Message(channel="C1", ts="1700000000.0001", user="U1", text="<@U0BOT> how?")), **changes}


def command(**changes: object) -> Json:
    """Return a slash command, changed."""
    typed = slash_command("/ask", "how?", channel="C1", user="U1", response_url="", trigger_id="1.2.ab")
    return {**typed, "response_url": "https://hooks.slack.com/commands/1", **changes}


def installed_elsewhere() -> list[Json]:
    """Return what Slack says of an event that another workspace's installation is told of."""
    return [{"team_id": "T0OTHER", "user_id": "U0OTHER", "is_bot": True}]


def org_wide(**changes: object) -> Json:
    """Return an event that an installation in a whole organisation is told of, changed."""
    authorization = {"enterprise_id": "E1", "team_id": None, "user_id": "U0BOT", "is_enterprise_install": True}
    return mention(team_id=None, enterprise_id="E1", authorizations=[authorization], **changes)


@pytest.mark.parametrize("team", [None, "T0SECOND"])
def test_organisation_is_one_workspace(team: str | None) -> None:
    """An app that is installed in a whole organisation hears all of its workspaces, and no other organisation."""
    ours = replace(US, enterprise="E1")
    assert refusal(org_wide() | {"team_id": team}, ours, APP, API) is None
    assert refusal(command(team_id=team, enterprise_id="E1", is_enterprise_install="true"), ours, APP, API) is None
    assert refusal(org_wide() | {"team_id": team}, US, APP, API) == "of another workspace"
    assert (
        refusal(org_wide() | {"team_id": team}, replace(US, enterprise="E2"), APP, API) == "of another workspace"
    )


async def test_question_without_a_workspace_is_kept_under_ours(slack: LocalSlack, bot: Bot) -> None:
    """Where an event names only the organisation, the workspace is the one that Slack names at the start."""
    identity_of(bot.adapter)._bot = replace(US, enterprise="E1")
    await slack.wait_for_ack(await slack.deliver(org_wide()))
    async with bot.core.database.read() as session:
        assert list(await session.scalars(select(Workspace.external_id))) == [TEAM]


async def test_click_in_an_organisation_votes(slack: LocalSlack, bot: Bot) -> None:
    """A click that names the organisation, and a workspace of it or none, counts."""
    message = await answered(slack, bot)
    identity_of(bot.adapter)._bot = replace(US, enterprise="E1")
    click = feedback_click(
        message, "U2", positive=True, response_url=f"{slack.url}/response/x", trigger_id="1.2.a"
    )
    click |= {"team": None, "enterprise": {"id": "E1"}, "is_enterprise_install": True}
    click["user"]["team_id"] = "T0SECOND"
    await slack.wait_for_ack(await slack.deliver(click))
    assert await votes(bot.core) == (1, 0)


REFUSED: dict[str, Callable[[], Json]] = {
    "event of another workspace": lambda: mention(team_id="T0OTHER"),
    "event of a channel that others share": lambda: mention(
        team_id="T0OTHER", is_ext_shared_channel=True, authorizations=installed_elsewhere()
    ),
    "event of another app": lambda: mention(api_app_id="A0OTHER"),
    "team that is no text": lambda: mention(team_id=5),
    "command of another workspace": lambda: command(team_id="T0OTHER"),
    "command of another app": lambda: command(api_app_id="A0OTHER"),
    "command that leads elsewhere": lambda: command(response_url="https://evil.example/commands/1"),
    "command that leads nowhere": lambda: command(response_url=None),
}


@pytest.mark.parametrize("build", REFUSED.values(), ids=REFUSED)
async def test_what_is_not_for_us_does_nothing(slack: LocalSlack, bot: Bot, build: Callable[[], Json]) -> None:
    """It is acknowledged, so that it does not come again, logged in one line without a text, and asks nothing."""
    with capture_logs() as lines:
        sent = await slack.wait_for_ack(await slack.deliver(build()))
    assert sent.attempts == 1
    assert await bot.core.questions() == []
    (line,) = [line for line in lines if line["log_level"] == "warning"]
    assert line["event"] == "slack.payload_refused"
    assert "how?" not in json.dumps(lines)


async def test_forged_click_does_not_vote(slack: LocalSlack, bot: Bot) -> None:
    """A vote counts only from our own workspace and app, and with Slack's own way to thank for it."""
    message = await answered(slack, bot)
    click = feedback_click(
        message, "U2", positive=False, response_url=f"{slack.url}/response/x", trigger_id="1.2.a"
    )
    for change in (
        {"team": {"id": "T0OTHER"}},
        {"api_app_id": "A0OTHER"},
        {"response_url": "http://169.254.169.254/latest/meta-data"},
    ):
        await slack.wait_for_ack(await slack.deliver({**click, **change}))
    assert await votes(bot.core) == (0, 0)


async def test_shared_channel_is_answered_for_everybody(slack: LocalSlack, bot: Bot) -> None:
    """Slack Connect: who asks in a channel that our workspace shares is answered, wherever they are from."""
    event = mention(team_id="T0PARTNER", is_ext_shared_channel=True, context_team_id=TEAM)
    event["event"] |= {"team": "T0PARTNER", "user_team": "T0PARTNER", "source_team": "T0PARTNER"}
    slack.messages.append(Message(channel="C1", ts="1700000000.0001", user="U1", text="how?"))
    await slack.wait_for_ack(await slack.deliver(event))
    (answer_id,) = await bot.answer()
    message = await slack.wait_for_message(thread_ts="1700000000.0001")
    click = feedback_click(
        message, "U9", positive=True, response_url=f"{slack.url}/response/x", trigger_id="1.2.a"
    )
    click["user"]["team_id"] = "T0PARTNER"
    await slack.wait_for_ack(await slack.deliver(click))
    assert answer_id
    assert await votes(bot.core) == (1, 0)


@pytest.mark.parametrize("field", ["authorizations", "context_team_id"])
def test_either_word_for_whom_it_is_delivered_will_do(field: str) -> None:
    """An event of a shared channel names us among its authorizations, or as the workspace it comes through."""
    event = mention(team_id="T0PARTNER", is_ext_shared_channel=True)
    if field == "context_team_id":
        event |= {"context_team_id": TEAM, "authorizations": installed_elsewhere()}
    assert refusal(event, US, APP, API) is None


def test_app_that_is_not_known_yet_is_not_refused() -> None:
    """Over HTTP the app is known from its first message on; until then the signature has to do."""
    assert refusal(mention(api_app_id="A0OTHER"), US, None, API) is None


async def test_over_http_the_app_is_known_from_its_first_message(slack: LocalSlack, http_bot: HttpBot) -> None:
    """Slack names the app with each message that it posts, and from then on others are refused."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await http_bot.core.answer_all()
    await http_bot.dispatcher.deliver_due()
    await slack.wait_for_ack(await slack.deliver(mention(api_app_id="A0OTHER")))
    assert len(await http_bot.core.questions()) == 1


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://hooks.slack.com/commands/T1/1/x", True),
        ("https://hooks.slack.com:443/actions/T1/1/x", True),
        ("https://hooks.slack-gov.com/commands/T1/1/x", True),
        ("http://127.0.0.1:4000/response/x", True),  # where SLACK_API_URL leads here
        ("http://127.0.0.1:5432/", False),
        ("http://hooks.slack.com/commands/1", False),
        ("https://hooks.slack.com.evil.example/", False),
        ("https://hooks.slack.com@evil.example/", False),
        ("https://evil.example/?hooks.slack.com", False),
        ("https://hooks.slack.com:99999/", False),
        ("file:///etc/passwd", False),
        ("", False),
        (None, False),
        ([], False),
    ],
)
def test_only_slacks_own_addresses_are_answered_at(url: object, leads: bool) -> None:
    """A way back leads to Slack, or to where its Web API is set to be."""
    assert leads_to_slack(url, "http://127.0.0.1:4000/api/") is leads


async def test_replayed_thumb_does_not_replace_a_newer_one(slack: LocalSlack, bot: Bot) -> None:
    """The vote that was clicked last counts, whatever is delivered last."""
    message = await answered(slack, bot)
    old = await slack.click(message, "U2", positive=False)
    await slack.wait_for_ack(old)
    await slack.wait_for_ack(await slack.click(message, "U2", positive=True))
    modals = len(slack.calls("views.open"))
    await slack.wait_for_ack(await slack.deliver(old.payload))
    await slack.wait_for_ephemeral(user="U2", containing="already")
    assert await votes(bot.core) == (1, 0)
    assert len(slack.calls("views.open")) == modals


async def test_nothing_is_lost_before_slack_says_who_we_are(slack: LocalSlack, http_bot: HttpBot) -> None:
    """While Slack does not tell our workspace, a question is not acknowledged, and comes again."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    identity_of(http_bot.adapter)._bot = None  # as before Slack has told it
    slack.misbehave("auth.test", HttpAnswer(500), times=1_000)  # what reads back the channels asks it as well
    asked = await slack.mention("C1", "U1", "and then?")
    await slack.wait_until(lambda: asked.statuses or None)
    slack.behave()
    await slack.wait_for_ack(asked)
    assert {*asked.statuses[:-1]} == {503}
    assert asked.statuses[-1] == 200
    assert [question.question for question in await http_bot.core.questions()] == ["how?", "and then?"]
