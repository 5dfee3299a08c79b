"""operators

Revision ID: 0018
Revises: 0017
Created: 2026-11-30 16:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "operator",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("name", name=op.f("uq_operator_name")),
        sa.UniqueConstraint("identity", name=op.f("uq_operator_identity")),
    )
    op.create_table(
        "operator_link",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("operator_id", _BIG_ID, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        _of_operator("operator_link"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_operator_link")),
    )
    op.create_index(op.f("ix_operator_link_operator_id"), "operator_link", ["operator_id"])
    op.create_table(
        "operator_session",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("operator_id", _BIG_ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        _of_operator("operator_session"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_operator_session_digest")),
    )
    op.create_index(op.f("ix_operator_session_operator_id"), "operator_session", ["operator_id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_source"), "sign_in_attempt", ["source"])
    op.create_index(op.f("ix_sign_in_attempt_at"), "sign_in_attempt", ["at"])


def downgrade() -> None:
    """Revert."""
    for table in ("sign_in_attempt", "operator_session", "operator_link", "operator"):
        op.drop_table(table)


def _of_operator(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["operator_id"], ["operator.id"], name=op.f(f"fk_{table}_operator_id_operator"), ondelete="CASCADE"
    )
