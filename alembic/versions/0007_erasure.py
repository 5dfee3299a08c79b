"""erasure

Revision ID: 0007
Revises: 0006
Created: 2026-11-29 12:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ERASABLE = ("conversation", "question", "answer", "outbox", "feedback")


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_answer_author"), ["author"], unique=False)
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_voter"), ["voter"], unique=False)
    # PostgreSQL never gives a number twice by itself; SQLite only learns it when a table is made.
    if op.get_bind().dialect.name == "sqlite":
        for table in _ERASABLE:
            with op.batch_alter_table(
                table, schema=None, recreate="always", table_kwargs={"sqlite_autoincrement": True}
            ):
                pass


def downgrade() -> None:
    """Revert; that numbers are not given twice stays, since it changes nothing for an older program."""
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_voter"))
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_author"))
        batch_op.drop_column("author")
