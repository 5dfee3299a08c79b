"""wrong rate

Revision ID: 0021
Revises: 0020
Created: 2026-11-30 16:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("knowledge_state", sa.Column("wrong_rate", sa.Double(), nullable=True))
    op.create_index(op.f("ix_entry_approved_at_id"), "entry", ["approved_at", "id"])


def downgrade() -> None:
    """Revert."""
    op.drop_index(op.f("ix_entry_approved_at_id"), table_name="entry")
    op.drop_column("knowledge_state", "wrong_rate")
