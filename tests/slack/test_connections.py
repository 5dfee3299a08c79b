"""Socket Mode that ends, is refused, or falls silent, and comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.slack.app import open_slack
from bot.slack.patience import Patience
from supportbot.errors import ConfigError
from tests.network.names import HOST, Names
from tests.outage import hang
from tests.slack.conftest import IMPATIENT, Bot, Core, connected, running, slack_settings
from tests.slack_server import ApiError, Fault, HttpAnswer, LocalSlack, RateLimited, Reset
from tests.slack_server.state import BOT_USER
from tests.waiting import until


def reconnects(reason: str) -> float:
    """Return how many connections were made anew for a reason."""
    labels = {"platform": "slack", "reason": reason}
    return REGISTRY.get_sample_value("supportbot_reconnects_total", labels) or 0.0


def tasks(name: str) -> list[asyncio.Task[object]]:
    """Return the tasks that run a coroutine of such a name."""
    return [task for task in asyncio.all_tasks() if task.get_coro().__qualname__.endswith(name)]  # type: ignore[union-attr]


async def hears(slack: LocalSlack) -> None:
    """Prove that a question comes through."""
    await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))


async def test_two_connections_are_held(slack: LocalSlack, bot: Bot) -> None:
    """While one connection is renewed the other one hears."""
    assert slack.sockets == 2
    assert bot.adapter.is_connected


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled"])
async def test_announced_end_leads_to_new_connections(slack: LocalSlack, bot: Bot, reason: str) -> None:
    """When Slack ends them, both connections are replaced by new ones; what an operator must fix is said."""
    before = reconnects("asked")
    with capture_logs() as lines:
        await slack.disconnect(reason)
        await slack.wait_until(lambda: slack.sockets_opened == 4 and slack.sockets == 2)
        await hears(slack)
    assert reconnects("asked") == before + 2
    told = sum(line["event"] == "slack.socket_mode_off" for line in lines)
    assert told == (2 if reason == "link_disabled" else 0)


async def test_broken_connections_come_back(slack: LocalSlack, bot: Bot) -> None:
    """When both lines break without a word, both come back."""
    slack.cut()
    await slack.wait_until_connected(2)
    await hears(slack)


async def test_silent_connections_are_replaced(slack: LocalSlack, core: Core) -> None:
    """A line that is open but dead is noticed, and replaced without waiting for its end."""
    before = reconnects("silent")
    with capture_logs() as lines:
        async with connected(
            slack, core.service, Patience(ping_seconds=0.4, longest_pause=0.02, look_seconds=0.02)
        ):
            slack.mute()
            await slack.wait_until_connected(2)
            await hears(slack)
    warnings = [line for line in lines if line["log_level"] == "warning"]
    assert ("slack.disconnected", "silent") in [(line["event"], line["reason"]) for line in warnings]
    assert reconnects("silent") >= before + 2


@pytest.mark.parametrize("task", ["receive_messages", "process_messages"])
async def test_connection_that_is_not_read_is_replaced(slack: LocalSlack, core: Core, task: str) -> None:
    """When a task of the library has ended, its connection is replaced, though the line is fine."""
    before = reconnects("stuck")
    async with connected(slack, core.service):
        await until(lambda: len(tasks(f"SocketModeClient.{task}")) == 2)
        for each in tasks(f"SocketModeClient.{task}"):
            each.cancel()
        await slack.wait_until(lambda: slack.sockets_opened >= 4 and slack.sockets == 2)
        await hears(slack)
    assert reconnects("stuck") >= before + 2


async def test_message_that_hangs_is_read_back(
    slack: LocalSlack, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question whose keeping hangs is given up after a while, not acknowledged, and found in the history."""
    slack.give_up_after(0)
    async with connected(slack, core.service, replace(IMPATIENT, hear_seconds=0.2)):
        with monkeypatch.context() as patch, capture_logs() as lines:
            patch.setattr(core.service, "ask", hang)
            asked = await slack.mention("C1", "U1", "how?")
            await until(lambda: any(line["event"] == "slack.not_acknowledged" for line in lines))
        await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert not asked.acked
    assert [exchange.question for exchange in await core.questions()] == ["how?"]


async def test_refused_address_is_not_tried_for_ever(slack: LocalSlack, bot: Bot) -> None:
    """A WebSocket address that Slack refuses is given up for a new one."""
    tickets = len(slack.calls("apps.connections.open"))
    slack.misbehave("websocket", HttpAnswer(403), times=2)
    slack.cut()
    await slack.wait_until_connected(2)
    assert len(slack.calls("apps.connections.open")) >= tickets + 4
    await hears(slack)


@pytest.mark.parametrize(
    "fault",
    [
        HttpAnswer(503),
        HttpAnswer(502, "<html>Bad gateway</html>", "text/html"),
        HttpAnswer(200, "<html/>", "text/html"),
        HttpAnswer(200, "[1]"),
        HttpAnswer(200, '{"ok": true}'),
        RateLimited("0"),
        RateLimited(None),
        ApiError("internal_error"),
        Reset(),
    ],
    ids=["503", "502", "HTML", "list", "empty", "429", "429 for how long", "internal error", "reset"],
)
async def test_connection_that_slack_cannot_open_is_tried_again(
    slack: LocalSlack, core: Core, fault: Fault
) -> None:
    """Whatever goes wrong with signing in and opening a connection, it is tried until it works."""
    for method in ("auth.test", "apps.connections.open"):
        slack.misbehave(method, fault, times=3)
    with capture_logs() as lines:
        async with connected(slack, core.service):
            await hears(slack)
    assert not any("exc_info" in line for line in lines)


async def test_name_that_is_not_found_for_a_while(
    slack: LocalSlack, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a name server nothing is connected; when names are found again, what was asked is heard."""
    names = Names(monkeypatch)
    slack.stand_behind(HOST, slack.port)
    names.is_found = False
    settings = slack_settings(slack)
    with capture_logs() as lines:
        async with open_slack(core.service, settings, patience=IMPATIENT) as adapter, running(adapter):
            await until(lambda: names.asked_in_vain >= 3)
            slack.say_unheard("C1", "U1", f"<@{BOT_USER}> how?")
            assert not adapter.is_connected
            names.is_found = True
            await slack.wait_until_connected(2)
            await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert not any("exc_info" in line for line in lines)


async def test_outage_ends_well(slack: LocalSlack, bot: Bot) -> None:
    """During an outage the adapter says that it is not connected; what was asked meanwhile is heard afterwards."""
    with slack.outage():
        await until(lambda: not bot.adapter.is_connected)
        asked = await slack.mention("C1", "U1", "how?")
    await slack.wait_for_ack(asked)
    assert bot.adapter.is_connected


@pytest.mark.parametrize("key", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
async def test_refused_token_ends_the_adapter_with_a_sentence(slack: LocalSlack, core: Core, key: str) -> None:
    """A token that Slack refuses is named, with the remedy, and not tried again."""
    wrong = SecretStr(f"{key.split('_')[1].lower()}-wrong")
    settings = slack_settings(slack).model_copy(update={key.lower(): wrong})
    async with open_slack(core.service, settings, patience=IMPATIENT) as adapter:
        with pytest.raises(ConfigError, match=rf"{key} was refused by Slack \(invalid_auth\): (install|create)"):
            await asyncio.wait_for(adapter.run(), 10)


async def test_missing_token_is_named(slack: LocalSlack, core: Core) -> None:
    """Without a token there is nothing to open."""
    settings = slack_settings(slack).model_copy(update={"slack_app_token": None})
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN is missing"):
        async with open_slack(core.service, settings):
            pass


async def test_sign_in_that_fails_later_loses_no_event(slack: LocalSlack, bot: Bot) -> None:
    """Hearing needs no call to Slack: not even the first event depends on one."""
    slack.misbehave("auth.test", HttpAnswer(503), times=100)
    await hears(slack)
    assert len(await bot.core.questions()) == 1


async def test_cancelled_adapter_leaves_nothing_open(slack: LocalSlack, core: Core) -> None:
    """After the adapter is cancelled its connections and tasks are gone."""
    before = asyncio.all_tasks()
    async with open_slack(core.service, slack_settings(slack), patience=IMPATIENT) as adapter:
        async with running(adapter):
            await slack.wait_until_connected(2)
        await slack.wait_until(lambda: slack.sockets == 0)
    assert not adapter.is_connected
    ours = [
        task for task in asyncio.all_tasks() - before if "slack_sdk" in repr(task) or "bot/slack" in repr(task)
    ]
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await asyncio.gather(*ours, return_exceptions=True)
    assert all(task.done() for task in ours)
