"""Taking decisions about channels back, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from supportbot.administration.channels import Channels
from supportbot.db import audit
from supportbot.db.session import Database
from supportbot.policies.errors import PolicyError
from supportbot.policies.policy import AnswerOn
from supportbot.policies.store import Place
from supportbot.privacy.repeated import hide_in_audit

PLACE = Place(platform="slack", workspace="T1", channel="C1")


async def test_what_was_decided_before_stands_again(database: Database) -> None:
    """A first decision, a second one and a reset are each taken back, to the setting, and in the audit."""
    channels = Channels(database, hears_all=False)
    first = await channels.submit(PLACE, {"answer_on": "never"}, "Ada")
    second = await channels.submit(PLACE, {"answer_on": "threads", "verified_only": "yes"}, "Bob")
    assert first is not None
    assert second is not None
    assert await channels.submit(PLACE, {"answer_on": "threads"}, "Bob") is None
    await channels.put_back(second, "Ada")
    policy = await channels.shown(PLACE)
    assert (policy.answer_on, policy.verified_only) == (AnswerOn.NEVER, False)
    forgotten = await channels.reset(PLACE, "Bob")
    assert forgotten is not None
    assert not await channels.is_decided(PLACE)
    await channels.put_back(forgotten, "Ada")
    [decided] = await channels.page()
    assert (decided.settings, decided.by) == ({"answer_on": "never"}, "Ada")
    assert await channels.page(decided.place) == []
    await channels.put_back(first, "Ada")
    assert not await channels.is_decided(PLACE)
    assert [(one.actor, one.action) for one in await audit.recent(database, 3)] == [
        ("Ada", "policy.undo"),
        ("Ada", "policy.undo"),
        ("Bob", "policy.reset"),
    ]


async def test_a_decision_is_taken_back_from_its_line_of_the_audit(database: Database) -> None:
    """The line says what was there before; a line whose decision does not hold any more offers nothing."""
    channels = Channels(database, hears_all=False)
    direct = Place(platform="discord", workspace="dm:1f", channel="7")  # a colon in the name of a workspace
    await channels.submit(direct, {"answer_on": "never"}, "Ada")
    await channels.submit(direct, {"verified_only": "yes"}, "Bob")
    await channels.reset(direct, "Bob")
    reset, changed, first = await audit.recent(database, 3)
    assert await channels.undoable([reset, changed, first]) == {reset.audit_id}
    await channels.undo(reset.audit_id, "Ada")
    [undone] = await audit.recent(database, 1)
    assert await channels.undoable([undone, reset, changed, first]) == {undone.audit_id, changed.audit_id}
    await channels.undo(changed.audit_id, "Ada")
    [decided] = await channels.page()
    assert (decided.place, decided.settings) == (direct, {"answer_on": "never"})
    with pytest.raises(PolicyError, match="changed this since"):
        await channels.undo(reset.audit_id, "Ada")
    assert [(one.actor, one.action) for one in await audit.recent(database, 2)] == [("Ada", "policy.undo")] * 2


async def test_what_was_erased_is_not_put_back(database: Database) -> None:
    """A line that named somebody who was erased since does not say whom any more."""
    channels = Channels(database, hears_all=False)
    await channels.submit(PLACE, {"handoff_target": "@U0ERASED1"}, "Ada")
    await channels.reset(PLACE, "Ada")
    await hide_in_audit(database, ["U0ERASED1"], [])
    [reset] = await audit.recent(database, 1)
    assert "U0ERASED1" not in str(reset.details)
    assert await channels.undoable([reset]) == set()
    with pytest.raises(PolicyError):
        await channels.undo(reset.audit_id, "Ada")


async def test_nobodys_later_decision_is_taken_back(database: Database) -> None:
    """Who decided in between keeps what they decided."""
    channels = Channels(database, hears_all=False)
    change = await channels.submit(PLACE, {"answer_on": "never"}, "Ada")
    assert change is not None
    await channels.submit(PLACE, {"verified_only": "yes"}, "Bob")
    with pytest.raises(PolicyError, match="changed this since"):
        await channels.put_back(change, "Ada")
    assert (await channels.shown(PLACE)).answer_on is AnswerOn.NEVER
