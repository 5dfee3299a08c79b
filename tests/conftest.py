"""Fixtures that several parts of the suite share: real databases and a real, tiny model."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import make_url

from supportbot.db.schema import migrate
from supportbot.db.session import Database
from tests.command import restored_logging
from tests.compiled import share_compiled_statements
from tests.postgres import ReusedDatabase, postgres_server
from tests.postgres import create_postgres_database as create_postgres_database  # many tests have it from here

share_compiled_statements()

# How long an example takes says how busy the machine is, not whether the program is right.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# The library's own default shows every local variable of a traceback, which takes seconds and shows secrets.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage in what is imported, now and ever: each search would take over a second."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _fork_processes() -> None:
    """Whatever is started shares what is imported with the others."""
    from tests.e2e import daemon

    daemon.IS_FORKED = True


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of the machine, and no `.env` of the checkout, reach a test."""
    for key in os.environ:
        if key.startswith(("SUPPORTBOT_", "SLACK_", "DISCORD_")):
            monkeypatch.delenv(key)
    monkeypatch.setenv("SUPPORTBOT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(name="restored_logging")
def _restored_logging() -> Iterator[None]:
    """Whatever a test configures, the next one finds the log as it was."""
    with restored_logging():
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server, started for this session, as a SQLAlchemy URL."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder as `supportbot init` leaves it, with a database and the starter model, to be copied."""
    from supportbot.bootstrap import initialise
    from supportbot.config import Settings

    path = tmp_path_factory.mktemp("prepared") / "home"
    asyncio.run(initialise(Settings(home=path)))
    return path


@pytest.fixture
def home(tmp_path: Path, prepared_home: Path) -> Path:
    """A home folder with a migrated database and the starter model."""
    return Path(shutil.copytree(prepared_home, tmp_path / "home"))


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of an empty, migrated PostgreSQL database, to be copied."""
    url = create_postgres_database(postgres_url, "template0")
    asyncio.run(_migrate(url))
    return str(make_url(url).database)


@pytest.fixture(scope="session")
def reused_postgres(postgres_url: str, migrated_postgres: str) -> ReusedDatabase:
    """A migrated PostgreSQL database for one test after the other."""
    return ReusedDatabase(postgres_url, migrated_postgres)


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.aclose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        shutil.copyfile(template, tmp_path / "test.db")
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    reused: ReusedDatabase = request.getfixturevalue("reused_postgres")
    return reused.take()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database of each kind."""
    database = Database(database_url)
    yield database
    await database.aclose()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a tiny GPT-2 of random weights: fast, and able to say anything."""
    from tests.tiny_model import save_tiny_model  # imports torch, which most tests don't need

    return save_tiny_model(tmp_path_factory.mktemp("tiny") / "model")
