"""samples

Revision ID: 0016
Revises: 0014
Created: 2026-11-30 10:30:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

_BEFORE = ("reply", "post", "told", "unreached", "relay", "reminder")
_AFTER = (*_BEFORE, "ask_again")
_KEEP = {"sqlite_autoincrement": True}
_IS_SAMPLE = sa.text("sample_of IS NOT NULL")


def _kind(*words: str) -> sa.Enum:
    return sa.Enum(*words, name="kind", native_enum=False, create_constraint=True, length=16)


def upgrade() -> None:
    """Apply."""
    op.add_column("question", sa.Column("sample_of", sa.BigInteger(), nullable=True))
    op.add_column("question", sa.Column("sample", sa.SmallInteger(), server_default="1", nullable=False))
    op.create_index(
        "uq_question_sample_of_sample",
        "question",
        ["sample_of", "sample"],
        unique=True,
        sqlite_where=_IS_SAMPLE,
        postgresql_where=_IS_SAMPLE,
    )
    _allow(_BEFORE, _AFTER)


def downgrade() -> None:
    """Revert; other samples stay as questions, and nobody is offered any more to ask again."""
    outbox = sa.table("outbox", sa.column("kind", sa.Text()))
    op.execute(outbox.delete().where(outbox.c.kind == "ask_again"))
    _allow(_AFTER, _BEFORE)
    op.drop_index("uq_question_sample_of_sample", "question")
    op.drop_column("question", "sample")
    op.drop_column("question", "sample_of")


def _allow(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Change what a row of the outbox may be."""
    with op.batch_alter_table("outbox", schema=None, table_kwargs=_KEEP) as batch_op:
        batch_op.alter_column("kind", existing_type=_kind(*before), type_=_kind(*after), existing_nullable=False)
