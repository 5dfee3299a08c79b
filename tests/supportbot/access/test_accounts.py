"""The accounts of who comes from a provider, on each kind of database."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from sqlalchemy import select

from supportbot.access.errors import OperatorError
from supportbot.access.oidc.accounts import admit, withdraw
from supportbot.access.oidc.registration import Claimed, Rules
from supportbot.access.operators import LONGEST_NAME, Operators
from supportbot.access.roles import Role
from supportbot.db import audit
from supportbot.db.models import OperatorAccount
from supportbot.db.session import Database

ISSUER = "https://idp.example"


def claimed(subject: str, name: str = "Ana Lopez", email: str = "") -> Claimed:
    """Return who a provider says has signed in."""
    identity = f"{ISSUER} {subject}"
    return Claimed(identity=identity, name=name, email=email, keys=frozenset(), values=frozenset())


async def come(database: Database, who: Claimed, role: Role = Role.CURATOR) -> str:
    """Admit somebody in a transaction of their own, and return their name."""
    async with database.write() as session:
        return (await admit(session, who, role)).name


async def names(database: Database) -> dict[str, str | None]:
    """Return the identity of each operator."""
    async with database.read() as session:
        return {row.name: row.identity for row in await session.scalars(select(OperatorAccount))}


async def test_browsers_at_once_make_one_account(database: Database) -> None:
    """Of a person who comes twice at once there is one account, and of two people with one name there are two."""
    who = [claimed("1"), claimed("1"), claimed("2"), claimed("2", email="ana@shop.example")]
    await asyncio.gather(*(come(database, one) for one in who))
    found = await names(database)
    assert sorted(filter(None, found.values())) == [f"{ISSUER} 1", f"{ISSUER} 2"]
    assert "Ana Lopez" in found
    entries = await audit.recent(database, 20)
    assert [entry.action for entry in entries].count("operator.admit") == 2


async def test_a_name_that_the_audit_knows_is_nobody_elses(database: Database) -> None:
    """Whoever takes a name on that somebody had gets something added; its owner gets it back."""
    assert await come(database, claimed("1")) == "Ana Lopez"
    assert await come(database, claimed("1", "Ana Diaz")) == "Ana Diaz"
    async with database.write() as session:
        audit.record(session, actor="Ana Lopez", action="test", subject="test")
    assert await come(database, claimed("2")) == "Ana Lopez (2)"
    assert await come(database, claimed("1")) == "Ana Lopez"
    assert await come(database, claimed("2")) == "Ana Lopez (2)"


async def test_names_are_short_and_visible(database: Database) -> None:
    """What nobody sees goes, what is too long is cut, and who has no name is called by their address or number."""
    assert await come(database, claimed("1", "\u202e A\u200b\n\tB ")) == "A B"
    assert await come(database, claimed("2", "\u200b", "c@shop.example")) == "c@shop.example"
    assert await come(database, claimed("3", " ")) == "3"
    long = "x" * 200
    assert await come(database, claimed("4", long)) == "x" * LONGEST_NAME
    second = await come(database, claimed("s" * 255, long))
    assert second.startswith("xxx")
    assert len(second) == LONGEST_NAME


async def test_somebody_without_a_free_name_is_told(database: Database) -> None:
    """If others have everything that somebody could be called, one sentence says so, and nothing is written."""
    await come(database, claimed("1"))
    digest = hashlib.sha256(f"{ISSUER} 2".encode()).hexdigest()
    for number, name in enumerate(("Ana Lopez (2)", f"Ana Lopez ({digest[:8]})")):
        assert await come(database, claimed(f"taker-{number}", name)) == name
    before = await names(database)
    with pytest.raises(OperatorError, match="Change your name there"):
        await come(database, claimed("2"))
    assert await names(database) == before


async def test_the_last_admin_may_lose_the_role(database: Database) -> None:
    """The provider decides, also about the last admin; whoever is withdrawn does not count as one."""
    await come(database, claimed("1"), Role.ADMIN)
    await come(database, claimed("1"), Role.VIEWER)
    [person] = await Operators(database).people()
    assert (person.role, person.provider) == (Role.VIEWER, "idp.example")
    await come(database, claimed("2", "Bo"), Role.ADMIN)
    await come(database, claimed("1"), Role.ADMIN)
    async with database.write() as session:
        row = await session.scalar(select(OperatorAccount).where(OperatorAccount.name == "Ana Lopez"))
        assert row is not None
        await withdraw(session, row)
    bo = next(person for person in await Operators(database).people() if person.name == "Bo")
    with pytest.raises(OperatorError, match="last admin"):
        await Operators(database).end(bo.id, "Bo")


def test_the_highest_role_counts() -> None:
    """Of several roles the one that may do most counts; of none there is none."""
    rules = Rules(people={"sub:1": Role.VIEWER}, values={"a": Role.ADMIN, "b": Role.CURATOR})
    who = Claimed(identity="x", name="", email="", keys=frozenset({"sub:1"}), values=frozenset({"a", "b", "c"}))
    assert rules.role_of(who) is Role.ADMIN
    assert rules.role_of(claimed("1")) is None
