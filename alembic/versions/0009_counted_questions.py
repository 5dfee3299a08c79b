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


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_question_counted",
        "question",
        ["received_at"],
        sqlite_where=sa.text("state <> 'refused'"),
        postgresql_where=sa.text("state <> 'refused'"),
    )


def downgrade() -> None:
    """Revert."""
    op.drop_index("ix_question_counted", table_name="question")
