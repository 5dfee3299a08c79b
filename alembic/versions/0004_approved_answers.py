"""approved answers

Revision ID: 0004
Revises: 0003
Created: 2026-11-27 23:50:10.191156
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "foreign_question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_question")),
        sa.UniqueConstraint("text", name=op.f("uq_foreign_question_text")),
    )
    op.create_table(
        "knowledge_state",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("calibration", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_knowledge_state")),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answer_key", sa.Text(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "votes",
                "correction",
                "human",
                "import",
                "document",
                "small_talk",
                name="source",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum("live", "retired", name="state", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_entry_workspace_id_workspace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_answer_key"), ["answer_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_revision"), ["revision"], unique=False)

    op.create_table(
        "wording",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("example_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entry.id"], name=op.f("fk_wording_entry_id_entry"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["example_id"], ["example.id"], name=op.f("fk_wording_example_id_example"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name=op.f("fk_wording_workspace_id_workspace"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
        sa.UniqueConstraint("example_id", name=op.f("uq_wording_example_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wording_entry_id"), ["entry_id"], unique=False)

    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("similarity", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("grounds", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_answer_entry_id"), ["entry_id"], unique=False)
    _move_approved_examples()


def _move_approved_examples() -> None:
    """Make approved answers of the approved rows: rows with the same answer become wordings of one."""
    connection = op.get_bind()
    big = sa.BigInteger()
    example = sa.table(
        "example",
        *(sa.column(name, sa.Text()) for name in ("source", "prompt", "completion", "label", "status", "curator")),
        sa.column("id", big),
        sa.column("workspace_id", big),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("created_at", "decided_at")),
    )
    entry = sa.table(
        "entry",
        sa.column("id", big),
        *(sa.column(name, sa.Text()) for name in ("answer", "answer_key", "source", "approved_by", "state")),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in ("approved_at", "created_at")),
        sa.column("revision", big),
    )
    wording = sa.table(
        "wording",
        *(sa.column(name, big) for name in ("entry_id", "example_id", "workspace_id")),
        sa.column("text", sa.Text()),
    )
    state = sa.table("knowledge_state", sa.column("id", big), sa.column("revision", big))
    connection.execute(state.insert().values(id=1, revision=1))
    entries: dict[str, int] = {}
    last = 0
    while rows := connection.execute(
        sa.select(example)
        .where(example.c.id > last, example.c.status == "approved", example.c.label == "good")
        .order_by(example.c.id)
        .limit(1_000)
    ).all():
        for row in rows:
            key = _key(row.completion)
            if key not in entries:
                entries[key] = connection.execute(
                    entry.insert()
                    .values(
                        answer=row.completion,
                        answer_key=key,
                        source=row.source,
                        approved_by=row.curator or "unknown",
                        approved_at=row.decided_at or row.created_at,
                        created_at=row.decided_at or row.created_at,
                        state="live",
                        revision=1,
                    )
                    .returning(entry.c.id)
                ).scalar_one()
        connection.execute(
            wording.insert(),
            [
                {
                    "entry_id": entries[_key(row.completion)],
                    "example_id": row.id,
                    "workspace_id": row.workspace_id,
                    "text": row.prompt,
                }
                for row in rows
            ],
        )
        last = rows[-1].id


def _key(answer: str) -> str:
    return hashlib.sha256(" ".join(answer.split()).encode()).hexdigest()


def downgrade() -> None:
    """Revert."""
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_entry_id"))
        batch_op.drop_column("grounds")
        batch_op.drop_column("similarity")
        batch_op.drop_column("entry_id")

    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wording_entry_id"))

    connection = op.get_bind()
    if connection.dialect.name == "postgresql":  # where a daemon may have made tables that hang on this one
        made = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        for name in connection.scalars(sa.text(made)).all():
            if name.startswith("wording_vector_"):
                op.drop_table(name)
    op.drop_table("wording")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_revision"))
        batch_op.drop_index(batch_op.f("ix_entry_answer_key"))

    op.drop_table("entry")
    op.drop_table("knowledge_state")
    op.drop_table("foreign_question")
