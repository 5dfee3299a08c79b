"""threads

Revision ID: 0012
Revises: 0011
Created: 2026-11-30 05:38:20.514116
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("conversation", sa.Column("is_quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("conversation", sa.Column("talked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Revert."""
    op.drop_column("conversation", "talked_at")
    op.drop_column("conversation", "is_quiet")
