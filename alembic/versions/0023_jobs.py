"""jobs

Revision ID: 0023
Revises: 0022
Created: 2026-11-30 20:00:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_KIND = sa.Enum(
    *("train", "evaluate", "publish"), name="kind", native_enum=False, create_constraint=True, length=16
)
_STATE = sa.Enum(
    *("running", "ended", "failed", "cancelled", "lost"),
    name="state",
    native_enum=False,
    create_constraint=True,
    length=16,
)
_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "job",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("process_started", sa.Double(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=True),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("cancelled_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(
        "ix_job_running", "job", ["state"], unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING
    )
    op.create_index(op.f("ix_job_run"), "job", ["run"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("job")
