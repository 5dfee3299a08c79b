"""Model versions as the console asks for them: a page of them, all of one, and the switch between them.

What it does is what ``supportbot models`` does, with the same checks. The daemon follows by its reloader; where it
does not, nothing is switched from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db.audit import AuditEntry, latest
from supportbot.db.models import Audit, TrainingRun
from supportbot.db.session import Database
from supportbot.errors import ModelError
from supportbot.models.daemons import RunningDaemon
from supportbot.models.loading import make_local_engine, prune_exports
from supportbot.models.measured import Figure, LossPoint, figures_of, losses_of
from supportbot.models.publishing import EvidenceError, Publishing, Switch, VersionReport, VersionSummary
from supportbot.models.registry import STARTER, Registry
from supportbot.models.supply import open_supply
from supportbot.words import N_

PAGE = 50

_SWITCHES = ("model.promote", "model.rollback")
_DEEDS = 20
"""The latest decisions that are shown; the audit has the rest."""


class Fixed(StrEnum):
    """Why a switch of the live version would change nothing here."""

    PINNED = "pinned"
    """``SUPPORTBOT_MODEL`` says which model answers."""
    REMOTE = "remote"
    """A remote server answers."""


def fixed_by(settings: Settings) -> Fixed | None:
    """Return why a switch would change nothing where these settings hold; None where it would."""
    if settings.engine == "remote":
        return Fixed.REMOTE
    return Fixed.PINNED if settings.model else None


def check_followed(settings: Settings) -> None:
    """Refuse to decide about versions where the daemon would not follow.

    Raises:
        ModelError: another decides which model answers.
    """
    if (fixed := fixed_by(settings)) is not None:
        raise ModelError(_REFUSED[fixed])


_REFUSED: Mapping[Fixed, str] = {
    Fixed.PINNED: N_(
        "SUPPORTBOT_MODEL sets which model answers here, so another version would have no effect. Remove "
        "that setting and restart the bot."
    ),
    Fixed.REMOTE: N_(
        "A remote server answers here, so the versions in this list aren't used. Change the model on that server."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which versions there are, and which is live.

    Attributes:
        live: the version that is; None where none is installed.
        previous: where a rollback leads; None where there is no way back.
        since: the decision that made it live; None for what was installed with the program.
        versions: a page of them, the newest first.
        older: the version after which the next page begins; None for the last page.
        deeds: the latest decisions, the newest first.
        daemons: that share this database, with what each answers with; none with SQLite.
        is_beginning: whether there is nothing but the starter.
    """

    live: str | None
    previous: str | None
    since: AuditEntry | None
    versions: tuple[VersionSummary, ...]
    older: str | None
    deeds: tuple[AuditEntry, ...]
    daemons: tuple[RunningDaemon, ...]
    is_beginning: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """All that a page shows of one version.

    Attributes:
        report: as ``supportbot models show`` has it.
        live: the version that is; None where none is installed.
        floor_beside: its confidence floor where knowledge refused a question, in nats; None for its own.
        figures: of its evaluation.
        rows: on how many held-out rows that was; None where it does not say.
        losses: of its run, if the run is in the database.
        deeds: what was decided about it, the newest first.
    """

    report: VersionReport
    live: str | None
    floor_beside: float | None
    figures: tuple[Figure, ...]
    rows: int | None
    losses: tuple[LossPoint, ...]
    deeds: tuple[AuditEntry, ...]


class Versions:
    """The versions, for people who decide about them.

    Args:
        settings: of this process; they say how a version is loaded to be tried.
        database: where decisions are recorded.
        answering: names the model that answers now.
    """

    def __init__(self, settings: Settings, database: Database, answering: Callable[[], str]) -> None:
        self._settings = settings
        self._database = database
        self._registry = Registry(settings.models_dir)
        supply = open_supply(settings, database, self._registry)
        self._publishing = Publishing(database, self._registry, partial(make_local_engine, settings), supply)
        self._deciding = asyncio.Lock()
        self.answering = answering

    @property
    def fixed(self) -> Fixed | None:
        """Why a switch would change nothing here; None where it would."""
        return fixed_by(self._settings)

    async def standing(self, after: str | None = None) -> Standing:
        """Return a page of versions, with which is live.

        Args:
            after: ``older`` of the page before; None for the first.
        """
        found = await self._publishing.versions(after=after, limit=PAGE + 1)
        ends, daemons = await self._publishing.ends(), await self._publishing.daemons()
        live = ends.live
        async with self._database.read() as session:
            deeds = await latest(session, Audit.action.startswith("model."), limit=_DEEDS)
            since = await latest(session, Audit.subject == f"model:{live}", Audit.action.in_(_SWITCHES), limit=1)
        shown = tuple(found[:PAGE])
        return Standing(
            live=live,
            previous=ends.previous,
            since=since[0] if since else None,
            versions=shown,
            older=shown[-1].version if len(found) > PAGE else None,
            deeds=deeds,
            daemons=tuple(daemons),
            is_beginning=after is None and all(_is_starter(one.version) for one in found),
        )

    async def version(self, name: str) -> VersionView:
        """Return all that is known of a version, of a retired one too.

        Raises:
            ModelError: there never was such a version.
        """
        report = await self._publishing.show(name)
        evaluation = await asyncio.to_thread(self._evaluation, report)
        live = (await self._publishing.ends()).live
        async with self._database.read() as session:
            deeds = await latest(session, Audit.subject == f"model:{name}", limit=PAGE)
            run = max(report.training.run_ids, default=None)
            history = await session.scalar(select(TrainingRun.loss_history).where(TrainingRun.id == run))
        rows = evaluation.get("rows")
        beside = report.beside_knowledge or {}
        return VersionView(
            report=report,
            live=live,
            floor_beside=beside.get("floor"),
            figures=figures_of(evaluation),
            rows=rows if isinstance(rows, int) else None,
            losses=losses_of(history or ()),
            deeds=deeds,
        )

    async def objection(self, version: str) -> str:
        """Return what speaks against letting a version go live without a reason; "" where nothing does.

        Raises:
            ModelError: it can't go live, whatever the reason.
        """
        check_followed(self._settings)
        try:
            await self._publishing.check(version)
        except EvidenceError as error:
            sentence: str = error.args[0]  # said in the language of whoever reads it
            return sentence
        return ""

    async def promote(self, version: str, by: str, reason: str | None = None) -> Switch:
        """Load a version, try it, and let it go live; one at a time, as each takes the memory of one more model.

        Args:
            version: an installed one.
            by: who decides, for the audit.
            reason: why it goes live although something speaks against it; None where nothing does.

        Raises:
            SupportBotError: it can't go live; the sentence says why.
        """
        check_followed(self._settings)
        async with self._deciding:
            return await self._publishing.promote(version, by, reason)

    async def rollback(self, by: str, instead_of: str | None) -> Switch:
        """Let the version that was live before go live again, at once; it waits for no promotion that is tried.

        Args:
            by: who decides, for the audit.
            instead_of: the live version that they saw.

        Raises:
            ModelError: there is none, it is damaged, or another one is live by now.
        """
        check_followed(self._settings)
        return await self._publishing.rollback(by, instead_of=instead_of)

    def may_retire(self, summary: VersionSummary, live: str | None) -> bool:
        """Return whether a version's files may be deleted: not while they answer, or are to."""
        needed = (live, self._settings.model, self.answering())
        return summary.status != "retired" and summary.version not in needed

    async def retire(self, version: str, by: str) -> None:
        """Delete the files of a version, and what was made of them; its answers go on naming it.

        Raises:
            ModelError: there is no such version, or it answers, or is to.
        """
        if version in (self._settings.model, self.answering()):
            raise ModelError(
                N_("This version is live, so its files can't be deleted. Put another version live first.")
            )
        async with self._deciding:
            await self._publishing.retire(version, by)
            await asyncio.to_thread(prune_exports, self._settings)

    def _evaluation(self, report: VersionReport) -> Mapping[str, object]:
        """Return the evaluation of a version; nothing for one that has none, or can't be read."""
        summary = report.summary
        if summary.problem or not summary.is_here:
            return {}
        return self._registry.manifest(summary.version).evaluation or {}


def _is_starter(version: str) -> bool:
    return version == STARTER or version.startswith(f"{STARTER}-")
