"""How often the bot may be wrong, chosen while it runs: every daemon on the database follows it."""

from __future__ import annotations

from functools import partial

import pytest

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.knowledge.calibration import calibrate
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.manage import KnowledgeError
from supportbot.knowledge.wrong_rate import choose, with_chosen
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve
from tests.waiting import following, until


def _holds(knowledge: Knowledge, share: float) -> bool:
    return knowledge.calibration is not None and knowledge.calibration.wrong_rate == share


async def test_two_daemons_follow_what_is_chosen_and_taken_back(database: Database) -> None:
    """The threshold is another at once, without a new fit, and the setting holds again when the choice is gone."""
    await approve(database, GYM)
    one, other = (Knowledge(database, lambda: None, wrong_rate=0.02) for _ in range(2))
    async with following(one), following(other):
        for knowledge in (one, other):
            await until(partial(_holds, knowledge, 0.02))
        careful, before = one.calibration, one.revision
        rule = one.index.rule if one.index else None
        await choose(database, 0.4, "Ana Lopez")
        for knowledge in (one, other):
            await until(partial(_holds, knowledge, 0.4))
        await until(lambda: one.revision > before)
        assert one.index is not None
        assert one.index.rule is rule
        assert one.left_out is not None
        assert one.calibration == calibrate(one.left_out, wrong_rate=0.4) != careful
        assert (await with_chosen(database, Settings())).wrong_rate == 0.4
        await choose(database, None, "Bo Chen")
        for knowledge in (one, other):
            await until(partial(_holds, knowledge, 0.02))
        assert one.calibration == careful
    deeds = [(one.actor, one.action, dict(one.details)) for one in await audit.recent(database, 2)]
    assert deeds == [
        ("Bo Chen", "knowledge.calibrate", {"wrong_rate": None, "before": 0.4}),
        ("Ana Lopez", "knowledge.calibrate", {"wrong_rate": 0.4, "before": None}),
    ]


async def test_a_share_that_is_none_is_refused(database: Database) -> None:
    """Nothing is written, and the sentence says what may be chosen."""
    for share in (0.0, 0.7, float("nan")):
        with pytest.raises(KnowledgeError, match=r"from 0.1% to 50%"):
            await choose(database, share, "Ana Lopez")
    assert await audit.recent(database, 1) == []
