"""Whoever asks a probe learns which part is not well; whoever reads the log learns what to do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.readiness import Readiness
from supportbot.bootstrap import initialise, open_core
from supportbot.cli._checks import examine
from supportbot.config import Settings
from supportbot.telemetry.logs import configure_logging
from tests.conftest import create_postgres_database


@pytest.mark.usefixtures("restored_logging")
async def test_a_database_that_is_gone(
    postgres_url: str, migrated_postgres: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL takes no connection: the probe names the part; log and doctor say it without an address."""
    url = create_postgres_database(postgres_url, migrated_postgres)
    parts = make_url(url).set(password="hunter22")
    settings = Settings(
        home=tmp_path / "home",
        database_url=parts.render_as_string(hide_password=False),
        encoder="none",
        log_format="json",
    )
    await initialise(settings)
    configure_logging(settings)
    async with open_core(settings, platforms={"web"}, daemon=True) as core:
        readiness = Readiness(core, {}, asyncio.Event())
        assert await readiness.problems() == {}
        _close(postgres_url, str(parts.database))
        for _ in range(3):
            assert await readiness.problems() == {"database": "not usable"}
    said = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    [problem] = [line["problem"] for line in said if line["event"] == "readiness.database"]
    [found] = [finding async for finding in examine(settings) if finding.check == "database"]
    assert not found.ok
    for sentence in (problem, found.detail):
        assert "SUPPORTBOT_DATABASE_URL" in sentence
        assert "(it accepts no connections at present)" in sentence
        assert not any(secret and secret in sentence for secret in (parts.host, parts.password, parts.database))


def _close(server_url: str, database: str) -> None:
    """Have the server take no connections to a database any more, and end those that there are."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": database},
        )
    engine.dispose()
