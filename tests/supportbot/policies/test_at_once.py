"""Decisions about one place at the same moment, on PostgreSQL: each counts, and one comes after the other."""

from __future__ import annotations

import asyncio

import pytest

from supportbot.administration.channels import Channels
from supportbot.db.session import Database
from supportbot.policies.errors import PolicyError
from supportbot.policies.policy import Policy
from supportbot.policies.store import Place, Policies
from tests.locks import begun, nobody_commits, on_postgresql

PLACE = Place(platform="slack", workspace="T1", channel="C1")


@pytest.fixture
def policies(database: Database) -> Policies:
    """What is decided."""
    return Policies(database)


@pytest.fixture
def channels(database: Database) -> Channels:
    """What operators decide."""
    return Channels(database, hears_all=False)


@on_postgresql
async def test_decided_while_it_is_forgotten(policies: Policies, database: Database) -> None:
    """Who decides while another resets a place decides about one where nothing is decided."""
    await policies.change(PLACE, {"answer_on": "never"}, "Ada")
    async with nobody_commits(database):
        forgetting = await begun(database, policies.reset(PLACE, "Ada"))
        deciding = await begun(database, policies.change(PLACE, {"verified_only": True}, "Bob"))
    await asyncio.gather(forgetting, deciding)
    assert await policies.shown(PLACE) == Policy(verified_only=True)


@on_postgresql
async def test_decided_while_another_decision_is_taken_back(
    policies: Policies, channels: Channels, database: Database
) -> None:
    """Who decides while another takes a decision back does not bring that one back."""
    await policies.change(PLACE, {"answer_on": "threads"}, "Ada")
    change = await channels.submit(PLACE, {"answer_on": "never"}, "Ada")
    assert change is not None
    async with nobody_commits(database):
        undoing = await begun(database, channels.put_back(change, "Ada"))
        deciding = await begun(database, policies.change(PLACE, {"verified_only": True}, "Bob"))
    await asyncio.gather(undoing, deciding)
    assert await policies.shown(PLACE) == Policy(answer_on="threads", verified_only=True)


@on_postgresql
async def test_reset_is_taken_back_once(policies: Policies, channels: Channels, database: Database) -> None:
    """Of two who take the same reset back, the second one is told that somebody was faster."""
    await policies.change(PLACE, {"answer_on": "never"}, "Ada")
    change = await channels.reset(PLACE, "Ada")
    assert change is not None
    async with nobody_commits(database):
        first = await begun(database, channels.put_back(change, "Ada"))
        second = await begun(database, channels.put_back(change, "Bob"))
    await first
    with pytest.raises(PolicyError, match="has changed this since"):
        await second
    assert await policies.shown(PLACE) == Policy(answer_on="never")
