"""Roles of the people who run a bot, and what each may do. Everybody who may sign in may look at everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role; each may do what the ones before may, and more."""

    VIEWER = "viewer"
    CURATOR = "curator"
    ADMIN = "admin"


class Action(StrEnum):
    """What changes something: each writing action of the console, by the name of its kind."""

    TEACH = "teach"
    """Write, edit, retire and restore answers, and mark questions as none of ours."""
    REVIEW = "review"
    """Decide on what the bot may learn."""
    CLOSE = "close"
    """Close hand-offs."""
    CALIBRATE = "calibrate"
    """Say how often the bot may be wrong."""
    TRAIN = "train"
    """Train, evaluate and publish models."""
    PROMOTE = "promote"
    """Put models live, roll back, retire, and compare them on people."""
    CONFIGURE = "configure"
    """Decide about workspaces: consent, policies of channels, limits, backups."""
    ERASE = "erase"
    """Export and erase people."""
    APPOINT = "appoint"
    """Invite people, give them roles, and end their access."""


_LEAST: Mapping[Action, Role] = {
    Action.TEACH: Role.CURATOR,
    Action.REVIEW: Role.CURATOR,
    Action.CLOSE: Role.CURATOR,
    Action.CALIBRATE: Role.ADMIN,
    Action.TRAIN: Role.ADMIN,
    Action.PROMOTE: Role.ADMIN,
    Action.CONFIGURE: Role.ADMIN,
    Action.ERASE: Role.ADMIN,
    Action.APPOINT: Role.ADMIN,
}

_RANKS = tuple(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Somebody who has signed in.

    Attributes:
        id: their number.
        name: as the audit calls them.
        role: as it was when this was read; each action reads it again.
    """

    id: int
    name: str
    role: Role


def may(role: Role, action: Action) -> bool:
    """Return whether a role may do something."""
    return _RANKS.index(role) >= _RANKS.index(least(action))


def least(action: Action) -> Role:
    """Return the first role that may do something."""
    return _LEAST[action]


def highest(roles: Iterable[Role]) -> Role | None:
    """Return the role that may do most; None where there is none."""
    return max(roles, key=_RANKS.index, default=None)
