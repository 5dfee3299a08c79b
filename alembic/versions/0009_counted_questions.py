"""counted questions

Revision ID: 0009
Revises: 0008
Created: 2026-11-29 17:40:12.304551
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


_INDICES = (
    ("ix_question_counted_workspace", ["workspace_id", "received_at"]),
    ("ix_question_counted_channel", ["workspace_id", "channel", "received_at"]),
)


def upgrade() -> None:
    """Apply."""
    # Only what was asked within the last minute is counted by them, so older questions need none.
    op.add_column("question", sa.Column("workspace_id", sa.BigInteger(), nullable=True))
    op.add_column("question", sa.Column("channel", sa.Text(), nullable=True))
    op.add_column("question", sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, columns in _INDICES:
        op.create_index(
            name,
            "question",
            columns,
            sqlite_where=sa.text("state <> 'refused'"),
            postgresql_where=sa.text("state <> 'refused'"),
        )


def downgrade() -> None:
    """Revert."""
    for name, _ in _INDICES:
        op.drop_index(name, table_name="question")
    op.drop_column("question", "late")
    op.drop_column("question", "channel")
    op.drop_column("question", "workspace_id")
