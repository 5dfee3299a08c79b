"""`supportbot console`, as an operator types it."""

from __future__ import annotations

import json

import pytest

from supportbot.access.access import Access
from supportbot.access.roles import Role
from supportbot.db import audit
from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot, supportbot_apart

# What a database makes of it is tested with the core.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_it_prints_a_link_that_signs_in(database: Database) -> None:
    """The link opens a session of the person and the role that were named, and the audit says who made it."""
    wanted = ("--name", "Bo", "--role", "curator", "--by", "Ada", "--json")
    finished = await supportbot(database, "console", *wanted, SUPPORTBOT_WEB_PORT="8080")
    assert finished.status == 0, finished.errors
    made = json.loads(finished.output)
    assert (made["name"], made["role"]) == ("Bo", "curator")
    address, _, secret = made["link"].partition("?token=")
    assert address == "http://127.0.0.1:8080/console/sign-in"
    access = Access(database)
    session = await access.sessions.find(await access.links.sign_in(secret, "192.0.2.1"))
    assert session is not None
    assert (session.operator.name, session.operator.role) == ("Bo", Role.CURATOR)
    invited = (await audit.recent(database, 10))[-1]
    assert (invited.actor, invited.action, invited.details) == ("Ada", "operator.invite", {"role": "curator"})


@on_sqlite
async def test_without_a_name_it_is_for_the_user_of_the_machine(database: Database) -> None:
    """Whoever runs the bot becomes an admin; where the port is not known, the path is printed."""
    finished = await supportbot(database, "console", SUPPORTBOT_WEB_PORT="0")
    assert "\n/console/sign-in?token=" in finished.output
    assert f"{audit.current_user()} (admin) once" in finished.output
    refused = await supportbot_apart(database, "console", "--role", "viewer")
    assert refused.status == 2
    assert "last admin" in refused.errors
    refused = await supportbot(database, "console", SUPPORTBOT_CONSOLE="off")
    assert "The console is off" in refused.errors
