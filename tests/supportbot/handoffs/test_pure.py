"""Whom a policy names, what asks for a human, and when somebody is there: functions without a database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.handoffs.request import read_request
from supportbot.handoffs.schedule import back_at, reminder_due
from supportbot.handoffs.target import Target, TargetKind, read_target
from supportbot.policies.policy import Hours, Policy

BERLIN = Hours(zone="Europe/Berlin", begin=time(9), end=time(17))


@pytest.mark.parametrize(
    ("said", "platform", "on", "kind", "name"),
    [
        ("C0123", "slack", "slack", TargetKind.CHANNEL, "C0123"),
        ("<#C0123|help>", "slack", "slack", TargetKind.CHANNEL, "C0123"),
        (" U0123 ", "slack", "slack", TargetKind.PERSON, "U0123"),
        ("<@W0123>", "slack", "slack", TargetKind.PERSON, "W0123"),
        ("<!subteam^S0123>", "slack", "slack", TargetKind.GROUP, "S0123"),
        ("slack:S0123", "slack", "slack", TargetKind.GROUP, "S0123"),
        ("700", "discord", "discord", TargetKind.CHANNEL, "700"),
        ("@1001", "discord", "discord", TargetKind.PERSON, "1001"),
        ("<@&5005>", "discord", "discord", TargetKind.GROUP, "5005"),
        ("slack:C0123", "web", "slack", TargetKind.CHANNEL, "C0123"),
        ("discord:@1001", "web", "discord", TargetKind.PERSON, "1001"),
    ],
)
def test_targets(said: str, platform: str, on: str, kind: TargetKind, name: str) -> None:
    """A target is what its platform calls it; the page's says where its people are."""
    assert read_target(said, platform) == Target(platform=on, kind=kind, name=name)


@pytest.mark.parametrize(
    ("said", "platform"),
    [
        ("", "slack"),
        ("the team", "slack"),
        ("@everyone", "discord"),
        ("<!here>", "slack"),
        ("C0123", "discord"),
        ("C0123", "web"),
        ("discord:700", "slack"),
        ("web:1", "web"),
    ],
)
def test_what_is_no_target(said: str, platform: str) -> None:
    """Nobody is named by words, by a mention of everybody, or by the name of another workspace."""
    assert read_target(said, platform) is None


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("human how do I get my money back?", "how do I get my money back?"),
        ("Human, my parcel is lost", "my parcel is lost"),
        ("human: parcel", "parcel"),
        ("human I can't log in", "I can't log in"),
        ("human resources opening hours", None),
        ("human resources", None),
        ("humans are nice?", None),
        ("human", None),
        ("human: ?!", None),
        ("how do I become human?", None),
    ],
)
def test_requests(text: str, question: str | None) -> None:
    """The word asks for a human only before a question, or before a colon or a comma."""
    assert read_request(text) == question


@given(st.text())
def test_request_is_what_was_typed(rest: str) -> None:
    """Whatever is typed, a request is the end of it, and never blank."""
    question = read_request(f"human: {rest}")
    assert question is None or (question and f"human: {rest}".rstrip().endswith(question))


def test_people_are_back_when_their_hours_begin() -> None:
    """On a Friday evening in Berlin it is Monday morning there; within the hours, and without any, it is now."""
    policy = Policy(working_hours=BERLIN)
    back = back_at(policy, datetime(2026, 11, 27, 18, tzinfo=UTC))
    assert back is not None
    assert back.isoformat() == "2026-11-30T09:00:00+01:00"
    assert back_at(policy, datetime(2026, 11, 27, 12, tzinfo=UTC)) is None
    assert back_at(Policy(), datetime(2026, 11, 27, 18, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("asked_at", "minutes", "is_due"),
    [
        (datetime(2026, 11, 30, 10, tzinfo=UTC), 29, False),
        (datetime(2026, 11, 30, 10, tzinfo=UTC), 30, True),
        # Asked at 6 in the morning by their clock: the minutes begin at 9.
        (datetime(2026, 11, 30, 5, tzinfo=UTC), 3 * 60 + 29, False),
        (datetime(2026, 11, 30, 5, tzinfo=UTC), 3 * 60 + 30, True),
        # Due at 17:10, when everybody has left.
        (datetime(2026, 11, 30, 15, 40, tzinfo=UTC), 31, False),
        (datetime(2026, 11, 30, 15, 40, tzinfo=UTC), 17 * 60, True),
    ],
)
def test_reminder_is_due_while_somebody_is_there(asked_at: datetime, minutes: int, is_due: bool) -> None:
    """The minutes of the policy count from when somebody was there, and nobody is reminded at night."""
    policy = Policy(working_hours=BERLIN, handoff_reminder_minutes=30)
    assert reminder_due(policy, asked_at, asked_at + timedelta(minutes=minutes)) is is_due


def test_nobody_is_reminded_without_a_policy() -> None:
    """By default nobody is reminded."""
    asked_at = datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert not reminder_due(Policy(), asked_at, asked_at + timedelta(days=30))
