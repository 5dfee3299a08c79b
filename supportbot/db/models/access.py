"""Who may open the console, and how they come in; of secrets only their digests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId


class OperatorAccount(Base):
    """Somebody of the team that runs the bot.

    Attributes:
        name: as the audit calls them; never given to somebody else.
        role: one of ``supportbot.access.roles``.
        identity: what a provider of sign-in calls them; nothing for who comes by links.
        seen_at: when they last signed in or opened a page, to the minute.
        ended_at: since when they may not come in any more.
    """

    __tablename__ = "operator"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    identity: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class OperatorLink(Base):
    """A link that signs somebody in once."""

    __tablename__ = "operator_link"

    digest: Mapped[str] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(BigId, ForeignKey("operator.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OperatorSession(Base):
    """A browser in which somebody has signed in; the row goes when that ends."""

    __tablename__ = "operator_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    operator_id: Mapped[int] = mapped_column(BigId, ForeignKey("operator.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SignInAttempt(Base):
    """An attempt that failed, until it no longer counts."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
