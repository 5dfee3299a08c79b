"""handoffs

Revision ID: 0014
Revises: 0013
Created: 2026-11-30 09:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_KEEP = {"sqlite_autoincrement": True}


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=16)


_KIND = _words("kind", "reply", "post", "told", "unreached", "relay", "reminder")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "handoff",
        sa.Column("id", _BIG_ID, nullable=False),
        sa.Column("question_id", _BIG_ID, nullable=False),
        sa.Column("workspace_id", _BIG_ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", _words("state", "open", "answered", "resolved", "unreached"), nullable=False),
        sa.Column("post_identity", sa.Text(), nullable=True),
        sa.Column("told_identity", sa.Text(), nullable=True),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("first_reply_at", _TIME, nullable=True),
        sa.Column("resolved_at", _TIME, nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("reminded_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_handoff_question_id_question"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_handoff_workspace_id_workspace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff")),
        sa.UniqueConstraint("question_id", name=op.f("uq_handoff_question_id")),
        **_KEEP,
    )
    for columns in (["platform", "post_identity"], ["told_identity"], ["state", "asked_at"], ["resolved_by"]):
        op.create_index(op.f(f"ix_handoff_{'_'.join(columns)}"), "handoff", columns)
    with op.batch_alter_table("outbox", schema=None, table_kwargs=_KEEP) as batch_op:
        batch_op.add_column(sa.Column("kind", _KIND, server_default="reply", nullable=False))
        batch_op.add_column(sa.Column("channel", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("note", sa.JSON(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_outbox_question_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_outbox_question_id_kind_answer_id"), ["question_id", "kind", "answer_id"]
        )


def downgrade() -> None:
    """Revert; what is still to be shown of hand-offs is given up, since no version before this one knows how."""
    outbox = sa.table("outbox", sa.column("kind", sa.Text()))
    op.execute(outbox.delete().where(outbox.c.kind != "reply"))
    with op.batch_alter_table("outbox", schema=None, table_kwargs=_KEEP) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_outbox_question_id_kind_answer_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_outbox_question_id"), ["question_id"])
        batch_op.drop_constraint(batch_op.f("ck_outbox_kind"), type_="check")
        batch_op.drop_column("note")
        batch_op.drop_column("channel")
        batch_op.drop_column("kind")
    op.drop_table("handoff")
