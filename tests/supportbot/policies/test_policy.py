"""What a policy may say, and what it says about hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from supportbot.policies.policy import AnswerOn, Hours, Policy

_HOURS = st.builds(
    Hours,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begin=st.times().map(lambda at: at.replace(microsecond=0)),
    end=st.times().map(lambda at: at.replace(microsecond=0)),
)
_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def test_a_policy_survives_its_json() -> None:
    """What was decided reads the same when it comes back from the database."""
    policy = Policy(
        answer_on=AnswerOn.QUESTIONS, handoff_target="C1", working_hours=Hours(zone="Europe/Berlin"), language="de"
    )
    assert Policy.model_validate_json(policy.model_dump_json()) == policy


@pytest.mark.parametrize(
    "settings",
    [
        {"answer_on": "sometimes"},
        {"colour": "blue"},
        {"language": "German"},
        {"handoff_target": ""},
        {"handoff_reminder_minutes": 0},
        {"quiet_hours": {"zone": "Mars/Base"}},
        {"quiet_hours": {"zone": "UTC", "days": []}},
        {"quiet_hours": {"zone": "UTC", "days": [7]}},
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, object]) -> None:
    """A policy with an unknown or impossible setting is never built."""
    with pytest.raises(ValidationError):
        Policy().changed(settings)


def test_office_hours_in_their_own_time_zone() -> None:
    """Nine in Berlin is eight in London's winter, and a Saturday is no working day."""
    hours = Hours(zone="Europe/Berlin")
    monday = datetime(2026, 11, 30, tzinfo=UTC)
    assert not hours.contain(monday.replace(hour=7, minute=59))
    assert hours.contain(monday.replace(hour=8))
    assert not hours.contain(monday.replace(hour=16))
    assert not hours.contain(monday - timedelta(days=2) + timedelta(hours=10))
    friday_evening = monday - timedelta(days=3) + timedelta(hours=20)
    assert hours.next_begin(friday_evening) == monday.replace(hour=8)


def test_hours_past_midnight() -> None:
    """A night belongs to the day on which it begins."""
    night = Hours(zone="UTC", days=frozenset({4}), begin=time(22), end=time(6))
    assert night.contain(datetime(2026, 11, 28, 5, 59, tzinfo=UTC))  # Saturday morning
    assert not night.contain(datetime(2026, 11, 27, 5, 59, tzinfo=UTC))  # Friday morning


@given(_HOURS, _MOMENTS)
def test_hours_begin_in_the_future_and_hold_then(hours: Hours, moment: datetime) -> None:
    """The next beginning comes within eight days, and lies within the hours, also where a clock is set."""
    length = (hours.end.hour - hours.begin.hour) * 60 + hours.end.minute - hours.begin.minute
    assume(length % (24 * 60) > 60)  # a clock that is set forward skips an hour, and all that lies in it
    begin = hours.next_begin(moment)
    assert moment < begin <= moment + timedelta(days=8)
    assert hours.contain(begin)


def test_a_human_is_offered_as_the_policy_says() -> None:
    """Without a target nothing is offered; with one, where the bot is not sure, or everywhere."""
    targeted = Policy(handoff_target="C9")
    everywhere = targeted.changed({"handoff_everywhere": True})
    offered = [
        [policy.offers_human(is_sure=is_sure) for is_sure in (False, True)]
        for policy in (Policy(handoff_everywhere=True), targeted, everywhere)
    ]
    assert offered == [[False, False], [True, False], [True, True]]
