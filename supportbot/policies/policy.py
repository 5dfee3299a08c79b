"""What an admin decides about one channel, or about all channels of a workspace.

A policy is a value: it is read from JSON, checked as a whole, and asked. It knows no database and no platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from supportbot.words import Language, Sentence

_WEEK = 7


class AnswerOn(StrEnum):
    """What the bot answers in a channel."""

    MENTION = "mention"
    """Who names it, and who goes on asking in a thread of its own."""
    QUESTIONS = "questions"
    """Besides, whatever reads as a question to nobody in particular, if the answer is known."""
    THREADS = "threads"
    """People who mention it, where the answer is in a thread; never at the channel's top level."""
    NEVER = "never"
    """Nobody."""


def known_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            Sentence("'{name}' is not a time zone. Use a name such as Europe/Berlin.", name=name)
        ) from error
    return name


class Hours(BaseModel):
    """The same hours on some days of the week, in one time zone; they may go past midnight.

    Attributes:
        zone: as in the IANA time zone database.
        days: on which the hours begin, 0 for Monday to 6 for Sunday.
        begin: the first minute.
        end: the first minute that is outside again; not after ``begin`` means on the next day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(known_zone)]
    days: frozenset[Annotated[int, Field(ge=0, lt=_WEEK)]] = frozenset(range(5))
    begin: time = time(9)
    end: time = time(17)

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if not self.days:
            raise ValueError("name at least one day of the week")
        return self

    def contain(self, moment: datetime) -> bool:
        """Return whether a moment (with a time zone) lies within these hours."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        return any(begin <= moment < end for begin, end in self._on(today - timedelta(days=1), today))

    def next_begin(self, moment: datetime) -> datetime:
        """Return when these hours begin next after a moment, in their own time zone."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        days = (today + timedelta(days=ahead) for ahead in range(_WEEK + 1))
        begin = next(begin for begin, _ in self._on(*days) if begin > moment)
        return begin.astimezone(ZoneInfo(self.zone))

    def _on(self, *days: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the first moment and the end on each of some days, in UTC: there a clock is never set back."""
        zone = ZoneInfo(self.zone)
        for day in days:
            if day.weekday() in self.days:
                last = day if self.end > self.begin else day + timedelta(days=1)
                begin, end = datetime.combine(day, self.begin, zone), datetime.combine(last, self.end, zone)
                yield begin.astimezone(UTC), end.astimezone(UTC)


class Policy(BaseModel):
    """See the module; every default is what holds where nobody has decided.

    Attributes:
        answer_on: what is answered.
        verified_only: whether only approved answers are given.
        handoff_target: whom "ask a human" asks: the platform's id of a channel, person, group or forum.
        handoff_everywhere: whether that is offered under every answer, not only where the bot is not sure.
        handoff_reminder_minutes: after which an open hand-off is brought up once more; None for never.
        working_hours: when people answer; None for always.
        quiet_hours: when the bot speaks only to who names it; None for never.
        language: of the bot's own sentences; None for that of the workspace.
        digest: whether the team is told each week what was asked; only for a whole workspace.
        digest_channel: where it is told; None for the channel that ``handoff_target`` names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_on: AnswerOn = AnswerOn.MENTION
    verified_only: bool = False
    handoff_target: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    handoff_everywhere: bool = False
    handoff_reminder_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None
    working_hours: Hours | None = None
    quiet_hours: Hours | None = None
    language: Language | None = None
    digest: bool = False
    digest_channel: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    def changed(self, settings: Mapping[str, Any]) -> Policy:
        """Return this policy with some settings replaced.

        Raises:
            pydantic.ValidationError: one of them is unknown or out of range.
        """
        return Policy.model_validate({**self.model_dump(), **settings})

    def offers_human(self, *, is_sure: bool) -> bool:
        """Return whether "ask a human" is shown under an answer.

        Args:
            is_sure: whether it answers the question, and does not say that the bot is not sure.
        """
        return self.handoff_target is not None and (self.handoff_everywhere or not is_sure)
