"""answers of people

Revision ID: 0003
Revises: 0002
Created: 2026-11-22 22:14:08.114217
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_reply_identity"), ["reply_identity"], unique=False)
        # No version of the program wrote answers of people before this one, so there is nothing to be unique yet.
        batch_op.create_index(
            "uq_answer_reply_identity_by_people",
            ["reply_identity"],
            unique=True,
            sqlite_where=sa.text("source = 'human'"),
            postgresql_where=sa.text("source = 'human'"),
        )


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_answer_reply_identity_by_people",
            sqlite_where=sa.text("source = 'human'"),
            postgresql_where=sa.text("source = 'human'"),
        )
        batch_op.drop_index(batch_op.f("ix_answer_reply_identity"))
