"""put into review

Revision ID: 0025
Revises: 0024
Created: 2026-11-30 20:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("example", sa.Column("put_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Revert; what was put into the queue stays there."""
    op.drop_column("example", "put_by")
