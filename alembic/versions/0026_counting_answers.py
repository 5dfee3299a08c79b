"""counting answers

Revision ID: 0026
Revises: 0025
Created: 2026-11-30 20:00:00.000000
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # It finds what the one before it found, and has besides what is counted of very many answers at once.
    op.create_index("ix_answer_kind", "answer", ["question_id", "source", "entry_id", "model_version"])
    op.drop_index(op.f("ix_answer_question_id"), table_name="answer")


def downgrade() -> None:
    """Revert."""
    op.create_index(op.f("ix_answer_question_id"), "answer", ["question_id"])
    op.drop_index("ix_answer_kind", table_name="answer")
