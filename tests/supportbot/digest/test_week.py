"""When a digest is due, and where it goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.digest.week import LATEST, channel_of, week_of
from supportbot.policies.policy import Hours, Policy

MONDAY = date(2026, 11, 30)
NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
ON = Policy(digest=True)


@pytest.mark.parametrize(
    ("policy", "moment", "is_due"),
    [
        (ON, NINE, True),
        (ON, NINE - timedelta(seconds=1), False),
        (ON, NINE + timedelta(hours=23), True),
        (ON, NINE + timedelta(hours=24), False),
        (ON, NINE + timedelta(days=3), False),
        (Policy(), NINE, False),
        (ON.changed({"working_hours": {"zone": "Europe/Berlin"}}), NINE - timedelta(hours=1), True),
        (ON.changed({"working_hours": {"zone": "America/New_York"}}), NINE, False),
        (ON.changed({"working_hours": {"zone": "America/New_York"}}), NINE + timedelta(hours=5), True),
        (ON.changed({"quiet_hours": {"zone": "UTC", "begin": "08:00", "end": "12:00"}}), NINE, False),
        (
            ON.changed({"quiet_hours": {"zone": "UTC", "begin": "08:00", "end": "12:00"}}),
            NINE + timedelta(hours=3),
            True,
        ),
    ],
)
def test_due_on_mondays_at_nine(policy: Policy, moment: datetime, is_due: bool) -> None:
    """From nine on, for a day, in the team's zone, and outside of quiet hours."""
    found = week_of(policy, moment)
    assert (found is not None) == is_due
    if found is not None:
        monday, until = found
        assert monday == MONDAY
        assert moment < until <= moment + LATEST


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
)
def test_every_week_has_one(zone: str, start: datetime) -> None:
    """Whoever looks every hour for a week finds one Monday, for a day; a clock that is set makes a week of 167."""
    policy = ON.changed({"working_hours": Hours(zone=zone)})
    moments = [start.replace(tzinfo=UTC) + timedelta(hours=hour) for hour in range(7 * 24)]
    due = [found for moment in moments if (found := week_of(policy, moment))]
    assert 23 <= len(due) <= 25
    assert 1 <= len({monday for monday, _ in due}) <= 2  # a week that begins on such a day has parts of two
    assert all(monday.weekday() == 0 for monday, _ in due)


@pytest.mark.parametrize(
    ("settings", "platform", "channel"),
    [
        ({"digest_channel": "C7"}, "slack", ("slack", "C7")),
        ({"digest_channel": "C7", "handoff_target": "C8"}, "slack", ("slack", "C7")),
        ({"handoff_target": "C8"}, "slack", ("slack", "C8")),
        ({"handoff_target": "U8"}, "slack", None),
        ({"handoff_target": "S8", "digest_channel": "C7"}, "slack", ("slack", "C7")),
        ({"digest_channel": "123"}, "discord", ("discord", "123")),
        ({"digest_channel": "slack:C7"}, "web", ("slack", "C7")),
        ({"digest_channel": "slack:C7"}, "discord", None),
        ({}, "slack", None),
    ],
)
def test_goes_to_a_channel(settings: dict[str, str], platform: str, channel: tuple[str, str] | None) -> None:
    """To its own, else to the one that people are asked in; never to another platform, but for the page."""
    found = channel_of(ON.changed(settings), platform)
    assert (found and (found.platform, found.name)) == channel
