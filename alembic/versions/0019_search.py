"""search

Revision ID: 0019
Revises: 0018
Created: 2026-11-30 16:10:00.000000
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = ("question", "answer")
_INDEXES = {
    "ix_answer_source_question_id": ("source", "question_id"),
    "ix_answer_model_version_question_id": ("model_version", "question_id"),
}
# PostgreSQL's parser keeps addresses and words with hyphens as one; SQLite's does not, and nobody expects it.
_APART = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~''"
_MOST = 100_000  # characters: a longer text might exceed what a tsvector holds (1 MB), and could not be written


def upgrade() -> None:
    """Apply."""
    for name, columns in _INDEXES.items():
        op.create_index(name, "answer", list(columns))
    for table in _TABLES:
        if op.get_bind().dialect.name == "sqlite":
            _add_to_sqlite(table)
        else:
            _add_to_postgresql(table)


def downgrade() -> None:
    """Revert."""
    for table in _TABLES:
        if op.get_bind().dialect.name == "sqlite":
            for event in ("insert", "update", "delete"):
                op.execute(sa.text(f"DROP TRIGGER search_{table}_{event}"))
            op.execute(sa.text(f"DROP TABLE search_{table}"))
        else:
            op.execute(sa.text(f"DROP INDEX search_{table}"))
            op.execute(sa.text(f"ALTER TABLE {table} DROP COLUMN search_words"))
    for name in _INDEXES:
        op.drop_index(name, "answer")


def _add_to_sqlite(table: str) -> None:
    """Index the words beside the table, which keeps the text; triggers follow whatever changes it.

    A later migration that makes the table anew must make the triggers anew.
    """
    index = f"search_{table}"
    add = f"INSERT INTO {index} (rowid, text) VALUES (new.id, new.text);"  # noqa: S608 - names of ours, as below
    take = f"INSERT INTO {index} ({index}, rowid, text) VALUES ('delete', old.id, old.text);"  # noqa: S608
    for statement in (
        f"CREATE VIRTUAL TABLE {index} USING fts5 (text, content = '{table}', content_rowid = 'id', "
        "tokenize = 'unicode61 remove_diacritics 2')",
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF text ON {table} BEGIN {take} {add} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {take} END",
        f"INSERT INTO {index} ({index}) VALUES ('rebuild')",  # noqa: S608
    ):
        op.get_bind().exec_driver_sql(statement)


def _add_to_postgresql(table: str) -> None:
    words = f"translate(left(text, {_MOST}), '{_APART}', repeat(' ', {len(_APART) - 1}))"
    op.get_bind().exec_driver_sql(
        f"ALTER TABLE {table} ADD COLUMN search_words tsvector "
        f"GENERATED ALWAYS AS (to_tsvector('simple', {words.replace('%', '%%')})) STORED"
    )
    op.execute(sa.text(f"CREATE INDEX search_{table} ON {table} USING gin (search_words)"))
