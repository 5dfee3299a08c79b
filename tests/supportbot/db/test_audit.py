"""The audit, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from supportbot.db.audit import current_user, recent, record
from supportbot.db.session import Database
from supportbot.errors import ConfigError


async def test_the_latest_deeds_are_read_back(database: Database) -> None:
    """Who did what to what, when, the newest first and no more than asked for."""
    async with database.write() as session:
        for number in range(3):
            record(session, actor="ada", action="test.act", subject=f"thing:{number}", details={"n": number})
        record(session, actor="ada", action="test.end", subject="thing")
    entries = await recent(database, 3)
    assert [(entry.action, entry.subject, entry.details) for entry in entries] == [
        ("test.end", "thing", {}),
        ("test.act", "thing:2", {"n": 2}),
        ("test.act", "thing:1", {"n": 1}),
    ]
    assert datetime.now(UTC) - entries[0].at < timedelta(minutes=1)


async def test_no_deed_without_audit_and_no_audit_without_deed(database: Database) -> None:
    """A transaction that fails takes its audit row with it."""

    async def fail() -> None:
        async with database.write() as session:
            record(session, actor="ada", action="test.act", subject="thing")
            raise ValueError("the deed failed")

    with pytest.raises(ValueError, match="the deed failed"):
        await fail()
    assert await recent(database, 10) == []


@pytest.mark.parametrize("actor", ["", " \t"])
async def test_nobody_does_nothing(database: Database, actor: str) -> None:
    """A deed without a name is refused, and with it the transaction."""
    with pytest.raises(ConfigError, match="add --by NAME"):
        async with database.write() as session:
            record(session, actor=actor, action="test.act", subject="thing")
    assert await recent(database, 10) == []


def test_an_account_without_a_name_goes_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run under a number that no passwd file knows; a blank name is none either."""
    for key in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert current_user() == "uid 54321"
    monkeypatch.setenv("LOGNAME", " ")
    assert current_user() == "uid 54321"
    monkeypatch.setenv("LOGNAME", "ada")
    assert current_user() == "ada"
