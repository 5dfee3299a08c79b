"""What the admins of a workspace decided, for tests."""

from __future__ import annotations

from typing import Any

from supportbot.db.session import Database
from supportbot.policies.store import Place, Policies


async def decide(database: Database, platform: str, workspace: str, **settings: Any) -> None:
    """Let just this hold in a workspace, which comes into being if it is not known."""
    policies, place = Policies(database), Place(platform=platform, workspace=workspace)
    await policies.reset(place, "a test")
    await policies.change(place, settings, "a test")
