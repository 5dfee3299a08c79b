"""The manifest that users paste into Slack fits the code."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
import yaml


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest as Slack reads it."""
    loaded: dict[str, Any] = yaml.safe_load(files("bot.slack").joinpath("manifest.yaml").read_text("utf-8"))
    return loaded


def test_manifest_subscribes_to_what_is_heard(manifest: dict[str, Any]) -> None:
    """The events that listeners hear are subscribed to, and clicks come in."""
    settings = manifest["settings"]
    assert settings["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "app_mention",
        "message.im",
        "message.channels",
        "message.groups",
        "app_uninstalled",
        "tokens_revoked",
    ]
    assert settings["interactivity"]["is_enabled"] is True
    assert settings["socket_mode_enabled"] is True


def test_manifest_has_the_scopes_of_every_call(manifest: dict[str, Any]) -> None:
    """Each event and each method that the code uses has its scope, and no other scope is asked for."""
    needed = {
        "app_mention": {"app_mentions:read"},
        "message.im": {"im:history"},
        "message.channels": {"channels:history"},
        "message.groups": {"groups:history"},
        "slash command": {"commands"},
        "chat.postMessage": {"chat:write"},
        "reactions.add": {"reactions:write"},
        "assistant.threads.setStatus and .setSuggestedPrompts": {"assistant:write"},
        "users.conversations": {"channels:read", "groups:read", "im:read", "mpim:read"},
        "conversations.open": {"im:write"},
        "users.info": {"users:read"},
        "conversations.replies and conversations.history": {
            "channels:history",
            "groups:history",
            "im:history",
            "mpim:history",
        },
    }
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert set(scopes) == set().union(*needed.values())
    assert len(scopes) == len(set(scopes))


def test_manifest_offers_both_tabs_and_the_command(manifest: dict[str, Any]) -> None:
    """People can look at the Home tab, write to the bot directly, and ask with a command."""
    features = manifest["features"]
    assert features["app_home"]["home_tab_enabled"] is True
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False
    assert "agent_description" in features["agent_view"]
    assert [command["command"] for command in features["slash_commands"]] == [
        "/ask",
        "/supportbot",
    ]


def test_manifest_keeps_slacks_limits(manifest: dict[str, Any]) -> None:
    """Slack refuses longer names and descriptions."""
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
