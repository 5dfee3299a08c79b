"""The workspaces that this daemon serves, and all that is done in each with its token: one, or many.

With SLACK_BOT_TOKEN there is one, whatever a payload names; ``origin`` refuses what is not for it. With an app
that many install, they are read from the database when somebody needs them, and looked up again after a few
seconds: so what another daemon or `supportbot workspaces remove` does is seen soon.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from slack_sdk.oauth.installation_store import Bot as StoredBot

from bot.slack.catchup import CatchUp
from bot.slack.digests import SlackDigests
from bot.slack.identity import Identity
from bot.slack.installations import Installations
from bot.slack.scopes import Scopes
from bot.slack.sender import SlackSender
from bot.slack.streaming import SlackStage
from bot.slack.web_client import WebClient
from supportbot.errors import DatabaseError

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 5.0
"""What is known of a workspace holds so long."""

_RENEW_AGAIN_SECONDS = 60.0
"""Where a token need not, or could not, be renewed."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """What hears and speaks in one workspace."""

    client: WebClient
    identity: Identity
    scopes: Scopes
    stage: SlackStage
    sender: SlackSender
    digests: SlackDigests
    catch_up: CatchUp


class Workspaces(Protocol):
    """All of them."""

    @property
    def are_known(self) -> bool:
        """Whether it is known for whom we hear; for readiness over HTTP."""

    async def of(self, *teams: str) -> Workspace | None:
        """Return the first of these workspaces that is served; where none is named, the only one that there is.

        Raises:
            DatabaseError: the storage fails.
        """

    def lacking(self, team: str) -> str:
        """Return what the app lacks in a workspace, in a sentence; empty if that is nothing."""

    def missed(self, since: float = 0.0) -> None:
        """Read back in all of them; see ``CatchUp.missed``."""

    async def establish(self) -> None:
        """Find out for whom we hear.

        Raises:
            ConfigError: Slack refuses the token.
        """

    async def run(self) -> None:
        """Read back whenever that is due, until cancelled."""

    async def lost(self, workspace: Workspace, reason: str) -> bool:
        """Take note that Slack refuses a workspace's token for good; return whether that ends its installation."""


class OneWorkspace:
    """The one that SLACK_BOT_TOKEN is for; see ``Workspaces``."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def are_known(self) -> bool:
        """Whether Slack has accepted the token."""
        return self.workspace.identity.is_known

    async def of(self, *teams: str) -> Workspace | None:
        """Return it."""
        return self.workspace

    def lacking(self, team: str) -> str:
        """Return what the app lacks."""
        return self.workspace.scopes.sentence

    def missed(self, since: float = 0.0) -> None:
        """Read back."""
        self.workspace.catch_up.missed(since)

    async def establish(self) -> None:
        """Ask Slack who we are."""
        bot = await self.workspace.identity.establish()
        log.info("slack.ready", workspace=bot.workspace, user=bot.user_id)

    async def run(self) -> None:
        """Read back."""
        await self.workspace.catch_up.run()

    async def lost(self, workspace: Workspace, reason: str) -> bool:
        """Return False: the operator must give another token, and the replies wait until then."""
        return False


@dataclass(slots=True)
class _Known:
    """A workspace as it was when it was looked up."""

    workspace: Workspace
    bot: StoredBot
    looked_at: float
    renew_from: float = 0.0


class InstalledWorkspaces:
    """Those in which the app is installed; see ``Workspaces``.

    Args:
        installations: which they are.
        build: makes what works in one.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        installations: Installations,
        build: Callable[[StoredBot], Workspace],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._installations = installations
        self._build = build
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._reading: dict[str, tuple[Workspace, asyncio.Task[None]]] = {}
        self._changed = asyncio.Event()
        self.are_known = False

    async def of(self, *teams: str) -> Workspace | None:
        """Return the first of these that has the app."""
        if not teams:
            every = await self._installations.teams()
            teams = tuple(every) if len(every) == 1 else ()
        for team in teams:
            if (workspace := await self._look(team)) is not None:
                return workspace
        return None

    def lacking(self, team: str) -> str:
        """Return what the app lacks there."""
        known = self._known.get(team)
        return known.workspace.scopes.sentence if known else ""

    def missed(self, since: float = 0.0) -> None:
        """Read back in all that are known; what is found later is read back anyway."""
        for known in self._known.values():
            known.workspace.catch_up.missed(since)

    async def establish(self) -> None:
        """Read which there are, as far as the database answers."""
        await self._look_at_all()

    async def run(self) -> None:
        """Follow the installations, renew their tokens, and read back in each, until cancelled."""
        try:
            while True:
                self._changed.clear()
                await self._look_at_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                        await self._changed.wait()
        finally:
            tasks = [task for _, task in self._reading.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def install(self, bot: StoredBot, by: str) -> None:
        """Serve a workspace from now on.

        Raises:
            DatabaseError: the storage fails.
        """
        await self._installations.save(bot, by)
        self._forget(bot.team_id or "")
        log.info("slack.installed", workspace=bot.team_id)

    async def end(self, team: str, by: str, action: str, before: datetime | None = None) -> None:
        """Serve a workspace no more, unless the app was installed again since a time.

        Raises:
            DatabaseError: the storage fails.
        """
        if await self._installations.remove(team, by, action, before):
            self._forget(team)
            log.warning("slack.not_installed_any_more", workspace=team, reason=action)

    async def lost(self, workspace: Workspace, reason: str) -> bool:
        """End the installation, for the event that told of it was missed; not if it has another token by now."""
        team = (await workspace.identity.get()).team
        bot = await self._installations.find(team)
        if bot is not None and bot.bot_token != workspace.client.token:
            self._forget(team)
            return False
        await self.end(team, "slack", f"workspace.{reason}")
        return True

    def _forget(self, team: str) -> None:
        self._known.pop(team, None)
        self._changed.set()

    async def _look(self, team: str) -> Workspace | None:
        known = self._known.get(team)
        if known is not None and self._clock() - known.looked_at < LOOK_AGAIN_SECONDS:
            return known.workspace
        async with self._locks[team]:
            known = self._known.get(team)
            if known is not None and self._clock() - known.looked_at < LOOK_AGAIN_SECONDS:
                return known.workspace  # by who was here before
            bot = await self._installations.find(team)
            if bot is None:
                self._known.pop(team, None)
                return None
            if known is None or (known.bot.bot_id, known.bot.installed_at) != (bot.bot_id, bot.installed_at):
                known = _Known(self._build(bot), bot, 0.0)
            if self._clock() >= known.renew_from:
                renewed = await self._installations.rotated(bot)
                if renewed.bot_token == bot.bot_token:
                    known.renew_from = self._clock() + _RENEW_AGAIN_SECONDS
                bot = renewed
            known.workspace.client.token = bot.bot_token
            known.bot, known.looked_at = bot, self._clock()
            self._known[team] = known
            return known.workspace

    async def _look_at_all(self) -> None:
        """Look at each workspace; one that makes trouble holds up no other."""
        try:
            teams = await self._installations.teams()
        except DatabaseError:
            return  # the database tells of it
        except Exception:  # nobody would miss the loop that calls this
            log.exception("slack.workspaces_not_read")
            return
        self.are_known = True
        for team in teams:
            try:
                workspace = await self._look(team)
            except DatabaseError:
                return
            except Exception:
                log.exception("slack.workspace_failed", workspace=team)
                continue
            if workspace is not None:
                self._read_back(team, workspace)
        for team in self._reading.keys() - set(teams):
            self._known.pop(team, None)
            self._reading.pop(team)[1].cancel()

    def _read_back(self, team: str, workspace: Workspace) -> None:
        reading = self._reading.get(team)
        if reading is not None and reading[0] is workspace:
            return
        if reading is not None:
            reading[1].cancel()
        workspace.catch_up.missed()
        task = asyncio.create_task(workspace.catch_up.run(), name=f"slack-catch-up-{team}")
        self._reading[team] = workspace, task
        log.info("slack.ready", workspace=team)
