"""one live version

Revision ID: 0027
Revises: 0026
Created: 2026-12-01 02:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the turns of versions that were live before are taken from the first home that asks."""
    for column in (
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("stored_manifest", sa.Text(), nullable=True),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
    ):
        op.add_column("model_version", column)
    op.create_index(op.f("ix_model_version_turn"), "model_version", ["turn"], unique=True)
    op.create_table(
        "daemon",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_daemon")),
    )


def downgrade() -> None:
    """Revert; each home goes by its own file again."""
    op.drop_table("daemon")
    op.drop_index(op.f("ix_model_version_turn"), table_name="model_version")
    for name in ("turn", "stored_manifest", "stored_bytes"):
        op.drop_column("model_version", name)
