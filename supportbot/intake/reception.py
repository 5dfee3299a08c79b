"""Whether a question is heard where it is asked, as the channel's policy says."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from supportbot.policies.policy import AnswerOn, Policy


class Manner(Enum):
    """How somebody asks."""

    DIRECT = auto()
    """To the bot alone, or on a page or in a terminal: in no channel, so its admins have no say."""
    NAMED = auto()
    """By naming the bot."""
    COMMAND = auto()
    """By a command or a click, of which only the person knows."""
    FOLLOW_UP = auto()
    """By going on in the bot's thread, without naming it."""
    UNASKED = auto()
    """To nobody in particular."""


class Reception(Enum):
    """What becomes of a question."""

    OPEN = auto()
    """It is answered where it was asked."""
    PRIVATE = auto()
    """Only who asked sees the answer."""
    CLOSED = auto()
    """It is not heard."""


def receive(policy: Policy, manner: Manner, *, in_thread: bool, now: datetime) -> Reception:
    """Return what becomes of a question.

    Args:
        policy: of the channel.
        manner: how it was asked.
        in_thread: whether its answer is in a thread.
        now: for the quiet hours.
    """
    if manner is Manner.DIRECT:
        return Reception.OPEN
    if policy.answer_on is AnswerOn.NEVER:
        return Reception.CLOSED
    names_bot = manner in (Manner.NAMED, Manner.COMMAND)
    if not names_bot and policy.quiet_hours is not None and policy.quiet_hours.contain(now):
        return Reception.CLOSED
    if manner is Manner.UNASKED:
        return Reception.OPEN if policy.answer_on is AnswerOn.QUESTIONS else Reception.CLOSED
    if policy.answer_on is AnswerOn.THREADS and not in_thread:
        return Reception.PRIVATE if manner is Manner.COMMAND else Reception.CLOSED
    return Reception.OPEN
