"""`supportbot workspaces`, as an operator types it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from supportbot.db import audit
from supportbot.db.models import SlackBot
from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot, supportbot_apart

NOON = datetime(2026, 11, 30, 12)
"""As in the table of the library, whose times say no zone."""


# What a database makes of it is tested with the adapter.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_listed_and_removed(database: Database) -> None:
    """Workspaces are listed without their tokens, and removed by a name that the audit keeps."""
    assert (await supportbot(database, "workspaces", "list")).output.startswith("No workspace has installed")
    async with database.write() as session:
        session.add(
            SlackBot(
                client_id="1.2",
                app_id="A1",
                team_id="T1",
                team_name="Shop\x1b[31m",
                bot_token="xoxb-secret",
                bot_token_expires_at=NOON,
                is_enterprise_install=False,
                installed_at=NOON,
            )
        )
    shown = (await supportbot(database, "workspaces", "list")).output
    assert ("T1" in shown, "renewed before" in shown) == (True, True)
    [one] = json.loads((await supportbot(database, "workspaces", "list", "--json")).output)
    assert (one["workspace"], one["installed_at"]) == ("T1", "2026-11-30T12:00:00+00:00")
    assert "xoxb" not in shown + json.dumps(one)
    assert "\x1b" not in shown
    assert (await supportbot(database, "workspaces", "remove", "T1", "--by", "Ada L")).status == 0
    [deed] = await audit.recent(database, 5)
    assert (deed.actor, deed.action, deed.subject) == ("Ada L", "workspace.remove", "workspace:slack:T1")
    again = await supportbot_apart(database, "workspaces", "remove", "T1", "--by", "Ada L")
    assert (again.status, again.errors.count("\n")) == (2, 1)
