"""What people type for a setting, and how a policy reads."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supportbot.policies.errors import PolicyError
from supportbot.policies.policy import AnswerOn, Hours, Policy
from supportbot.policies.wording import (
    LABELS,
    build_hours,
    build_lines,
    checked,
    read_hours,
    read_settings,
    typed_settings,
)

_TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
_HOURS = st.builds(
    Hours,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begin=_TIMES,
    end=_TIMES,
)
_POLICIES = st.builds(
    Policy,
    answer_on=st.sampled_from(AnswerOn),
    verified_only=st.booleans(),
    handoff_target=st.none() | st.from_regex(r"[CUS][A-Z0-9]{2,10}", fullmatch=True),
    handoff_everywhere=st.booleans(),
    handoff_reminder_minutes=st.none() | st.integers(1, 10_000),
    working_hours=st.none() | _HOURS,
    quiet_hours=st.none() | _HOURS,
    language=st.sampled_from([None, "de", "en"]),
    digest=st.booleans(),
)


@settings(max_examples=50)  # most of the time goes into time zones
@given(_POLICIES)
def test_what_is_shown_can_be_typed(policy: Policy) -> None:
    """A form that is sent as it was opened says what it said, whatever that is."""
    assert set(typed_settings(policy)) == set(LABELS) == set(Policy.model_fields)
    assert checked(Policy(), read_settings(typed_settings(policy))) == policy
    assert build_lines(policy)


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("22:00-7:30 UTC", range(7)),
        ("daily 22:00 - 7:30 UTC", range(7)),
        ("mon-fri 22:00-07:30 UTC", range(5)),
        ("Saturday, Sunday 22:00-07:30 UTC", (5, 6)),
        ("Fri-Mon 22:00–07:30 UTC", (4, 5, 6, 0)),
        ("Wed,Fri 22:00-07:30 UTC", (2, 4)),
    ],
)
def test_hours_as_people_write_them(typed: str, days: tuple[int, ...]) -> None:
    """Days may be left out, listed, or reach over a weekend."""
    hours = read_hours(typed)
    assert hours == Hours(zone="UTC", days=frozenset(days), begin=time(22), end=time(7, 30))
    assert read_hours(build_hours(hours)) == hours


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("answer_on", "sometimes", "when the bot answers: mention, questions, threads, never"),
        ("verified_only", "perhaps", "Enter yes or no"),
        ("verified_only", "", "Enter yes or no"),
        ("language", "fr", "a language: de, en"),
        ("handoff_target", "the whole team", "Enter the ID of a channel"),
        ("handoff_reminder_minutes", "-5", "whole number of minutes"),
        ("quiet_hours", "at night", "Enter hours like Mon-Fri 18:00-08:00 Europe/Berlin"),
        ("quiet_hours", "22:00-07:00", "Enter hours like"),
        ("quiet_hours", "25:00-07:00 UTC", "25:00 is not a time of day"),
        ("quiet_hours", "Mittwoch 22:00-07:00 UTC", "'Mittwoch' is not a day of the week"),
        ("quiet_hours", "22:00-07:00 Mars/Base", "'Mars/Base' is not a time zone"),
        ("colour", "blue", "There is no setting 'colour'"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_setting(name: str, text: str, sentence: str) -> None:
    """One sentence says what is wrong and how to say it right; the other settings are not blamed."""
    with pytest.raises(PolicyError, match=sentence) as raised:
        read_settings({"digest": "yes", name: text})
    assert list(raised.value.errors) == [name]


def test_what_is_out_of_range_is_said_at_its_setting() -> None:
    """What can be read may still make no sense."""
    with pytest.raises(PolicyError, match="Minutes until reminder") as raised:
        checked(Policy(), read_settings({"handoff_reminder_minutes": "0"}))
    assert list(raised.value.errors) == ["handoff_reminder_minutes"]


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("<#C0123|help>", "C0123"),
        ("<@U1A>", "U1A"),
        ("<!subteam^S77|@team>", "S77"),
        ("<#7001>", "7001"),
        ("<@!1001>", "@1001"),
        ("<@&5001>", "@&5001"),
        ("@&5001", "@&5001"),
        ("slack:C0123", "slack:C0123"),
    ],
)
def test_mentions_name_whom_to_ask(typed: str, target: str) -> None:
    """Somebody may paste a mention as the platform writes it."""
    assert read_settings({"handoff_target": typed}) == {"handoff_target": target}


def test_policy_is_told_without_what_nobody_decided() -> None:
    """What holds everywhere is not worth a line, but for the two that everybody asks for."""
    policy = Policy(answer_on=AnswerOn.NEVER, language="de")
    assert build_lines(policy) == ["Answer: nobody", "Only verified answers: no", "Language: Deutsch"]
