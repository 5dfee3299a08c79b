"""consent of each person

Revision ID: 0010
Revises: 0009
Created: 2026-11-29 17:20:11.402917
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BATCH = 1_000
_BIG = sa.BigInteger()

_workspace = sa.table(
    "workspace",
    sa.column("id", _BIG),
    *(sa.column(name, sa.Text()) for name in ("platform", "external_id", "name", "training_consent_by")),
    sa.column("settings", sa.JSON()),
    sa.column("training_consent_at", sa.DateTime(timezone=True)),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_conversation, _wording, _entry, _example, _channel = (
    sa.table(
        name, *(sa.column(column, _BIG) for column in columns), *(sa.column(text, sa.Text()) for text in texts)
    )
    for name, columns, texts in (
        ("conversation", ("id", "workspace_id"), ("channel",)),
        ("wording", ("id", "workspace_id", "example_id"), ()),
        ("entry", ("id", "workspace_id"), ()),
        ("example", ("id", "workspace_id"), ("person",)),
        ("channel", ("workspace_id",), ("channel",)),
    )
)
_question = sa.table("question", sa.column("conversation_id", _BIG), sa.column("asker", sa.Text()))

_HOLDERS = (_conversation, _channel, _example, _wording, _entry)
"""All tables whose rows belong to a workspace."""


def upgrade() -> None:
    """Apply."""
    op.add_column("example", sa.Column("author", sa.Text(), nullable=True))
    op.create_index(op.f("ix_example_author"), "example", ["author"], unique=False)
    op.execute(
        "UPDATE example SET author = (SELECT author FROM answer WHERE answer.id = example.origin_answer_id) "
        "WHERE source = 'human'"
    )
    _give_each_person_their_own()


def _give_each_person_their_own() -> None:
    """Make a workspace of each person's direct messages in Discord; nobody could consent for all of them."""
    connection = op.get_bind()
    shared = connection.scalar(_named("dm"))
    if shared is None:
        return
    own: dict[str, int] = {}

    def own_of(asker: str) -> int:
        if asker not in own:
            name = f"dm:{hashlib.sha256(f'discord:{asker}'.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
            own[asker] = connection.scalar(_named(name)) or _made(name)
        return own[asker]

    last = 0
    while rows := connection.execute(
        sa.select(_conversation.c.id, _conversation.c.channel, sa.func.min(_question.c.asker).label("asker"))
        .join_from(_conversation, _question, _question.c.conversation_id == _conversation.c.id)
        .where(_conversation.c.workspace_id == shared, _conversation.c.id > last)
        .group_by(_conversation.c.id, _conversation.c.channel)
        .order_by(_conversation.c.id)
        .limit(_BATCH)
    ).all():
        last = rows[-1].id
        for row in rows:
            mine = {"workspace_id": own_of(row.asker)}
            connection.execute(_conversation.update().where(_conversation.c.id == row.id).values(mine))
            connection.execute(
                _channel.update()
                .where(_channel.c.workspace_id == shared, _channel.c.channel == row.channel)
                .values(mine)
            )
    given = sa.select(_example.c.person).where(_example.c.workspace_id == shared, _example.c.person.is_not(None))
    for person in connection.scalars(given.distinct()).all():
        connection.execute(
            _example.update()
            .where(_example.c.workspace_id == shared, _example.c.person == person)
            .values(workspace_id=own_of(person.removeprefix("discord:")))
        )
    of_example = sa.select(_example.c.workspace_id).where(_example.c.id == _wording.c.example_id).scalar_subquery()
    connection.execute(
        _wording.update()
        .where(_wording.c.workspace_id == shared, _wording.c.example_id.is_not(None))
        .values(workspace_id=of_example)
    )
    # What nobody can be found for stays where it is, and counts for nobody.
    connection.execute(
        _workspace.update()
        .where(_workspace.c.id == shared)
        .values(training_consent_by=None, training_consent_at=None)
    )
    connection.execute(_workspace.delete().where(_workspace.c.id == shared, *map(_holds_nothing, _HOLDERS)))


def downgrade() -> None:
    """Revert; what single persons allowed ends, for the older program would take it for everybody's."""
    connection = op.get_bind()
    own = (_workspace.c.platform == "discord", _workspace.c.external_id.like("dm:%"))
    if connection.scalar(sa.select(sa.func.count()).select_from(_workspace).where(*own)):
        shared = connection.scalar(_named("dm")) or _made("dm")
        for table in _HOLDERS:
            theirs = table.c.workspace_id.in_(sa.select(_workspace.c.id).where(*own))
            connection.execute(table.update().where(theirs).values(workspace_id=shared))
        connection.execute(_workspace.delete().where(*own))
    op.drop_index(op.f("ix_example_author"), table_name="example")
    op.drop_column("example", "author")


def _named(name: str) -> sa.Select[int]:
    return sa.select(_workspace.c.id).where(_workspace.c.platform == "discord", _workspace.c.external_id == name)


def _made(name: str) -> int:
    row = {"platform": "discord", "external_id": name, "name": "", "settings": {}, "created_at": sa.func.now()}
    made: int = op.get_bind().execute(_workspace.insert().values(row).returning(_workspace.c.id)).scalar_one()
    return made


def _holds_nothing(table: sa.TableClause) -> sa.ColumnElement[bool]:
    return ~sa.select(table.c.workspace_id).where(table.c.workspace_id == _workspace.c.id).exists()
