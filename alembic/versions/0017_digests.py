"""digests

Revision ID: 0017
Revises: 0016
Created: 2026-11-30 10:20:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_STATE = sa.Enum(
    *("pending", "delivered", "failed"), name="state", native_enum=False, create_constraint=True, length=16
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "digest_post",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("workspace_id", _BIG_ID, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_digest_post_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_post")),
        sa.UniqueConstraint("mark", name=op.f("uq_digest_post_mark")),
        sa.UniqueConstraint("workspace_id", "week", name=op.f("uq_digest_post_workspace_id_week")),
    )
    op.create_index(op.f("ix_digest_post_state_due_at"), "digest_post", ["state", "due_at"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("digest_post")
