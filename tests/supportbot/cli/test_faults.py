"""What was typed and cannot be: one sentence and exit status 2 for each, and no traceback."""

from __future__ import annotations

from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot


async def test_a_number_that_no_row_can_have(database: Database) -> None:
    """It is larger than what SQLite holds; PostgreSQL looks for it in vain."""
    finished = await supportbot(database, "handoffs", "resolve", "9" * 20, "--by", "Ada L")
    assert finished.status == 2
    assert finished.errors.startswith("supportbot: ")
    assert finished.errors.count("\n") == 1
