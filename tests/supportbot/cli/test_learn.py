"""`supportbot learn`, as somebody with documents types it."""

from __future__ import annotations

import json
from pathlib import Path

from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus
from tests.supportbot.cli.curating import supportbot
from tests.supportbot.cli.test_import import at_a_terminal
from tests.supportbot.feedback.curation.rows import stored

PAGE = """# Returns

## Refund Status

Look into your account, or write to ada@shop.example.

## Where

In Leeds.

## Post\x1b[2J

Use the label that lies in the box, and keep the receipt.
"""


async def test_nothing_is_proposed_before_somebody_says_yes(database: Database, tmp_path: Path) -> None:
    """The preview shows what was understood; no is exit status 1, yes proposes, and then nothing is asked."""
    path = tmp_path / "help.md"
    path.write_text(PAGE, "utf-8")
    finished = await at_a_terminal(database, "learn", str(path), typed="n\n")
    assert (finished.status, await stored(database)) == (1, [])
    for text in (
        "help.md: Markdown, 4 sections",
        "Returns: refund status",
        "Look into your account, or write to [email].",
        "2 passages to propose, 0 already known",
        "2 sections skipped: 1 without text of their own, 1 too short (fewer than 20 characters)",
        "Removed: 1 email",
    ):
        assert text in finished.output
    assert "\x1b" not in finished.output
    assert "Propose these? [y/N]" in finished.errors
    finished = await at_a_terminal(database, "learn", str(path), typed="y\n")
    assert finished.status == 0, finished.errors
    assert finished.output.endswith("2 of them new\nTo decide on them, run: supportbot curate review\n")
    assert [row.status for row in await stored(database)] == [ExampleStatus.PENDING] * 2
    finished = await at_a_terminal(database, "learn", str(path), typed="")
    assert (finished.status, finished.errors) == (0, "")
    assert finished.output.endswith("2 passages, 0 of them new\n")


async def test_nobody_can_say_yes_in_a_script(database: Database, tmp_path: Path) -> None:
    """Without a terminal the command names the option; with it a folder is learned from."""
    (tmp_path / "help.md").write_text(PAGE, "utf-8")
    (tmp_path / "scan.pdf").write_bytes(b"broken")
    (tmp_path / "more.txt").write_text("Everything that we sell is in our shop in Leeds.", "utf-8")
    finished = await supportbot(database, "learn", str(tmp_path))
    assert (finished.status, finished.errors) == (
        2,
        "supportbot: There is no terminal to confirm the proposals: add --yes to propose without asking.\n",
    )
    public = {"SUPPORTBOT_PUBLIC_CONTACTS": "ada@shop.example"}
    finished = await supportbot(database, "learn", str(tmp_path), "--yes", **public)
    assert finished.status == 0, finished.errors
    assert "2 documents: 1 Markdown, 1 text, 5 sections" in finished.output
    assert f"Left out: '{tmp_path}/scan.pdf' is damaged or not a PDF" in finished.output
    assert "Taken out" not in finished.output


async def test_json_has_all_counts(database: Database, tmp_path: Path) -> None:
    """A script reads one document and is asked nothing."""
    path = tmp_path / "help.md"
    path.write_text(PAGE, "utf-8")
    finished = await supportbot(database, "learn", str(path), "--json")
    assert json.loads(finished.output) == {
        "documents": 1,
        "sections": 4,
        "passages": 2,
        "known": 0,
        "new": 2,
        "long": 0,
        "skipped": {"empty": 1, "short": 1},
        "redacted": {"email": 1},
        "unread": [],
    }


async def test_errors_are_one_sentence(database: Database) -> None:
    """A private address is refused with the option that allows it, a missing file by its name."""
    finished = await supportbot(database, "learn", "http://127.0.0.1:1/", "--yes")
    assert (finished.status, finished.errors) == (
        2,
        "supportbot: 'http://127.0.0.1:1/' leads to a private address: add --allow-private if you want that.\n",
    )
    finished = await supportbot(database, "learn", "missing.md", "--yes")
    assert (finished.status, finished.errors) == (
        2,
        "supportbot: 'missing.md' cannot be read: there is no such file or folder.\n",
    )
