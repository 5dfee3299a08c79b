"""The end of an installation: somebody has removed the app from a workspace, or revoked its token.

Slack may tell of both, in any order, and late. What happened before the app was installed again ends nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncApp

from bot.slack.workspaces import InstalledWorkspaces


def register(app: AsyncApp, workspaces: InstalledWorkspaces) -> None:
    """Connect the listeners, where workspaces install the app themselves."""
    app.event("app_uninstalled")(_ending(workspaces, "workspace.uninstall"))
    app.event("tokens_revoked")(_ending(workspaces, "workspace.revoke"))


def _ending(workspaces: InstalledWorkspaces, action: str) -> Callable[..., Awaitable[None]]:
    # Bolt passes arguments by their names.
    async def on_end(body: dict[str, object]) -> None:
        team = read_ended(body)
        if team is not None:
            await workspaces.end(team, "slack", action, read_time(body))

    return on_end


def read_ended(body: object) -> str | None:
    """Return the workspace whose bot may do nothing any more; None if only people's own tokens were revoked."""
    match body:
        case {"team_id": str(team), "event": {"type": "app_uninstalled"}}:
            return team
        case {"team_id": str(team), "event": {"type": "tokens_revoked", "tokens": {"bot": [_, *_]}}}:
            return team
    return None


def read_time(body: object) -> datetime | None:
    """Return when that happened, if Slack says."""
    match body:
        case {"event_time": int(seconds)} if 0 < seconds < 2**32:
            return datetime.fromtimestamp(seconds + 1, UTC)  # whole seconds, rounded down
    return None
