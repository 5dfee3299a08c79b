"""How sure is sure: what is shown of it is what holds, and what another choice would bring is what it brings."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.knowledge.knowledge import Knowledge
from supportbot.teaching.fights import Fights
from supportbot.teaching.sureness import RATES, Calibrating
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve


async def test_what_a_choice_would_bring_is_what_it_brings(database: Database) -> None:
    """The curve falls, the choices are ordered, and the chosen one holds with the figures that were foretold."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    calibrating = Calibrating(database, knowledge)
    await knowledge.load()
    assert await calibrating.look() is None
    await approve(database, GYM)
    await knowledge.load()
    before = await calibrating.look()
    assert before is not None
    assert before.now == knowledge.calibration
    assert (before.rows, before.is_chosen, before.set_rate) == (25, False, 0.02)
    for figure in ("coverage", "wrong", "foreign"):
        values = [getattr(point, figure) for point in before.points]
        assert values == sorted(values, reverse=True)
    assert [choice.wrong_rate for choice in before.choices] == list(RATES)
    foretold = next(choice for choice in before.choices if choice.wrong_rate == 0.1)
    await calibrating.choose(0.1, "Ana Lopez")
    chosen = await calibrating.look()
    assert chosen is not None
    assert (chosen.now, chosen.is_chosen) == (foretold, True)
    await knowledge.load()
    assert knowledge.calibration == foretold


async def test_fights_are_looked_for_once_for_each_state(database: Database) -> None:
    """Two entries with nearly the same wording are found; nothing is looked for again until something changes."""
    await approve(database, {**GYM, "Twelve euros.": ["how much is a day ticket now", "price of a year"]})
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    fights = Fights(database, knowledge, has_encoder=False)
    found = await fights.find()
    assert "Twelve euros." in {answer for one in found for answer in (one.entry.answer, one.other.answer)}
    assert await fights.find() is found
    await approve(database, {"Behind the hall.": ["where can I park"]})
    await knowledge.load()
    assert await fights.find() is not found
