"""passages of documents

Revision ID: 0005
Revises: 0004
Created: 2026-11-29 01:45:12.402113
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BEFORE = ("generated", "approved", "not_sure", "human")
_AFTER = ("generated", "approved", "quoted", "not_sure", "human")


def _source(*values: str) -> sa.Enum:
    return sa.Enum(*values, name="source", native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "passage",
        sa.Column(
            "example_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("answer_key", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("question_vector", sa.LargeBinary(), nullable=True),
        sa.Column("text_vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["example_id"], ["example.id"], name=op.f("fk_passage_example_id_example"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("example_id", name=op.f("pk_passage")),
    )
    with op.batch_alter_table("passage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passage_document_key"), ["document_key"], unique=False)
    _allow(_BEFORE, _AFTER)


def downgrade() -> None:
    """Revert."""
    answer = sa.table("answer", sa.column("source", sa.Text()))
    # No version before this one knows the word; what was quoted is at least nothing that anybody was sure of.
    op.execute(answer.update().where(answer.c.source == "quoted").values(source="not_sure"))
    _allow(_AFTER, _BEFORE)
    with op.batch_alter_table("passage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passage_document_key"))
    op.drop_table("passage")


def _allow(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Change which sources an answer may have."""
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.alter_column(
            "source", existing_type=_source(*before), type_=_source(*after), existing_nullable=False
        )
