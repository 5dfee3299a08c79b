"""What the admins of a workspace decided, for tests."""

from __future__ import annotations

from typing import Any

from supportbot.db.session import Database
from supportbot.policies.store import Place, Policies


async def decide(database: Database, platform: str, workspace: str, **settings: Any) -> None:
    """Let a policy hold in a workspace, which comes into being if it is not known."""
    await Policies(database).change(Place(platform=platform, workspace=workspace), settings, "a test")
