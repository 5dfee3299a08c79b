"""Many workspaces on one daemon: each with its own token, and nothing of one reaches another."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from bot.slack.listeners.installation import read_ended, read_time
from bot.slack.origin import named_teams
from bot.slack.workspaces import InstalledWorkspaces
from supportbot.db import audit
from supportbot.db.models import Outbox, SlackBot
from supportbot.db.states import OutboxState, QuestionState
from supportbot.installations import remove
from tests.slack.conftest import Core
from tests.slack.many import ManyBot, install, many_settings, serving
from tests.slack_server import ApiError, LocalSlack
from tests.slack_server.payloads import app_home_opened, app_uninstalled, tokens_revoked
from tests.slack_server.state import OTHER_TEAM, TEAM
from tests.waiting import until

ANSWER = "Press the reset button."
DAY = 24 * 3600


@pytest.fixture
async def many(slack: LocalSlack, core: Core) -> AsyncIterator[ManyBot]:
    """The app, installed in two workspaces, in Socket Mode; C2 and U2's direct messages are in the second."""
    slack.tokens.expires_in = DAY
    slack.channel("C2", OTHER_TEAM)
    slack.channel("DU2", OTHER_TEAM)
    async with serving(slack, core, many_settings(slack)) as bot:
        core.streams.add(bot.adapter.stage)
        for team in (TEAM, OTHER_TEAM):
            await install(slack, bot.url, team)
        yield bot


async def answer(bot: ManyBot, text: str = ANSWER) -> None:
    """Answer what waits, and deliver it."""
    await bot.core.answer_all(text)
    await bot.dispatcher.deliver_due()


def callers(slack: LocalSlack, method: str) -> list[str | None]:
    """Return with whose tokens a method was called."""
    return [call.team for call in slack.calls(method)]


async def failures(bot: ManyBot) -> list[str | None]:
    """Return why replies were given up."""
    async with bot.core.database.read() as session:
        return list(await session.scalars(select(Outbox.last_error).where(Outbox.state == OutboxState.FAILED)))


def time_passes(bot: ManyBot) -> None:
    """Let what is known of workspaces be old enough to be looked up again."""
    workspaces = bot.adapter._workspaces
    assert isinstance(workspaces, InstalledWorkspaces)
    for known in workspaces._known.values():
        known.looked_at, known.renew_from = -math.inf, 0.0


async def rename(core: Core, table: str, name: str) -> None:
    """Let a table be missing, or be there again."""
    async with core.database.write() as session:
        await session.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))


async def test_each_workspace_is_answered_with_its_own_token(slack: LocalSlack, many: ManyBot) -> None:
    """Mentions, commands, direct messages, tabs and clicks of both, and what is shown for them, keep apart."""
    asked = {}
    for channel, user in (("C1", "U1"), ("C2", "U2")):
        asked[channel] = await slack.wait_for_ack(await slack.mention(channel, user, "how?"))
        await slack.slash(channel, user, "and how?")
    await slack.dm("U2", "how here?")
    await slack.open_tab("U2")
    await slack.wait_for_acks()
    await answer(many)
    for channel, team in (("C1", TEAM), ("C2", OTHER_TEAM)):
        shown = await slack.wait_for_message(channel=channel, thread_ts=asked[channel].ts)
        assert (shown.team, shown.user) == (team, "U0BOT" if team == TEAM else "U0BOT2")
    assert {message.channel: message.team for message in slack.replies} == {
        "C1": TEAM,
        "C2": OTHER_TEAM,
        "DU2": OTHER_TEAM,
    }
    assert await slack.wait_for_home("U2")
    assert set(callers(slack, "views.publish")) == {OTHER_TEAM}
    thumb = await slack.wait_for_message(channel="C2")
    await slack.wait_for_ack(await slack.click(thumb, "U2", positive=False))
    modal = await slack.wait_for_modal("U2")
    assert (modal.team, set(callers(slack, "views.open"))) == (OTHER_TEAM, {OTHER_TEAM})


async def test_workspace_of_an_answer_alone_votes_on_it(slack: LocalSlack, many: ManyBot) -> None:
    """A click that carries another workspace's answer counts nothing, in either direction."""
    for channel, user in (("C1", "U1"), ("C2", "U2")):
        await slack.wait_for_ack(await slack.mention(channel, user, "how?"))
    await answer(many)
    ours, theirs = await slack.wait_for_message(channel="C1"), await slack.wait_for_message(channel="C2")
    theirs.blocks, kept = ours.blocks, theirs.blocks
    await slack.wait_for_ack(await slack.click(theirs, "U2", positive=True))
    await slack.wait_for_ephemeral(user="U2", containing="no longer in the log")
    theirs.blocks = kept
    await slack.wait_for_ack(await slack.click(theirs, "U2", positive=True))
    votes = [(one.asker, one.votes_up) for one in await many.core.questions()]
    assert votes == [("U1", 0), ("U2", 1)]


async def test_removed_app_is_gone_at_once(slack: LocalSlack, many: ManyBot) -> None:
    """What waits for that workspace is given up with one reason, it is audited, and the other one goes on."""
    for channel, user in (("C1", "U1"), ("C2", "U2")):
        await slack.wait_for_ack(await slack.mention(channel, user, "how?"))
    await many.core.answer_all(ANSWER)
    await slack.uninstall(OTHER_TEAM)
    await slack.wait_for_acks()
    tried = len(slack.calls("chat.postMessage"))
    await many.dispatcher.deliver_due()
    assert [message.team for message in slack.replies] == [TEAM]
    assert callers(slack, "chat.postMessage")[tried:] == [TEAM]
    assert await failures(many) == ["The app is no longer installed in the workspace."]
    [deed, *_] = await audit.recent(many.core.database, 5)
    assert (deed.actor, deed.subject) == ("slack", f"workspace:slack:{OTHER_TEAM}")
    assert deed.action in ("workspace.revoke", "workspace.uninstall")
    with capture_logs() as lines:
        await slack.wait_for_ack(await slack.mention("C2", "U2", "anybody there?"))
    assert [line["reason"] for line in lines if line["event"] == "slack.payload_refused"] == [
        "the app is not installed there"
    ]
    assert len(await many.core.questions()) == 2


@pytest.mark.parametrize("code", ["account_inactive", "token_revoked"])
async def test_missed_end_is_noticed_when_something_is_sent(slack: LocalSlack, many: ManyBot, code: str) -> None:
    """Slack told of it while nobody listened: the first refusal for good ends the installation."""
    await slack.wait_for_ack(await slack.mention("C2", "U2", "how?"))
    slack.tokens.end(OTHER_TEAM, code)
    await answer(many)
    assert await failures(many) == ["The app is no longer installed in the workspace."]
    [deed, *_] = await audit.recent(many.core.database, 5)
    assert deed.action == f"workspace.{code}"


async def test_paused_workspace_holds_nobody_up(slack: LocalSlack, many: ManyBot) -> None:
    """A refusal that may pass keeps the reply, and the other workspace has its own at once."""
    for channel, user in (("C2", "U2"), ("C1", "U1")):
        await slack.wait_for_ack(await slack.mention(channel, user, "how?"))
    slack.misbehave("chat.postMessage", ApiError("team_added_to_org"))
    await many.core.answer_all(ANSWER)
    await many.dispatcher.deliver_due()
    assert len(slack.replies) == 1
    states = {one.state for one in await many.core.questions()}
    assert states == {QuestionState.DELIVERED, QuestionState.ANSWERED}


async def test_operator_removes_a_workspace_beside_the_daemon(slack: LocalSlack, many: ManyBot) -> None:
    """What the command line does is obeyed as soon as the workspace is looked up again."""
    await slack.wait_for_ack(await slack.mention("C2", "U2", "how?"))
    assert await remove(many.core.database, OTHER_TEAM, "Ada L")
    assert not await remove(many.core.database, OTHER_TEAM, "Ada L")
    time_passes(many)
    await answer(many)
    assert await failures(many) == ["The app is no longer installed in the workspace."]
    assert slack.replies == []


async def test_app_that_was_installed_again_answers_again(slack: LocalSlack, many: ManyBot) -> None:
    """Also if Slack tells of the removal only afterwards."""
    told = app_uninstalled(OTHER_TEAM) | {"event_time": int(datetime.now(UTC).timestamp()) - 60}
    slack.tokens.end(OTHER_TEAM, "token_revoked")
    await install(slack, many.url, OTHER_TEAM)
    await slack.wait_for_ack(await slack.deliver(told))
    await slack.wait_for_ack(await slack.mention("C2", "U2", "how?"))
    await answer(many)
    assert (await slack.wait_for_message(channel="C2")).team == OTHER_TEAM


async def test_token_is_renewed_before_it_ends(slack: LocalSlack, many: ManyBot) -> None:
    """The new one is kept and used; one that can't be renewed is used while it lasts."""

    async def soon() -> str | None:
        ends = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=30)
        async with many.core.database.write() as session:
            await session.execute(
                update(SlackBot).where(SlackBot.team_id == TEAM).values(bot_token_expires_at=ends)
            )
            token = await session.scalar(select(SlackBot.bot_token).where(SlackBot.team_id == TEAM))
        time_passes(many)
        return token

    old = await soon()
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
    await answer(many)
    used = slack.calls("chat.postMessage")[-1].token
    assert used != old
    slack.misbehave("oauth.v2.access", ApiError("invalid_refresh_token"), times=100)
    assert await soon() == used
    await slack.wait_for_ack(await slack.mention("C1", "U1", "and how?"))
    await answer(many)
    assert slack.calls("chat.postMessage")[-1].token == used


async def test_what_was_missed_is_read_back_in_each(slack: LocalSlack, core: Core) -> None:
    """After a start, questions that were asked in the meantime are found in every workspace."""
    slack.channel("C2", OTHER_TEAM)
    settings = many_settings(slack)
    async with serving(slack, core, settings) as bot:
        for team in (TEAM, OTHER_TEAM):
            await install(slack, bot.url, team)
    slack.say_unheard("C1", "U1", "<@U0BOT> in the first?")
    slack.say_unheard("C2", "U2", "<@U0BOT2> in the second?")
    async with serving(slack, core, settings):
        await slack.wait_until(lambda: len(slack.calls("assistant.threads.setStatus")) == 2 or None)
    assert {one.question for one in await core.questions()} == {"in the first?", "in the second?"}


async def test_events_over_http_find_their_workspace(slack: LocalSlack, core: Core) -> None:
    """With signed requests in the place of Socket Mode it is the same."""
    slack.channel("C2", OTHER_TEAM)
    async with serving(slack, core, many_settings(slack, http=True)) as bot:
        await until(lambda: bot.adapter.is_connected)
        for team in (TEAM, OTHER_TEAM):
            await install(slack, bot.url, team)
        await slack.wait_for_ack(await slack.mention("C2", "U2", "how?"))
        await answer(bot)
        assert (await slack.wait_for_message(channel="C2")).team == OTHER_TEAM


async def test_payload_waits_while_the_database_does_not_answer(slack: LocalSlack, many: ManyBot) -> None:
    """A workspace that can't be looked up is not taken for one without the app: Slack delivers again."""
    workspaces = many.adapter._workspaces
    assert isinstance(workspaces, InstalledWorkspaces)
    async with workspaces._locks[OTHER_TEAM]:  # nobody looks it up at this moment
        await rename(many.core, "slack_bot", "elsewhere")
        workspaces._known.clear()
    asked = await slack.mention("C2", "U2", "how?")
    await slack.wait_until(lambda: asked.attempts > 1 or None)
    assert not asked.acked
    await rename(many.core, "elsewhere", "slack_bot")
    await slack.wait_for_ack(asked)
    assert len(await many.core.questions()) == 1


SHARED: dict[str, Any] = {
    "type": "event_callback",
    "team_id": "T0PARTNER",
    "context_team_id": TEAM,
    "authorizations": [{"team_id": OTHER_TEAM}, {"team_id": None}, 5],
}


def test_named_workspaces() -> None:
    """For whom an event is delivered comes before where it happened; odd payloads name nobody."""
    assert named_teams(SHARED) == [OTHER_TEAM, TEAM, "T0PARTNER"]
    assert named_teams({"team_id": TEAM, "command": "/ask"}) == [TEAM]
    assert named_teams({"type": "block_actions", "team": {"id": TEAM}, "user": {"team_id": "T0PARTNER"}}) == [TEAM]
    odd_ones: tuple[object, ...] = (None, [], {}, {"team_id": 5}, {"type": "event_callback", "authorizations": 7})
    for odd in odd_ones:
        assert named_teams(odd) == []


def test_people_s_own_tokens_end_nothing() -> None:
    """Only the bot's token, and the app itself, end an installation."""
    assert read_ended(tokens_revoked(TEAM, people=("U1",))) is None
    assert read_ended(tokens_revoked(TEAM, bots=("U0BOT",), people=("U1",))) == TEAM
    assert read_ended(app_uninstalled(TEAM)) == TEAM
    assert read_ended(app_home_opened("U1", "home")) is None
    assert read_time({"event_time": 10**12}) is None
