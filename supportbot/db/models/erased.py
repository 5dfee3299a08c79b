"""What is kept of messages whose authors were erased: enough to know them again, and nothing else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base


class ErasedMessage(Base):
    """A message that its platform may tell again, by a digest of its name there."""

    __tablename__ = "erased_message"

    digest: Mapped[str] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
