"""In which channels people ask, on SQLite and on PostgreSQL."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.intake.history import History
from supportbot.intake.inbox import Inbox
from tests.supportbot.conftest import MakeQuestion


async def test_lately_used_channels_come_first(database: Database, inbox: Inbox, question: MakeQuestion) -> None:
    """A channel whose question waits is first, then the one served last; no other workspace's is named."""
    history = History(database)
    for channel in ("A", "B", "A"):
        await inbox.accept(question(channel=channel))
        await inbox.claim(["slack"], 1)
    await inbox.accept(question(channel="C"))
    await inbox.accept(question(channel="D", workspace="T2"))
    workspace = question().workspace
    assert await history.channels("slack", workspace, 10) == ["C", "A", "B"]
    assert await history.channels("slack", workspace, 2) == ["C", "A"]
    assert await history.channels("discord", workspace, 10) == []
