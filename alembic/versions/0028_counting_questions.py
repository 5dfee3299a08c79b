"""counting questions

Revision ID: 0028
Revises: 0027
Created: 2026-12-01 02:00:00.000000
"""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_ASKED = ["received_at", "id", "state", "sample", "answered_at", "platform", "conversation_id", "workspace_id"]
_KIND = ["question_id", "source", "entry_id", "model_version"]


def upgrade() -> None:
    """Apply."""
    # Each finds what the one before it found, and has besides what is counted of very many rows at once.
    op.create_index("ix_question_asked", "question", _ASKED)
    op.drop_index(op.f("ix_question_received_at"), table_name="question")
    op.drop_index("ix_answer_kind", table_name="answer")
    op.create_index("ix_answer_kind", "answer", [*_KIND, "id"])


def downgrade() -> None:
    """Revert."""
    op.drop_index("ix_answer_kind", table_name="answer")
    op.create_index("ix_answer_kind", "answer", _KIND)
    op.create_index(op.f("ix_question_received_at"), "question", ["received_at"])
    op.drop_index("ix_question_asked", table_name="question")
