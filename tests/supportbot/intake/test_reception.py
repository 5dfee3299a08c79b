"""Whether a question is heard where it is asked: by policy, by manner, and in quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from supportbot.intake.reception import Manner, Reception, receive
from supportbot.policies.policy import AnswerOn, Hours, Policy

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
OPEN, PRIVATE, CLOSED = Reception.OPEN, Reception.PRIVATE, Reception.CLOSED
MANNERS = (Manner.DIRECT, Manner.NAMED, Manner.COMMAND, Manner.FOLLOW_UP, Manner.UNASKED)


@pytest.mark.parametrize(
    ("answer_on", "in_thread", "received"),
    [
        (AnswerOn.MENTION, False, (OPEN, OPEN, OPEN, OPEN, CLOSED)),
        (AnswerOn.QUESTIONS, False, (OPEN, OPEN, OPEN, OPEN, OPEN)),
        (AnswerOn.THREADS, True, (OPEN, OPEN, OPEN, OPEN, CLOSED)),
        (AnswerOn.THREADS, False, (OPEN, CLOSED, PRIVATE, CLOSED, CLOSED)),
        (AnswerOn.NEVER, True, (OPEN, CLOSED, CLOSED, CLOSED, CLOSED)),
    ],
)
def test_who_is_heard(answer_on: AnswerOn, in_thread: bool, received: tuple[Reception, ...]) -> None:
    """Each policy hears what its name says; what is said to the bot alone is in no channel."""
    policy = Policy(answer_on=answer_on)
    assert tuple(receive(policy, manner, in_thread=in_thread, now=NOON) for manner in MANNERS) == received


def test_in_quiet_hours_only_who_names_the_bot_is_heard() -> None:
    """Outside of them everybody is, as the policy says."""
    policy = Policy(answer_on=AnswerOn.QUESTIONS, quiet_hours=Hours(zone="UTC"))
    quiet = tuple(receive(policy, manner, in_thread=True, now=NOON) for manner in MANNERS)
    assert quiet == (OPEN, OPEN, OPEN, CLOSED, CLOSED)
    night = NOON.replace(hour=23)
    assert {receive(policy, manner, in_thread=True, now=night) for manner in MANNERS} == {OPEN}
