"""The rows of digests that are posted: each is written once a week, claimed by one process, and ended.

A claim holds for longer than an attempt takes; if its process ends, another one takes over, and looks for the mark
of the message before it posts. All times are the database's.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, select, update

from supportbot.db import audit
from supportbot.db.base import table_of
from supportbot.db.models import DigestPost, Workspace
from supportbot.db.states import OutboxState
from supportbot.handoffs.target import Target
from supportbot.intake.conversations import insert_if_new

_MARK_BYTES = 12
_ACTOR = "supportbot"
"""Who posts, for the audit: no person does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A digest on its way, with all that a platform needs to show it.

    Attributes:
        post_id: its number.
        workspace_id: of which it tells.
        home: the platform of that workspace.
        workspace: the platform's name of it.
        platform: where it is posted.
        channel: as above.
        mark: the same at every attempt and unique over all databases; 16 characters.
        attempt: 1 for the first; later ones must look for their own mark first.
        week: the Monday on which it is posted.
        created_at: when it was written down.
        age: since then, when it was claimed.
        has_expired: whether it is too late to post it.
    """

    post_id: int
    workspace_id: int
    home: str
    workspace: str
    platform: str
    channel: str
    mark: str
    attempt: int
    week: date
    created_at: datetime
    age: timedelta
    has_expired: bool

    @property
    def is_at_home(self) -> bool:
        """Whether it is posted on the platform that it tells of, so that its readers know these people."""
        return self.home == self.platform


def add(
    workspace_id: int, week: date, target: Target, expires_at: datetime, now: datetime, connection: Connection
) -> int | None:
    """Write down that the digest of a week is due; return its number, None if that was done before."""
    values = {
        "workspace_id": workspace_id,
        "week": week,
        "platform": target.platform,
        "channel": target.name,
        "mark": secrets.token_urlsafe(_MARK_BYTES),
        "state": OutboxState.PENDING,
        "attempts": 0,
        "due_at": now,
        "expires_at": expires_at,
        "created_at": now,
    }
    return insert_if_new(connection, table_of(DigestPost), values)


def claim(
    platforms: Collection[str], owner: str, lease: timedelta, now: datetime, connection: Connection
) -> Post | None:
    """Take a digest that is due on some platforms; None if none is.

    Args:
        platforms: that this process can post to.
        owner: unique name of this process.
        lease: how long nobody else takes it.
        now: the moment, by the database.
        connection: of a transaction that writes.
    """
    row = table_of(DigestPost)
    due = (
        select(row.c.id)
        .where(row.c.state == OutboxState.PENDING, row.c.due_at <= now, row.c.platform.in_(platforms))
        .order_by(row.c.due_at, row.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    post_id = connection.scalar(due)
    if post_id is None:
        return None
    connection.execute(
        update(row)
        .where(row.c.id == post_id)
        .values(attempts=row.c.attempts + 1, lease_owner=owner, due_at=now + lease)
    )
    one = connection.execute(
        select(*row.c, Workspace.platform.label("home"), Workspace.external_id)
        .join_from(row, table_of(Workspace), row.c.workspace_id == Workspace.id)
        .where(row.c.id == post_id)
    ).one()
    return Post(
        post_id=one.id,
        workspace_id=one.workspace_id,
        home=one.home,
        workspace=one.external_id,
        platform=one.platform,
        channel=one.channel,
        mark=one.mark,
        attempt=one.attempts,
        week=one.week,
        created_at=one.created_at,
        age=now - one.created_at,
        has_expired=now >= one.expires_at,
    )


def release(now: datetime, connection: Connection) -> None:
    """Let what processes had in hand that are gone be claimed now."""
    row = table_of(DigestPost)
    connection.execute(update(row).where(row.c.state == OutboxState.PENDING).values(due_at=now))


def deliver(post: Post, now: datetime, connection: Connection) -> None:
    """Note that a digest is on its platform."""
    _end(connection, post, {"state": OutboxState.DELIVERED, "delivered_at": now, "last_error": None})
    audit.record_on(connection, actor=_ACTOR, action="digest.post", subject=f"digest:{post.workspace_id}", now=now)


def give_up(post: Post, error: str, connection: Connection) -> None:
    """Note that a digest will not be posted."""
    _end(connection, post, {"state": OutboxState.FAILED, "last_error": error})


def postpone(post: Post, due_at: datetime, error: str, was_attempt: bool, connection: Connection) -> None:
    """Let a digest be claimed again later.

    Args:
        post: claimed by this process.
        due_at: from when on.
        error: why, for the record.
        was_attempt: False if it is certain that nothing reached the platform.
        connection: of a transaction that writes.
    """
    _end(connection, post, {"due_at": due_at, "last_error": error, "attempts": post.attempt - (not was_attempt)})


def _end(connection: Connection, post: Post, values: dict[str, object]) -> None:
    row = table_of(DigestPost)
    connection.execute(update(row).where(row.c.id == post.post_id).values(lease_owner=None, **values))
