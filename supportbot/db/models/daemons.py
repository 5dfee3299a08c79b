"""Daemons on a database that machines share: which model each answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base


class Daemon(Base):
    """A daemon that was seen lately; it says so itself, and takes its row away when it stops.

    ``owner`` is the name that its claims carry. ``version`` is what it answers with, ``versions`` what its home
    has, and ``problem`` a sentence of ours: why it does not answer with the live version; None while it does.
    """

    __tablename__ = "daemon"

    owner: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    version: Mapped[str]
    versions: Mapped[list[Any]] = mapped_column(default=list)
    problem: Mapped[str | None]
    seen_at: Mapped[datetime]
