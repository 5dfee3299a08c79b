"""Roles are taken back from the audit, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from supportbot.access.access import Access
from supportbot.access.errors import OperatorError
from supportbot.access.roles import Role
from supportbot.db import audit
from supportbot.db.session import Database


async def test_a_role_is_taken_back_while_it_holds(database: Database) -> None:
    """Its person has the one that they had before; a line about a role that they have no more offers nothing."""
    operators = Access(database).operators
    ada = (await Access(database).links.invite("Ada", Role.ADMIN, "test")).operator
    bo = (await Access(database).links.invite("Bo", Role.VIEWER, "test")).operator
    await operators.change_role(bo.id, Role.CURATOR, "Ada")
    await operators.change_role(bo.id, Role.ADMIN, "Ada")
    promoted, taught, *invited = await audit.recent(database, 4)
    assert await operators.undoable([promoted, taught, *invited]) == {promoted.audit_id}
    with pytest.raises(OperatorError, match="role has changed since"):
        await operators.undo_role(taught.audit_id, "Ada")
    await operators.undo_role(promoted.audit_id, "Ada")
    assert [one.role for one in await operators.people()] == [Role.ADMIN, Role.CURATOR]
    [undone] = await audit.recent(database, 1)
    assert (undone.actor, undone.action, undone.subject) == ("Ada", "operator.role", f"operator:{bo.id}")
    assert undone.details == {"before": "admin", "after": "curator"}
    assert await operators.undoable([undone, promoted, taught]) == {undone.audit_id, taught.audit_id}
    for other in (invited[0].audit_id, undone.audit_id + 1):
        with pytest.raises(OperatorError):
            await operators.undo_role(other, "Ada")
    assert ada.role is Role.ADMIN


async def test_the_last_admin_stays_one(database: Database) -> None:
    """Taking back that somebody became an admin is refused where nobody else is one."""
    access = Access(database)
    ada = (await access.links.invite("Ada", Role.ADMIN, "test")).operator
    bo = (await access.links.invite("Bo", Role.CURATOR, "test")).operator
    await access.operators.change_role(bo.id, Role.ADMIN, "Ada")
    [line] = await audit.recent(database, 1)
    await access.operators.end(ada.id, "Bo")
    with pytest.raises(OperatorError, match="last admin"):
        await access.operators.undo_role(line.audit_id, "Bo")
