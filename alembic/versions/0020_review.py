"""review

Revision ID: 0020
Revises: 0019
Created: 2026-11-30 16:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_WAITS = sa.text("status = 'pending'")
_LEASED = sa.text("lease_owner IS NOT NULL")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Apply."""
    op.add_column("example", sa.Column("weight", sa.Integer(), server_default="0", nullable=False))
    op.add_column("example", sa.Column("lease_owner", sa.Text(), nullable=True))
    op.add_column("example", sa.Column("lease_until", _TIME, nullable=True))
    op.create_index(
        "ix_example_waiting", "example", ["weight", "id"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
    op.create_index(
        "ix_example_leased", "example", ["lease_owner"], sqlite_where=_LEASED, postgresql_where=_LEASED
    )
    op.create_index(op.f("ix_example_duplicate_of_id"), "example", ["duplicate_of_id"])
    op.create_table(
        "example_decision",
        sa.Column("audit_id", _BIG_ID, autoincrement=False, nullable=False),
        sa.Column("deed", sa.BigInteger(), nullable=False),
        sa.Column("example_id", _BIG_ID, nullable=False),
        sa.Column("status", _words("status", "pending", "approved", "rejected"), nullable=False),
        sa.Column("label", _words("label", "good", "bad"), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("completion", sa.Text(), nullable=True),
        sa.Column("rejected", sa.Text(), nullable=True),
        sa.Column("curator", sa.Text(), nullable=True),
        sa.Column("decided_before", _TIME, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("foreign_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["example_id"],
            ["example.id"],
            name=op.f("fk_example_decision_example_id_example"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_example_decision")),
    )
    for column in ("example_id", "deed", "decided_at"):
        op.create_index(op.f(f"ix_example_decision_{column}"), "example_decision", [column])


def downgrade() -> None:
    """Revert; what was decided stays decided."""
    op.drop_table("example_decision")
    op.drop_index(op.f("ix_example_duplicate_of_id"), "example")
    op.drop_index("ix_example_leased", "example")
    op.drop_index("ix_example_waiting", "example")
    for column in ("lease_until", "lease_owner", "weight"):
        op.drop_column("example", column)
