"""A trial of the boat hire that runs: a third version, which people like a little more so far."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from supportbot.core import Core
from supportbot.db.models import ModelTrial, ModelVersion, Workspace
from supportbot.db.states import ModelStatus
from supportbot.models.registry import Registry
from supportbot.trials.rule import Rule
from supportbot.trials.store import begin, running_row
from tests.supportbot.trials.records import Log
from tests.versions import install_version
from tests.web.console.pictures.versions import VERSION
from tests.web.console.pictures.words import ADMIN

NEXT = "elm-3"
_DAYS = 6
_CONVERSATIONS = 190
_VOTED = 0.45
_GOOD = {True: 0.86, False: 0.68}
"""How likely people like what the candidate wrote, and what the live version did."""


async def try_out(core: Core) -> None:
    """Have it run for some days; once."""
    async with core.database.read() as session:
        if await running_row(session) is not None:
            return
        place = (await session.scalars(select(Workspace.id).where(Workspace.platform == "slack"))).one()
    models, now = core.settings.models_dir, datetime.now(UTC)
    await asyncio.to_thread(install_version, Registry(models), models / "starter", NEXT)
    begun = now - timedelta(days=_DAYS)
    async with core.database.write() as session:
        digest = Registry(models).manifest(NEXT).digest
        session.add(ModelVersion(name=NEXT, digest=digest, status=ModelStatus.CANDIDATE, created_at=begun))
        trial = await begin(session, VERSION, NEXT, Rule(share=30), ADMIN)
        row = await session.get_one(ModelTrial, trial.trial_id)
        row.started_at = begun
    log, draw = Log(core.database, trial, place, begun), random.Random(3)
    for number in range(_CONVERSATIONS):
        at = begun + timedelta(days=_DAYS * (number + draw.random()) / _CONVERSATIONS)
        is_candidate = draw.random() < trial.rule.share / 100
        votes = (1 if draw.random() < _GOOD[is_candidate] else -1,) if draw.random() < _VOTED else ()
        conversation = await log.conversation(candidate=is_candidate)
        version = NEXT if is_candidate else VERSION
        await log.ask(conversation, version, votes=votes, handoff=draw.random() < 0.03, at=at)
        if draw.random() < 0.25:
            await log.ask(conversation, version, at=at + timedelta(minutes=2))
