"""model trials

Revision ID: 0024
Revises: 0023
Created: 2026-11-30 20:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_RUNNING = sa.text("state = 'running'")


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "model_trial",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("live", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Text(), nullable=False),
        sa.Column("share", sa.SmallInteger(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("most_conversations", sa.Integer(), nullable=False),
        sa.Column("most_days", sa.Integer(), nullable=False),
        sa.Column("promotes", sa.Boolean(), nullable=False),
        sa.Column("state", _words("state", "running", "stopped", "decided"), nullable=False),
        sa.Column(
            "outcome",
            _words(
                "outcome",
                *("better", "worse", "inconclusive", "by_hand", "live_changed", "candidate_gone"),
            ),
            nullable=True,
        ),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_trial")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_model_trial_running",
        "model_trial",
        ["state"],
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )


def downgrade() -> None:
    """Revert; what was answered keeps the version that said it."""
    op.drop_table("model_trial")
