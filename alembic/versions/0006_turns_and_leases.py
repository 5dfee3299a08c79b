"""turns and leases

Revision ID: 0006
Revises: 0005
Created: 2026-11-29 12:33:10.118205
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BEFORE = ("received", "answering", "answered", "delivered", "failed", "expired")
_AFTER = (*_BEFORE, "refused")


def _state(*values: str) -> sa.Enum:
    return sa.Enum(*values, name="state", native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel",
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("free_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_channel_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "channel", name=op.f("pk_channel")),
    )
    # A visit to the page is a channel of its own, as a direct message is: visitors take turns like channels.
    op.execute(
        "UPDATE conversation SET channel = thread WHERE channel = 'page' AND workspace_id IN "
        "(SELECT id FROM workspace WHERE platform = 'web')"
    )
    op.execute(
        "INSERT INTO channel (workspace_id, channel) SELECT DISTINCT workspace_id, channel FROM conversation"
    )
    op.drop_table("channel_policy")  # which nothing has ever read or written
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.add_column(sa.Column("placeholder", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("lapses", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_question_platform_asker_received_at"), ["platform", "asker", "received_at"]
        )
        batch_op.create_index(batch_op.f("ix_question_received_at"), ["received_at"])
        batch_op.create_index(
            "ix_question_open",
            ["received_at"],
            sqlite_where=sa.text("state IN ('received', 'answering')"),
            postgresql_where=sa.text("state IN ('received', 'answering')"),
        )
        batch_op.alter_column(
            "state", existing_type=_state(*_BEFORE), type_=_state(*_AFTER), existing_nullable=False
        )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lapses", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("lease_owner", sa.Text(), nullable=True))
    for table, column in (("question", "placeholder"), ("question", "lapses"), ("outbox", "lapses")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, server_default=None)


def downgrade() -> None:
    """Revert."""
    question = sa.table("question", sa.column("state", sa.Text()))
    # No version before this one knows the word; its asker has been told, as of one that has expired.
    op.execute(question.update().where(question.c.state == "refused").values(state="expired"))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("lease_owner")
        batch_op.drop_column("lapses")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.alter_column(
            "state", existing_type=_state(*_AFTER), type_=_state(*_BEFORE), existing_nullable=False
        )
        batch_op.drop_index(
            "ix_question_open",
            sqlite_where=sa.text("state IN ('received', 'answering')"),
            postgresql_where=sa.text("state IN ('received', 'answering')"),
        )
        batch_op.drop_index(batch_op.f("ix_question_received_at"))
        batch_op.drop_index(batch_op.f("ix_question_platform_asker_received_at"))
        batch_op.drop_column("claimed_at")
        batch_op.drop_column("lapses")
        batch_op.drop_column("placeholder")
    op.create_table(
        "channel_policy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("answer_mode", sa.Text(), nullable=False),
        sa.Column("handoff_target", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_channel_policy_workspace_id_workspace"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_policy")),
        sa.UniqueConstraint("workspace_id", "channel", name=op.f("uq_channel_policy_workspace_id_channel")),
    )
    op.execute(
        "UPDATE conversation SET channel = 'page' WHERE workspace_id IN "
        "(SELECT id FROM workspace WHERE platform = 'web')"
    )
    op.drop_table("channel")
