"""What all records share: the types of their columns and the names of their constraints.

Identifiers that come from platforms are text (Discord's exceed 2**53). Times are UTC. Constraint names follow a
convention, so migrations can be reversed on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    inspect,
)
from sqlalchemy.orm import DeclarativeBase

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is INTEGER (which there has 64 bits anyway)."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time that is always aware and always UTC, also on SQLite, which forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StorableText(TypeDecorator[str]):
    """Text of any kind, as ``storable`` says."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Store what can be stored."""
        return None if value is None else storable(value)


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return a text in which what no database can hold is the replacement character.

    That is lone surrogates, which are no Unicode text, and NUL, which PostgreSQL refuses. Users type both, and
    a byte-level model may generate the latter.
    """
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def text_enum(kind: type[StrEnum], name: str) -> Enum:
    """Return a column type for the values of an enum."""
    # A short text with a CHECK: native enums of PostgreSQL can't be changed within a transaction.
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=16,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Declarative base with the naming convention and the types of plain annotations."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: StorableText(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


@cache
def table_of(record: type[Base]) -> Table:
    """Return the table of a record: a statement on it takes half as long as one on the class."""
    table = inspect(record).local_table
    assert isinstance(table, Table)  # noqa: S101 - each record has one
    return table
