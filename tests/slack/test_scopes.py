"""Permissions that the app lacks are said to the operator, by their names."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from bot.slack.scopes import Scopes, wanted_scopes
from supportbot.notices import read_notices
from tests.slack.conftest import Core, connected, slack_settings
from tests.slack.test_catchup import caught_up
from tests.slack_server import ApiError, LocalSlack
from tests.waiting import until


def refused(needed: object) -> dict[str, Any]:
    """Return Slack's answer to a call that needs another scope."""
    return {"ok": False, "error": "missing_scope", "needed": needed, "provided": "commands"}


def test_each_scope_is_said_once_a_day() -> None:
    """A refused call may come with every message; the operator hears of each scope once a day."""
    clock = [1_000.0]
    scopes = Scopes(lambda: clock[0])
    with capture_logs() as lines:
        for needed in ("chat:write", "chat:write", "channels:read,groups:read", "chat:write\n", None, 5):
            scopes.note("chat.postMessage", refused(needed))
        scopes.note("chat.postMessage", {"ok": False, "error": "is_archived", "needed": "chat:write"})
        scopes.note("chat.postMessage", b"")
        assert [line["needed"] for line in lines] == ["chat:write", "channels:read,groups:read"]
        assert "manifest.yaml" in lines[0]["remedy"]
        clock[0] += 24 * 3600
        scopes.note("chat.postMessage", refused("chat:write"))
    assert len(lines) == 3


def test_what_is_lacking_is_one_sentence() -> None:
    """What a token lacks and what a refused call needed are named together, each once, with the remedy."""
    scopes = Scopes()
    assert scopes.sentence == ""
    scopes.compare({"x-oauth-scopes": ",".join(sorted(set(wanted_scopes()) - {"chat:write"}))})
    for needed in ("channels:read, groups:read", "chat:write"):
        scopes.note("chat.postMessage", refused(needed))
    assert scopes.sentence.startswith(
        "The app lacks scopes: chat:write, channels:read, groups:read. To fix this, "
    )


def test_token_is_compared_with_the_manifest() -> None:
    """What the manifest asks for and a token does not have is one line; a Slack that does not tell is none."""
    with capture_logs() as lines:
        Scopes().compare({})
        Scopes().compare(
            {
                "x-oauth-scopes": "app_mentions:read,assistant:write, channels:history,groups:history,commands,"
                "reactions:write"
            }
        )
    (line,) = lines
    assert line["needed"].split(", ") == [
        *("mpim:history", "im:history", "channels:read", "groups:read", "mpim:read"),
        *("im:read", "im:write", "users:read", "chat:write"),
    ]


async def test_doctor_is_told_until_it_is_mended(slack: LocalSlack, core: Core) -> None:
    """What the token lacks is kept for `supportbot doctor`, and gone once a token has it."""
    home = slack_settings(slack).home
    slack.grant("commands")
    async with connected(slack, core.service):
        await until(lambda: bool([*read_notices(home)]))
    (notice,) = read_notices(home)
    assert notice.platform == "slack"
    assert notice.sentence.startswith("The app lacks scopes: app_mentions:read, ")
    slack.grant(",".join(wanted_scopes()))
    async with connected(slack, core.service):
        await until(lambda: not [*read_notices(home)])


async def test_adapter_says_what_it_lacks(slack: LocalSlack, core: Core) -> None:
    """The start names what the token lacks, and a refused call of the adapter or of Bolt what it needed."""
    slack.grant("app_mentions:read,chat:write")
    slack.misbehave("users.conversations", ApiError("missing_scope", "channels:read"))
    slack.misbehave("assistant.threads.setStatus", ApiError("missing_scope", "assistant:write"))
    with capture_logs() as lines:
        async with connected(slack, core.service):
            await caught_up(slack)
            await slack.wait_for_ack(await slack.mention("C1", "U1", "how?"))
            await slack.wait_until(lambda: slack.calls("assistant.threads.setStatus"))
    said = [(line["event"], line["needed"]) for line in lines if "needed" in line]
    assert said[0][0] == "slack.scopes_missing"
    assert ("slack.scope_missing", "channels:read") in said
