"""Trials of a model on people: what was compared, by which rule, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import TrialOutcome, TrialState


class ModelTrial(Base):
    """A share of conversations on another version than the live one; one at a time.

    ``share`` is the candidate's, in percent. The rule is stored before it begins. ``alpha`` is the probability of
    seeing a difference at any time where there is none. ``most_conversations`` and ``most_days`` end it without
    one, and ``promotes`` says whether a better candidate goes live automatically. ``figures`` are those at the
    end. Versions are named as answers name them, since their files may be deleted.
    """

    __tablename__ = "model_trial"
    __table_args__ = (
        Index(
            "uq_model_trial_running",
            "state",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
        # The number is the salt by which conversations are assigned, so none is given twice.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    live: Mapped[str]
    candidate: Mapped[str]
    share: Mapped[int] = mapped_column(SmallInteger)
    alpha: Mapped[float]
    most_conversations: Mapped[int]
    most_days: Mapped[int]
    promotes: Mapped[bool] = mapped_column(default=False)
    state: Mapped[TrialState] = mapped_column(text_enum(TrialState, "state"))
    outcome: Mapped[TrialOutcome | None] = mapped_column(text_enum(TrialOutcome, "outcome"))
    figures: Mapped[dict[str, Any] | None]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
