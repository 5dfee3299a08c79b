"""training examples

Revision ID: 0002
Revises: 0001
Created: 2026-11-22 19:39:41.406056
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # No version of the program wrote examples before this one, so both tables are made anew.
    op.drop_table("run_example")
    op.drop_table("example")
    op.create_table(
        "run_example",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "example_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_run.id"], name=op.f("fk_run_example_run_id_training_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "example_id", name=op.f("pk_run_example")),
    )
    with op.batch_alter_table("run_example", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_example_example_id"), ["example_id"], unique=False)

    op.create_table(
        "example",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "votes",
                "correction",
                "human",
                "import",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("completion", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Text(), nullable=True),
        sa.Column(
            "label",
            sa.Enum("good", "bad", name="label", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("origin_answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column(
            "split",
            sa.Enum("train", "held_out", name="split", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("duplicate_of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "approved",
                "rejected",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("curator", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"],
            ["example.id"],
            name=op.f("fk_example_duplicate_of_id_example"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["origin_answer_id"],
            ["answer.id"],
            name=op.f("fk_example_origin_answer_id_answer"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_example_workspace_id_workspace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_example")),
        sa.UniqueConstraint("origin", name=op.f("uq_example_origin")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("example", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_example_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_example_sort_key"), ["sort_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_example_status_split"), ["status", "split"], unique=False)

    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.alter_column(
            "reason", existing_type=sa.TEXT(), type_=sa.String(length=16), existing_nullable=True
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_feedback_reason"),
            "reason IN ('wrong', 'outdated', 'incomplete', 'not_asked', 'rude', 'other')",
        )


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_feedback_reason"), type_="check")
        batch_op.alter_column(
            "reason", existing_type=sa.String(length=16), type_=sa.TEXT(), existing_nullable=True
        )

    op.drop_table("run_example")
    op.drop_table("example")
    op.create_table(
        "example",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("completion", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("origin_answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "approved",
                "rejected",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("curator", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["origin_answer_id"],
            ["answer.id"],
            name=op.f("fk_example_origin_answer_id_answer"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_example")),
    )
    with op.batch_alter_table("example", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_example_status"), ["status"], unique=False)

    op.create_table(
        "run_example",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("example_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["example_id"], ["example.id"], name=op.f("fk_run_example_example_id_example"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_run.id"], name=op.f("fk_run_example_run_id_training_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "example_id", name=op.f("pk_run_example")),
    )
