"""Loading what is to answer when a daemon or a command starts."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.models.loading import load_model
from supportbot.models.registry import Registry


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_start_that_fails_leaves_no_engine(database: Database, registry: Registry, tmp_path: Path) -> None:
    """Where the database fails after the model was loaded, its engine is closed."""
    async with database.write() as session:
        await session.execute(text("DROP TABLE run_example"))
    settings = Settings(home=tmp_path, engine="transformers", precision="fp32")
    with pytest.raises(SQLAlchemyError):
        await load_model(settings, database, registry)
    assert not [thread for thread in threading.enumerate() if thread.name == "engine"]
