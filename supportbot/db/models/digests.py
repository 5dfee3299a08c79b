"""Weekly digests: which were posted where, so that each is posted once. What they say is kept nowhere."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import OutboxState


class DigestPost(Base):
    """The digest of a workspace in a week, on its way to a channel.

    ``week`` is the Monday on which it is posted. ``platform`` and ``channel`` say where, which for the page is
    another platform than its own. ``mark`` is random, and the message is known again by it. Until ``due_at`` only
    ``lease_owner`` may post it; after ``expires_at`` nobody may.
    """

    __tablename__ = "digest_post"
    __table_args__ = (UniqueConstraint("workspace_id", "week"), Index(None, "state", "due_at"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    week: Mapped[date]
    platform: Mapped[str]
    channel: Mapped[str]
    mark: Mapped[str] = mapped_column(unique=True)
    state: Mapped[OutboxState] = mapped_column(text_enum(OutboxState, "state"))
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
