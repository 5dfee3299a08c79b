"""Consent to training: what was said in a workspace trains a model only once one of its admins allowed it.

This machine's own page and terminal, and rows imported from a file, count without consent: the operator gave them.
A page that other machines can open is a workspace like any other, ``public``. Which of the two a question belongs
to is decided when it is asked, so nothing that strangers wrote begins to count when the page is made local again.
The rule is one SQL condition (``Workspace.counts``), so that all code that selects rows for training uses the same
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db import audit
from supportbot.db.models import Workspace
from supportbot.db.session import Database
from supportbot.db.states import FOREIGN_MARK, LOCAL_PLATFORMS, PUBLIC_WORKSPACE
from supportbot.db.workspaces import make_workspace
from supportbot.errors import SupportBotError
from supportbot.intake.people import workspace_named
from supportbot.knowledge.store import raise_revision


class ConsentError(SupportBotError):
    """Consent cannot be recorded as it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceConsent:
    """Whether the rows of a workspace count, and who said so and when."""

    platform: str
    external_id: str
    name: str
    counts: bool
    by: str | None
    at: datetime | None


PUBLIC_PAGE = WorkspaceConsent(
    platform="web", external_id=PUBLIC_WORKSPACE, name="", counts=False, by=None, at=None
)
"""The page where other machines open it, before anybody asked there."""


def counts_for_training(workspace_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Return the condition that a row of this workspace, or of none, may be trained on."""
    return or_(workspace_id.is_(None), workspace_id.in_(select(Workspace.id).where(Workspace.counts)))


async def may_be_learned_from(database: Database, platform: str, external_id: str) -> bool:
    """Return whether what is said in a workspace counts as things are now; False if nothing is known of it."""
    async with database.read() as session:
        found = select(Workspace.counts).where(
            Workspace.platform == platform, Workspace.external_id == external_id
        )
        return bool(await session.scalar(found))


async def allow(database: Database, platform: str, external_id: str, by: str, *, allow: bool) -> WorkspaceConsent:
    """Record that an admin allowed training on a workspace, or took that back.

    A workspace that nothing was heard from yet is created, so that consent can come first.

    Args:
        database: where it is kept.
        platform: ``slack``, ``discord``, or ``web`` for the page where other machines open it.
        external_id: the platform's id of the workspace or guild; ``dm:`` with a person's id for what they write to
            the bot alone in Discord; ``public`` for that page.
        by: the admin's name.
        allow: False takes an earlier consent back.

    Raises:
        ConsentError: the platform needs no consent, or a name is empty.
    """
    external_id = workspace_named(platform, external_id)
    if not needs_consent(platform, external_id):
        raise ConsentError(
            f"Rows of '{platform}' are this machine's own and count without consent. Only a page "
            f"that other machines can open needs it: `supportbot consent web {PUBLIC_WORKSPACE} --allow-training`."
        )
    if (platform, external_id) == ("discord", "dm"):
        raise ConsentError(
            "For direct messages, each person gives consent: name one person by their id, as in "
            "`supportbot consent discord dm:41771983423143937 --allow-training`."
        )
    if not by.strip() or not external_id.strip():
        raise ConsentError(
            "Consent needs the id of the workspace and the name of the person who gave it: add --by NAME."
        )
    now = datetime.now(UTC)
    async with database.write() as session:
        await raise_revision(session)  # answers of this workspace may speak elsewhere from now on, or no more
        row = await make_workspace(session, platform, external_id)
        row.training_consent_by, row.training_consent_at = (by, now) if allow else (None, None)
        audit.record(
            session,
            actor=by,
            action="consent.allow" if allow else "consent.withdraw",
            subject=f"workspace:{platform}:{external_id}",
        )
        await session.flush()
        return consent_of(row)


async def workspaces(database: Database) -> list[WorkspaceConsent]:
    """Return all known workspaces with their consent, by platform and id."""
    async with database.read() as session:
        rows = await session.scalars(select(Workspace).order_by(Workspace.platform, Workspace.external_id))
        return [consent_of(row) for row in rows]


def needs_consent(platform: str, external_id: str) -> bool:
    """Return whether consent can be given: not for this machine's own, unless others ask there."""
    is_of_others = FOREIGN_MARK in external_id or (platform, external_id) == ("web", PUBLIC_WORKSPACE)
    return platform not in LOCAL_PLATFORMS or is_of_others


def consent_of(row: Workspace) -> WorkspaceConsent:
    """Return whether the rows of a workspace count, from its own row."""
    return WorkspaceConsent(
        platform=row.platform,
        external_id=row.external_id,
        name=row.name,
        counts=row.counts,
        by=row.training_consent_by,
        at=row.training_consent_at,
    )
