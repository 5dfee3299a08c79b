"""Where the Slack app is installed, and installations in progress: the tables of slack_sdk's stores, by our names.

The columns are the library's (``AsyncSQLAlchemyInstallationStore`` and ``AsyncSQLAlchemyOAuthStateStore``), whose
times are UTC without saying so. Its second table, of who installed the app and with which tokens of their own, is
not kept: nothing here acts in a person's name.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId


class SlackBot(Base):
    """The bot of an app in one workspace, with the token that it acts with there."""

    __tablename__ = "slack_bot"
    __table_args__ = (UniqueConstraint("client_id", "team_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[str]
    app_id: Mapped[str]
    enterprise_id: Mapped[str | None]
    enterprise_name: Mapped[str | None]
    team_id: Mapped[str | None]
    team_name: Mapped[str | None]
    bot_token: Mapped[str | None]
    bot_id: Mapped[str | None]
    bot_user_id: Mapped[str | None]
    bot_scopes: Mapped[str | None]
    bot_refresh_token: Mapped[str | None]
    bot_token_expires_at: Mapped[datetime | None] = mapped_column(DateTime())
    is_enterprise_install: Mapped[bool]
    installed_at: Mapped[datetime] = mapped_column(DateTime())


class SlackOAuthState(Base):
    """An installation that somebody has begun in their browser, and may finish until it expires."""

    __tablename__ = "slack_oauth_state"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(index=True)
    expire_at: Mapped[datetime] = mapped_column(DateTime(), index=True)
