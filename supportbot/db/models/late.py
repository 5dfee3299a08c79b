"""What tells that something has changed of a day that was over."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId
from supportbot.db.models.conversations import ERASABLE


class LateChange(Base):
    """Something that is counted was changed of a question of this day of UTC, after the day.

    The database writes it by itself (migration 0029), whoever changes what: whoever remembers what a day came to
    counts the day's rows here, and knows by their number whether it is still so. Rows are only added, and go when
    no period reaches back to their day any more.
    """

    __tablename__ = "late_change"
    __table_args__ = (ERASABLE,)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date]
