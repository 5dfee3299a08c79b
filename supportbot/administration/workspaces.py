"""The workspaces that the bot has heard from or is installed in, and whether it may learn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.config import Settings
from supportbot.db.models import IS_COUNTED, Conversation, Question, SlackBot, Workspace
from supportbot.db.session import Database
from supportbot.feedback.consent import PUBLIC_PAGE, WorkspaceConsent, allow, consent_of, needs_consent
from supportbot.intake.people import DIRECT

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A workspace.

    Attributes:
        consent: which it is, and whether it may be learned from.
        name: what people call it; empty if that is not known.
        questions: how many were asked there, refused ones aside.
        is_installed: whether the app is installed there; None where the bot cannot know.
        needs_consent: whether consent can be given and withdrawn.
    """

    consent: WorkspaceConsent
    name: str
    questions: int
    is_installed: bool | None
    needs_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of workspaces; ``after`` is where the next one begins, None for the last."""

    workspaces: tuple[Known, ...]
    after: tuple[str, str] | None


class Workspaces:
    """All of them.

    Args:
        database: where they are kept.
        settings: of this process.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._is_page_public = not settings.page_is_local
        self._are_many = settings.slack_is_shared

    async def page(self, after: tuple[str, str] | None = None, *, direct: bool = False) -> Listed:
        """Return a page of workspaces, by platform and id.

        Args:
            after: ``after`` of the page before; None for the first.
            direct: those of what single people write to the bot alone, and not the others.
        """
        known = [
            select(Workspace.platform, Workspace.external_id),
            select(literal("slack"), SlackBot.team_id).where(SlackBot.team_id.is_not(None)),
        ]
        if self._is_page_public:  # nobody may have asked there yet, and it needs to be asked
            known.append(select(literal(PUBLIC_PAGE.platform), literal(PUBLIC_PAGE.external_id)))
        keys = union(*known).subquery().c
        is_direct = keys.external_id.startswith(DIRECT)
        query = select(keys.platform, keys.external_id).where(is_direct if direct else ~is_direct)
        if after is not None:
            query = query.where(tuple_(keys.platform, keys.external_id) > after)
        async with self._database.read() as session:
            ordered = query.order_by(keys.platform, keys.external_id).limit(PAGE + 1)
            found = [(row.platform, row.external_id) for row in await session.execute(ordered)]
            shown = await self._read(session, found[:PAGE])
        return Listed(workspaces=tuple(shown), after=found[PAGE - 1] if len(found) > PAGE else None)

    async def decide(self, platform: str, external_id: str, by: str, *, learn: bool) -> None:
        """Record that a workspace may be learned from, or no more.

        Raises:
            ConsentError: it needs no consent.
        """
        await allow(self._database, platform, external_id, by, allow=learn)

    async def _read(self, session: AsyncSession, keys: Sequence[tuple[str, str]]) -> list[Known]:
        named = tuple_(Workspace.platform, Workspace.external_id).in_(keys)
        rows = {
            (row.platform, row.external_id): row for row in await session.scalars(select(Workspace).where(named))
        }
        asked = await _count(session, [row.id for row in rows.values()])
        teams = [external_id for platform, external_id in keys if platform == "slack"]
        bots = select(SlackBot.team_id, SlackBot.team_name).where(SlackBot.team_id.in_(teams))
        installed = {team: name or "" for team, name in await session.execute(bots)}
        return [self._known(*key, rows.get(key), asked, installed) for key in keys]

    def _known(
        self,
        platform: str,
        external_id: str,
        row: Workspace | None,
        asked: Mapping[int, int],
        installed: Mapping[str | None, str],
    ) -> Known:
        unheard = WorkspaceConsent(
            platform=platform, external_id=external_id, name="", counts=False, by=None, at=None
        )
        consent = consent_of(row) if row else unheard
        is_here = platform == "slack" and external_id in installed
        return Known(
            consent=consent,
            name=consent.name or (installed[external_id] if is_here else ""),
            questions=asked.get(row.id, 0) if row else 0,
            is_installed=is_here if is_here or (platform == "slack" and self._are_many) else None,
            needs_consent=needs_consent(platform, external_id),
        )


async def _count(session: AsyncSession, workspaces: Sequence[int]) -> dict[int, int]:
    """Return how many questions were asked in each of some workspaces, refused ones aside."""
    # The index for the limits has them in order; old questions do not say where they were asked.
    said = select(Question.workspace_id, func.count()).where(Question.workspace_id.in_(workspaces), IS_COUNTED)
    looked_up = (
        select(Conversation.workspace_id, func.count())
        .join(Question, Question.conversation_id == Conversation.id)
        .where(Question.workspace_id.is_(None), Conversation.workspace_id.in_(workspaces), IS_COUNTED)
    )
    counted = dict.fromkeys(workspaces, 0)
    for query in (said.group_by(Question.workspace_id), looked_up.group_by(Conversation.workspace_id)):
        for workspace_id, number in await session.execute(query):
            if workspace_id is not None:
                counted[workspace_id] += number
    return counted
