"""Hand-offs as the team sees them: which are open, for how long, and how to close one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.clock import now as database_now
from supportbot.db.models import Conversation, Handoff, Outbox, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import HandoffState, OutboxKind, OutboxState
from supportbot.errors import SupportBotError
from supportbot.intake.people import digest_of
from supportbot.words import N_

UNRESOLVED = (HandoffState.OPEN, HandoffState.ANSWERED)


class UnknownHandoffError(SupportBotError):
    """Somebody wants to close a hand-off that is not there, or not theirs to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A hand-off as it stands.

    Attributes:
        platform: where the question was asked.
        target: whom people were asked by, with the platform before it where that is another one.
    """

    handoff_id: int
    question_id: int
    platform: str
    workspace: str
    channel: str
    question: str
    target: str
    state: HandoffState
    asked_at: datetime
    first_reply_at: datetime | None
    reminded_at: datetime | None
    resolved_at: datetime | None


async def listed(database: Database, *, unresolved_only: bool, limit: int) -> list[Standing]:
    """Return hand-offs, the oldest that nobody has closed first, and then the newest of the others."""
    query = (
        select(Handoff, Question.platform, Question.text, Workspace.external_id)
        .join(Question, Handoff.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
    )
    is_unresolved = Handoff.state.in_(UNRESOLVED)
    async with database.read() as session:
        rows = (
            await session.execute(query.where(is_unresolved).order_by(Handoff.asked_at, Handoff.id).limit(limit))
        ).all()
        if not unresolved_only and len(rows) < limit:
            others = query.where(~is_unresolved).order_by(Handoff.asked_at.desc(), Handoff.id.desc())
            rows = [*rows, *(await session.execute(others.limit(limit - len(rows)))).all()]
    return [
        Standing(
            handoff_id=handoff.id,
            question_id=handoff.question_id,
            platform=platform,
            workspace=workspace,
            channel=handoff.channel,
            question=text,
            target=handoff.target if handoff.platform == platform else f"{handoff.platform}:{handoff.target}",
            state=handoff.state,
            asked_at=handoff.asked_at,
            first_reply_at=handoff.first_reply_at,
            reminded_at=handoff.reminded_at,
            resolved_at=handoff.resolved_at,
        )
        for handoff, platform, text, workspace in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A hand-off that nobody has answered, without what was asked.

    Attributes:
        channel: where it was asked, by the platform's id.
        platform: where people were asked.
        post_identity: the platform's name of the message that asks them; None while there is none.
    """

    handoff_id: int
    channel: str
    platform: str
    post_identity: str | None
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AllWaiting:
    """How many hand-offs of a workspace nobody has answered, and the oldest of these."""

    count: int
    oldest: tuple[Waiting, ...]


async def waiting_in(database: Database, platform: str, workspace: str, most: int) -> AllWaiting:
    """Return the hand-offs of a workspace that nobody has answered.

    Args:
        database: where they are kept.
        platform: as in ``IncomingQuestion``.
        workspace: as above.
        most: how many to return, the oldest first.
    """
    here = (
        select(Handoff)
        .join(Workspace, Handoff.workspace_id == Workspace.id)
        .where(
            Workspace.platform == platform,
            Workspace.external_id == workspace,
            Handoff.state == HandoffState.OPEN,
        )
    )
    async with database.read() as session:
        count = await session.scalar(here.with_only_columns(func.count()))
        rows = await session.scalars(here.order_by(Handoff.asked_at, Handoff.id).limit(most))
        oldest = [
            Waiting(
                handoff_id=row.id,
                channel=row.channel,
                platform=row.platform,
                post_identity=row.post_identity,
                asked_at=row.asked_at,
            )
            for row in rows
        ]
    return AllWaiting(count=count or 0, oldest=tuple(oldest))


async def count_open(database: Database) -> int:
    """Return how many hand-offs nobody has answered."""
    query = select(func.count()).select_from(Handoff).where(Handoff.state == HandoffState.OPEN)
    async with database.read() as session:
        return await session.scalar(query) or 0


def somebody(person: str) -> str:
    """Return what the audit says of a person who clicked: it keeps no names of people who ask."""
    return f"somebody on {person.partition(':')[0]}"


async def resolve(
    database: Database, handoff_id: int, person: str, *, workspace: str | None, clicked: str | None
) -> bool:
    """Close a hand-off for who asked, or for who was asked; return False if it was closed before.

    Args:
        database: where it is kept.
        handoff_id: its number.
        person: who clicked, unique over all platforms and beginning with theirs.
        workspace: the platform's id of where that is; None where a platform has only one.
        clicked: the platform's name of the message under which they clicked.

    Raises:
        UnknownHandoffError: there is none, or it stands elsewhere.
    """
    platform = person.partition(":")[0]
    async with database.write() as session:
        row = (
            await session.execute(
                select(Handoff, Workspace.platform, Workspace.external_id)
                .join(Workspace, Handoff.workspace_id == Workspace.id)
                .where(Handoff.id == handoff_id)
                .with_for_update(of=Handoff)
            )
        ).one_or_none()
        # Numbers are easily guessed: the person who clicks must be in the workspace of the question, or see the
        # very message that asks people, which may be a direct message or, for the page, on another platform.
        if row is None or not (
            (row.platform == platform and workspace in (None, row.external_id))
            or (row.Handoff.platform == platform and clicked is not None and clicked == row.Handoff.post_identity)
        ):
            raise UnknownHandoffError(N_("This no longer exists, so there is nothing to close."))
        return await _close(session, row.Handoff, actor=somebody(person), digest=digest_of(person))


async def resolve_as_operator(database: Database, handoff_id: int, by: str) -> bool:
    """Close a hand-off; return False if it was closed before.

    Args:
        database: where it is kept.
        handoff_id: its number.
        by: who does it, for the audit.

    Raises:
        UnknownHandoffError: there is none of this number.
    """
    async with database.write() as session:
        handoff = await session.scalar(select(Handoff).where(Handoff.id == handoff_id).with_for_update())
        if handoff is None:
            raise UnknownHandoffError(
                f"There is no hand-off {handoff_id}: `supportbot handoffs list` shows them all."
            )
        return await _close(session, handoff, actor=by, digest=None)


async def _close(session: AsyncSession, handoff: Handoff, *, actor: str, digest: str | None) -> bool:
    if handoff.state is HandoffState.RESOLVED:
        return False
    await session.execute(
        update(Handoff)
        .where(Handoff.id == handoff.id)
        .values(state=HandoffState.RESOLVED, resolved_at=await database_now(session), resolved_by=digest)
    )
    # What somebody is sending may be there already.
    await session.execute(
        update(Outbox)
        .where(
            Outbox.question_id == handoff.question_id,
            Outbox.kind.in_((OutboxKind.POST, OutboxKind.REMINDER)),
            Outbox.state == OutboxState.PENDING,
            Outbox.lease_owner.is_(None),
        )
        .values(state=OutboxState.FAILED, last_error="closed before it was sent")
        .execution_options(synchronize_session=False)
    )
    audit.record(session, actor=actor, action="handoff.resolve", subject=f"handoff:{handoff.id}")
    return True
