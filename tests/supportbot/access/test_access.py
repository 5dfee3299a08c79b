"""Who may come into the console, on each kind of database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from supportbot.access.access import Access
from supportbot.access.attempts import MOST_FAILURES, PERIOD
from supportbot.access.errors import ForbiddenError, OperatorError, SignInError
from supportbot.access.links import LIFETIME
from supportbot.access.roles import Action, Role
from supportbot.access.secret import digest_of
from supportbot.access.sessions import IDLE, LONGEST, Session
from supportbot.access.trail import PAGE, Wanted
from supportbot.db import audit
from supportbot.db.base import Base
from supportbot.db.models import Audit, OperatorLink, OperatorSession, SignInAttempt
from supportbot.db.session import Database

SOURCE = "192.0.2.7"

MAY = {
    Role.VIEWER: set[Action](),
    Role.CURATOR: {Action.TEACH, Action.REVIEW, Action.CLOSE},
    Role.ADMIN: set(Action),
}
"""What each role may do, said once more than in the code."""


@pytest.fixture
def access(database: Database) -> Access:
    """Who may come in."""
    return Access(database)


async def signed_in(access: Access, name: str, role: Role | None = None) -> Session:
    """Return a session of somebody who has just signed in."""
    link = await access.links.invite(name, role, "Ada")
    found = await access.sessions.find(await access.links.sign_in(link.secret, SOURCE))
    assert found is not None
    return found


async def move(database: Database, record: type[Base], **values: Any) -> None:
    """Let the time of all rows of a table be another."""
    async with database.write() as session:
        await session.execute(update(record).values(**values))


async def actions_of(database: Database) -> list[tuple[str, str]]:
    """Return what the audit says, the oldest first."""
    return [(entry.actor, entry.action) for entry in reversed(await audit.recent(database, 100))]


async def test_a_link_signs_somebody_in_once(access: Access, database: Database) -> None:
    """Of two browsers that use a link at once one is in; the database knows no secret, the audit who came."""
    link = await access.links.invite(" Bo ", Role.CURATOR, "Ada")
    tries = [access.links.sign_in(link.secret, SOURCE) for _ in range(2)]
    first, second = sorted(
        await asyncio.gather(*tries, return_exceptions=True), key=lambda one: isinstance(one, str)
    )
    assert isinstance(first, SignInError)
    assert isinstance(second, str)
    found = await access.sessions.find(second)
    assert found is not None
    assert (found.operator.name, found.operator.role) == ("Bo", Role.CURATOR)
    async with database.read() as session:
        kept = {
            await session.scalar(select(OperatorLink.digest)),
            await session.scalar(select(OperatorSession.digest)),
        }
    assert kept == {digest_of(link.secret), digest_of(second)}
    assert await actions_of(database) == [("Ada", "operator.invite"), ("Bo", "operator.sign_in")]
    [person] = await access.operators.people()
    assert person.seen_at == found.created_at


async def test_an_old_link_opens_nothing(access: Access, database: Database) -> None:
    """After ten minutes a link is over."""
    link = await access.links.invite("Bo", Role.VIEWER, "Ada")
    await move(database, OperatorLink, expires_at=link.expires_at - LIFETIME)
    with pytest.raises(SignInError, match="more than ten minutes old"):
        await access.links.sign_in(link.secret, SOURCE)


async def test_failures_of_one_source_are_limited(access: Access, database: Database) -> None:
    """After too many wrong tokens a source has to wait, even with a right one; others don't, and it passes."""
    for _ in range(MOST_FAILURES):
        with pytest.raises(SignInError, match="no longer works"):
            await access.links.sign_in("guessed", SOURCE)
    link = await access.links.invite("Bo", Role.VIEWER, "Ada")
    with pytest.raises(SignInError, match="ten minutes, then try again"):
        await access.links.sign_in(link.secret, SOURCE)
    with pytest.raises(SignInError, match="no longer works"):
        await access.links.sign_in("guessed", "192.0.2.8")
    await move(database, SignInAttempt, at=datetime.now(UTC) - PERIOD)
    assert await access.links.sign_in(link.secret, SOURCE)
    async with database.read() as session:
        assert SOURCE not in str((await session.execute(select(SignInAttempt.source))).all())


@pytest.mark.parametrize("moved", [{"seen_at": IDLE}, {"created_at": LONGEST}], ids=["idle", "old"])
async def test_a_session_ends_by_itself(access: Access, database: Database, moved: dict[str, timedelta]) -> None:
    """Nobody is signed in who did nothing for twelve hours, or signed in seven days ago."""
    link = await access.links.invite("Bo", Role.ADMIN, "Ada")
    secret = await access.links.sign_in(link.secret, SOURCE)
    found = await access.sessions.find(secret)
    assert found is not None
    [(column, age)] = moved.items()
    await move(database, OperatorSession, **{column: datetime.now(UTC) - age + timedelta(minutes=5)})
    assert await access.sessions.find(secret, used=False)
    await move(database, OperatorSession, **{column: datetime.now(UTC) - age})
    assert await access.sessions.find(secret) is None
    assert not await access.sessions.is_open(found.id)
    with pytest.raises(SignInError, match="signed out"):
        await access.sessions.authorise(found.id, Action.TEACH)


async def test_what_somebody_does_keeps_a_session(access: Access, database: Database) -> None:
    """Only what a person does counts, not a page that is merely open."""
    link = await access.links.invite("Bo", Role.ADMIN, "Ada")
    secret = await access.links.sign_in(link.secret, SOURCE)
    before = datetime.now(UTC) - timedelta(hours=11)
    await move(database, OperatorSession, seen_at=before)
    for used in (False, True):
        found = await access.sessions.find(secret, used=used)
        assert found is not None
        assert found.seen_at == before
    found = await access.sessions.find(secret)
    assert found is not None
    assert found.seen_at > before


@pytest.mark.parametrize("role", Role)
async def test_each_role_may_do_its_own(access: Access, role: Role) -> None:
    """Every action is allowed to the roles that the table names, and refused to all others with a sentence."""
    await signed_in(access, "Ada", Role.ADMIN)
    session = await signed_in(access, "Bo", role)
    allowed = set()
    for action in Action:
        try:
            operator = await access.sessions.authorise(session.id, action)
        except ForbiddenError as error:
            assert str(error).startswith("Only ")  # noqa: PT017 - each action raises or not
        else:
            assert (operator.name, operator.role) == ("Bo", role)
            allowed.add(action)
    assert allowed == MAY[role]


async def test_a_role_holds_from_the_next_action_on(access: Access, database: Database) -> None:
    """A session that is open loses with the role what the role could do, and with the access itself."""
    ada = await signed_in(access, "Ada", Role.ADMIN)
    bo = await signed_in(access, "Bo", Role.ADMIN)
    assert await access.operators.change_role(bo.operator.id, Role.CURATOR, "Ada") is Role.ADMIN
    with pytest.raises(ForbiddenError, match="Only admins"):
        await access.sessions.authorise(bo.id, Action.PROMOTE)
    assert (await access.sessions.authorise(bo.id, Action.TEACH)).role is Role.CURATOR
    await access.operators.end(bo.operator.id, "Ada")
    with pytest.raises(SignInError):
        await access.sessions.authorise(bo.id, Action.TEACH)
    with pytest.raises(OperatorError, match="has ended"):
        await access.links.invite("Bo", None, "Ada", restore=False)
    await access.operators.restore(bo.operator.id, "Ada")
    assert (await signed_in(access, "Bo")).operator.role is Role.CURATOR
    await access.operators.sign_out(ada.operator.id, "Bo")
    assert not await access.sessions.is_open(ada.id)
    done = [action for _, action in await actions_of(database) if action != "operator.invite"]
    assert done == [
        *("operator.sign_in", "operator.sign_in", "operator.role", "operator.end", "operator.restore"),
        *("operator.sign_in", "operator.sign_out"),
    ]


async def test_the_last_admin_stays(access: Access) -> None:
    """Nobody can leave the bot without an admin: not by ending, by a role or by an invitation, nor two at once."""
    ada = await signed_in(access, "Ada", Role.ADMIN)
    bo = await signed_in(access, "Bo", Role.ADMIN)
    for _ in range(10):
        ended = await asyncio.gather(
            access.operators.end(ada.operator.id, "Bo"),
            access.operators.change_role(bo.operator.id, Role.VIEWER, "Ada"),
            return_exceptions=True,
        )
        assert [type(one) for one in ended if one is not None] in ([OperatorError], [OperatorError, Role])
        await access.operators.restore(ada.operator.id, "Bo")
        await access.operators.change_role(bo.operator.id, Role.ADMIN, "Ada")
    await access.operators.end(ada.operator.id, "Bo")
    people = await access.operators.people()
    [last] = [one for one in people if one.role is Role.ADMIN and one.ended_at is None]
    for refused in (
        access.operators.end(last.id, "Ada"),
        access.operators.change_role(last.id, Role.CURATOR, "Ada"),
        access.links.invite(last.name, Role.VIEWER, "Ada"),
    ):
        with pytest.raises(OperatorError, match="last admin"):
            await refused


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
async def test_a_person_needs_a_name(access: Access, name: str) -> None:
    """The audit names people, so each has a name of sane length."""
    with pytest.raises(OperatorError, match="80 characters"):
        await access.links.invite(name, Role.VIEWER, "Ada")


async def test_somebody_ends_sessions_of_their_own_alone(access: Access) -> None:
    """A session ends what belongs to the same person, while it is open itself."""
    ada = await signed_in(access, "Ada", Role.ADMIN)
    bo = await signed_in(access, "Bo", Role.VIEWER)
    again = await signed_in(access, "Bo")
    assert [one.id for one in await access.sessions.of(bo.operator.id)] == [again.id, bo.id]
    await access.sessions.end(ada.id, bo.id)
    assert await access.sessions.is_open(ada.id)
    await access.sessions.end(again.id, bo.id)
    assert not await access.sessions.is_open(again.id)
    with pytest.raises(SignInError):
        await access.sessions.end(bo.id, again.id)


async def test_the_audit_is_found_by_who_what_and_when(access: Access, database: Database) -> None:
    """Filters narrow the deeds, percent signs are no wildcards, and pages go on where the one before ended."""
    async with database.write() as session:
        for number in range(PAGE + 2):
            audit.record(session, actor="Ada", action="example.approve", subject=f"example:{number}")
        audit.record(session, actor="100% Bo", action="model.promote", subject="model:v2")
    await move(database, Audit, at=datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    newest = await access.trail.deeds(Wanted())
    assert newest.entries[0].actor == "100% Bo"
    assert newest.older is not None
    oldest = await access.trail.deeds(Wanted(), before=newest.older)
    assert (len(oldest.entries), oldest.older) == (3, None)
    day = datetime(2026, 11, 30, tzinfo=UTC).date()
    for wanted, count in (
        (Wanted(actor="% bo"), 1),
        (Wanted(actor="%a"), 0),
        (Wanted(action="model."), 1),
        (Wanted(action="Model."), 1),
        (Wanted(subject="example:5"), 3),
        (Wanted(subject="Example:5"), 3),
        (Wanted(since=day, until=day, action="model"), 1),
        (Wanted(until=day - timedelta(days=1)), 0),
        (Wanted(since=day + timedelta(days=1)), 0),
    ):
        assert len((await access.trail.deeds(wanted)).entries) == count, wanted
