"""When a digest is posted, and where: pure functions of a policy and a moment.

It is posted on Mondays at nine, where the team's working hours are; without these, by UTC. A week that was missed,
as in an outage, is posted within a day or not at all: later it is no news.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from supportbot.handoffs.target import Target, TargetKind, read_target
from supportbot.policies.policy import Policy

DAYS = 7
"""Which a digest tells of."""

LATEST = timedelta(days=1)
"""After the moment at which it should have been posted."""

_HOUR = time(9)


def week_of(policy: Policy, moment: datetime) -> tuple[date, datetime] | None:
    """Return the Monday whose digest is due at a moment, and until when; None where none is due.

    In quiet hours none is: it waits for their end.
    """
    zone = ZoneInfo(policy.working_hours.zone if policy.working_hours else "UTC")
    today = moment.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    due = datetime.combine(monday, _HOUR, zone).astimezone(UTC)
    if not policy.digest or not due <= moment < due + LATEST or is_quiet(policy, moment):
        return None
    return monday, due + LATEST


def is_quiet(policy: Policy, moment: datetime) -> bool:
    """Return whether nothing is posted now that nobody asked for."""
    return policy.quiet_hours is not None and policy.quiet_hours.contain(moment)


def channel_of(policy: Policy, platform: str) -> Target | None:
    """Return the channel that a digest is posted to; None where the policy names none.

    Args:
        policy: of the whole workspace.
        platform: of the workspace.
    """
    for said in (policy.digest_channel, policy.handoff_target):
        if said is not None and (target := read_target(said, platform)) and target.kind is TargetKind.CHANNEL:
            return target
    return None
