"""The migration of trials on a database in which there are some: down and up again loses nothing but trials."""

from __future__ import annotations

import asyncio

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from supportbot.db.models import Answer, Feedback, ModelTrial
from supportbot.db.schema import alembic_config, check_schema, migrate
from supportbot.db.session import Database
from tests.supportbot.trials.records import Log


async def test_answers_outlive_their_trial(database_url: str) -> None:
    """Answers and votes keep their versions; the trial itself is gone, and another can begin."""
    database = Database(database_url)
    log = await Log.open(database)
    await log.judge(candidate=True, good=2, bad=1)
    config = alembic_config(database_url)
    before = ScriptDirectory.from_config(config).get_revision("0023").down_revision
    assert isinstance(before, str)
    await asyncio.to_thread(command.downgrade, config, before)
    await migrate(database)
    await check_schema(database)
    async with database.read() as session:
        counts = [await session.scalar(select(func.count(one.id))) for one in (Answer, Feedback, ModelTrial)]
        versions = set(await session.scalars(select(Answer.model_version)))
    await database.aclose()
    assert counts == [3, 3, 0]
    assert versions == {"v2"}
