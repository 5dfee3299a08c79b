"""When people answer, and when they are reminded: pure functions of a policy and a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from supportbot.policies.policy import Policy


def back_at(policy: Policy, moment: datetime) -> datetime | None:
    """Return when somebody is back who can answer; None within working hours, and where there are none."""
    hours = policy.working_hours
    return None if hours is None or hours.contain(moment) else hours.next_begin(moment)


def reminder_due(policy: Policy, asked_at: datetime, moment: datetime) -> bool:
    """Return whether people should be reminded now of what they were asked.

    The minutes of the policy begin when somebody was there, and nobody is reminded outside working hours.
    """
    minutes = policy.handoff_reminder_minutes
    if minutes is None or back_at(policy, moment) is not None:
        return False
    begun = back_at(policy, asked_at) or asked_at
    return moment >= begun + timedelta(minutes=minutes)
