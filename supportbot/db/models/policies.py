"""What admins decided about channels, and who did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base

WHOLE_WORKSPACE = ""
"""The channel of what holds in all channels that decide nothing else."""


class ChannelPolicy(Base):
    """What the admins of a channel, or of a whole workspace, decided: only the settings that they changed."""

    __tablename__ = "channel_policy"

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
