"""time of votes

Revision ID: 0008
Revises: 0007
Created: 2026-11-29 13:02:41.520118
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Votes from before have none: any later one counts, as it did then.
    op.add_column("feedback", sa.Column("voted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_column("voted_at")
