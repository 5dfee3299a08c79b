"""late changes

Revision ID: 0029
Revises: 0028
Created: 2026-12-01 06:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# How the question of a changed row is found, by table; and which columns are counted.
_QUESTION = {
    "question": "q.id = {row}.id",
    "answer": "q.id = {row}.question_id",
    "feedback": "q.id = (SELECT question_id FROM answer WHERE id = {row}.answer_id)",
    "handoff": "q.id = {row}.question_id",
}
_COUNTED = {
    "question": "state, sample, answered_at, received_at, platform, conversation_id, workspace_id",
    "answer": "source, entry_id, model_version, question_id",
    "feedback": "vote, answer_id",
    "handoff": "question_id",
}
# Days of before are no part of any period; a retention that erases them by the thousand notes none.
_DAYS = 62


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "late_change",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_change")),
        sqlite_autoincrement=True,
    )
    # What is small talk is asked beside each answer that is counted.
    op.create_index(op.f("ix_entry_source"), "entry", ["source"])
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in () if is_sqlite else functions():
        op.get_bind().exec_driver_sql(statement)
    for table in _QUESTION:
        (_watch_on_sqlite if is_sqlite else _watch_on_postgresql)(table)


def downgrade() -> None:
    """Revert."""
    for table in _QUESTION:
        is_sqlite = op.get_bind().dialect.name == "sqlite"
        for event in ("insert", "update", "delete"):
            op.execute(sa.text(f"DROP TRIGGER late_{table}_{event}" + ("" if is_sqlite else f" ON {table}")))
        if not is_sqlite:
            op.execute(sa.text(f"DROP FUNCTION late_{table}()"))
    op.drop_index(op.f("ix_entry_source"), table_name="entry")
    op.drop_table("late_change")


def _watch_on_sqlite(table: str) -> None:
    """Note the day of whatever is changed of a question when its day is over.

    A later migration that makes the table anew must make the triggers anew.
    """

    def note(row: str) -> str:
        day = f"substr({row}.received_at, 1, 10)"
        is_late = f"{day} < date('now') AND {day} > date('now', '-{_DAYS} days')"
        if table == "question":  # which may be gone by now
            return f"INSERT INTO late_change (day) SELECT {day} WHERE {is_late};"
        return (
            f"INSERT INTO late_change (day) SELECT {day.replace(row, 'q')} FROM question q "  # noqa: S608 - as above
            f"WHERE {_QUESTION[table].format(row=row)} AND {is_late.replace(f'{row}.', 'q.')};"
        )

    for statement in (
        f"CREATE TRIGGER late_{table}_insert AFTER INSERT ON {table} BEGIN {note('new')} END",
        f"CREATE TRIGGER late_{table}_update AFTER UPDATE OF {_COUNTED[table]} ON {table} "
        f"BEGIN {note('old')} {note('new')} END",
        f"CREATE TRIGGER late_{table}_delete AFTER DELETE ON {table} BEGIN {note('old')} END",
    ):
        op.get_bind().exec_driver_sql(statement)


_DAY, _TODAY = "(received_at AT TIME ZONE 'UTC')::date", "(now() AT TIME ZONE 'UTC')::date"


def functions() -> list[str]:
    """Return what PostgreSQL's triggers call; a dump of tables has the triggers, and not these."""
    found = []
    for table, condition in _QUESTION.items():
        source = f"question q WHERE {condition}"
        if table == "question":  # as above
            source = "(SELECT {row}.received_at) q WHERE true"
        note = (
            f"INSERT INTO late_change (day) SELECT {_DAY} FROM {source} "  # noqa: S608 - as above
            f"AND {_DAY} < {_TODAY} AND {_DAY} > {_TODAY} - {_DAYS};"
        )
        body = (
            f"IF TG_OP <> 'INSERT' THEN {note.format(row='OLD')} END IF; "
            f"IF TG_OP <> 'DELETE' THEN {note.format(row='NEW')} END IF; RETURN NULL;"
        )
        found.append(
            f"CREATE OR REPLACE FUNCTION late_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
    return found


def _watch_on_postgresql(table: str) -> None:
    """Likewise. Rows are only added, so that nobody who changes something waits for anybody else who does."""
    for event, rows in (
        ("INSERT", ("NEW",)),
        (f"UPDATE OF {_COUNTED[table]}", ("OLD", "NEW")),
        ("DELETE", ("OLD",)),
    ):
        # The states of a question change several times within its day: then no function is called.
        is_late = " OR ".join(f"({row}.{_DAY[1:]} < {_TODAY}" for row in rows)
        when = f"WHEN ({is_late}) " if table == "question" else ""
        name = f"late_{table}_{event.split()[0].lower()}"
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION late_{table}()"
        )
