"""Why a database cannot be used is told without where it is, as whom, and what was stored."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import make_url

from supportbot.db.reasons import reason
from supportbot.db.session import Database
from supportbot.errors import DatabaseError


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "nowhere"}, "there is no such database"),
        ({"username": "nobody"}, "it does not know the user"),
        ({"host": "nowhere.invalid", "query": {}}, "its host has no address"),
        ({"host": "127.0.0.1", "port": 0, "query": {}}, "nothing listens there"),
    ],
)
async def test_postgresql_is_told_in_our_words(postgres_url: str, change: dict[str, object], words: str) -> None:
    """What libpq and the server say names host, port, user and database; our sentence does not."""
    if change.get("port") == 0:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            change = {**change, "port": taken.getsockname()[1]}  # bound, and nothing listens
            await _refused(postgres_url, change, words)
    else:
        await _refused(postgres_url, change, words)


async def _refused(url: str, change: dict[str, object], words: str) -> None:
    database = Database(make_url(url).set(**change).render_as_string(hide_password=False))  # type: ignore[arg-type]
    with pytest.raises(DatabaseError) as refused:
        await database.check()
    await database.aclose()
    sentence = str(refused.value)
    assert sentence.startswith(f"The PostgreSQL database cannot be used ({words}): check SUPPORTBOT_DATABASE_URL")
    assert not any(str(value) in sentence for value in change.values() if value)


async def test_sqlite_is_told_in_its_own_words(tmp_path: Path) -> None:
    """A file is named with its path, and with what SQLite says of it."""
    path = tmp_path / "missing" / "bot.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(DatabaseError) as refused:
        await database.check()
    await database.aclose()
    assert f"{path} cannot be used (unable to open database file)" in str(refused.value)


def test_an_unknown_reason_is_the_type_of_the_error() -> None:
    """Words that nobody has looked at might hold anything."""
    assert reason(ValueError("Ann Miller lives here")) == "ValueError"
