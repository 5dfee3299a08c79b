"""policies

Revision ID: 0013
Revises: 0012
Created: 2026-11-30 09:05:11.270361
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel_policy",
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_channel_policy_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "channel", name=op.f("pk_channel_policy")),
    )
    op.add_column("channel", sa.Column("parent", sa.Text(), nullable=True))
    op.add_column("question", sa.Column("unasked", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Revert."""
    # An answer to what nobody asked reads as any other then; what waits would be answered in any case.
    op.execute("DELETE FROM question WHERE unasked AND state IN ('received', 'answering')")
    op.drop_column("question", "unasked")
    op.drop_column("channel", "parent")
    op.drop_table("channel_policy")
