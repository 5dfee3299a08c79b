"""token vectors

Revision ID: 0030
Revises: 0029
Created: 2026-12-01 13:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TABLES = ("entry", "wording")


def upgrade() -> None:
    """Apply; the daemon fills them while it answers."""
    for table in _TABLES:
        op.add_column(table, sa.Column("token_vectors", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Revert."""
    for table in _TABLES:
        op.drop_column(table, "token_vectors")
