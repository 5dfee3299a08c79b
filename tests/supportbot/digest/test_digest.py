"""What a digest says of a workspace, on SQLite and on PostgreSQL, and that it says nothing of another."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from supportbot.db.models import Audit, Handoff
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState
from supportbot.digest.digest import Digest, Digests
from supportbot.digest.reading import Helper
from supportbot.digest.words import gap_words, helped_words, nameless, quiet_words
from supportbot.intake.questions import PRIVATELY
from supportbot.statistics import unmet
from tests.digests import ask, help_with
from tests.supportbot.cli.curating import supportbot
from tests.supportbot.feedback.curation.rows import add_workspace


async def read(database: Database, workspace_id: int) -> Digest:
    """Read a digest without an encoder."""
    return await Digests(database, lambda: None).read(workspace_id)


async def hand_off(database: Database, workspace_id: int, question_id: int) -> None:
    """Let people have been asked a question."""
    async with database.write() as session:
        session.add(
            Handoff(
                question_id=question_id,
                workspace_id=workspace_id,
                channel="D1",
                platform="slack",
                target="C9",
                state=HandoffState.OPEN,
                asked_at=datetime.now(UTC),
            )
        )


async def test_gaps_are_of_one_workspace_and_week(database: Database) -> None:
    """What was not known, voted down or asked of people counts; what was answered, is old or elsewhere doesn't."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    there = await add_workspace(database, "slack", consents=True, name="T2")
    await ask(database, here, "do you gift wrap", asker="U1")
    await ask(database, here, "do you gift wrap?", AnswerSource.GENERATED, asker="U2", votes=(-1, -1, 1))
    await hand_off(
        database, here, await ask(database, here, "DO you gift wrap", AnswerSource.APPROVED, asker="U2")
    )
    await ask(database, here, "where is my parcel", AnswerSource.GENERATED, votes=(1, -1))
    await ask(database, here, "where is my parcel", AnswerSource.APPROVED)
    await ask(database, here, "an old secret", days_ago=8)
    await ask(database, there, "do you gift wrap", asker="U9")
    found = await read(database, here)
    assert [(gap.questions, gap.people) for gap in found.gaps] == [(3, 2)]
    assert found.figures.questions == 5
    assert gap_words(found.gaps[0]) == "2 people, 3 questions"


async def test_private_wording_is_shown_where_people_were_asked(database: Database) -> None:
    """What only its asker saw is counted and not shown, unless they had it shown to people."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    handed = await ask(database, here, "refund for seat seven", channel="D1")
    await ask(database, here, "my illness, please", channel="D1")
    await ask(database, here, "a private parking spot", reply_to={PRIVATELY: True})
    await ask(database, here, "what does the boss earn", reply_identity="C1:private")
    await hand_off(database, here, handed)
    found = await read(database, here)
    assert sorted(gap.example for gap in found.gaps) == ["", "", "", "refund for seat seven"]


async def test_only_so_many_questions_are_compared(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest ones, since comparing takes time."""
    monkeypatch.setattr(unmet, "MOST_UNMET", 2)
    here = await add_workspace(database, "slack", consents=False)
    for text in ("oldest of all", "gift wrapping", "new parking spot"):
        await ask(database, here, text)
    assert sorted(gap.example for gap in (await read(database, here)).gaps) == [
        "gift wrapping",
        "new parking spot",
    ]


async def test_who_helped(database: Database) -> None:
    """People are counted once however often they write; who is known only by a digest has no name."""
    here = await add_workspace(database, "slack", consents=False)
    first, second = await ask(database, here, "one"), await ask(database, here, "two")
    await help_with(database, first, "digest of ada", "U7")
    await help_with(database, first, "digest of ada", "U7")
    await help_with(database, second, "digest of ada")
    await help_with(database, second, "digest of bo")
    await help_with(
        database, await ask(database, await add_workspace(database, "slack", consents=True), "x"), "eve"
    )
    found = await read(database, here)
    assert found.helpers == (Helper("U7", "slack", 2), Helper("", "slack", 1))
    assert helped_words(found, ["Ada", ""]) == "Ada (2), 1 other"
    assert helped_words(found, nameless(found)) == "2 people answered what I didn't know."


async def test_quiet_week(database: Database) -> None:
    """Where nobody asked anything there is one line."""
    found = await read(database, await add_workspace(database, "slack", consents=False))
    assert found.is_quiet
    assert quiet_words(found) == "Nobody asked anything in the last 7 days."


# What a database makes of it is tested above; this starts a process for every command.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_shown_in_the_terminal(database: Database) -> None:
    """The command shows it, posts nothing, and who looked stands in the audit."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    quiet = await supportbot(database, "digest", "--workspace", "slack:T1", "--days", "3")
    assert quiet.output == (
        "Nobody asked anything in the last 3 days.\n\nIt is posted nowhere (`supportbot policy show slack:T1`).\n"
    )
    question = await ask(database, here, "do you \x1b[31mgift wrap? ada@example.org")
    await help_with(database, question, "digest of ada", "U7")
    decided = ("policy", "set", "slack:T1", "digest=yes", "digest_channel=<#C9>", "--by", "Ada L")
    assert (await supportbot(database, *decided)).status == 0
    shown = await supportbot(database, "digest", "--workspace", "slack:T1", SUPPORTBOT_ENCODER="none")
    assert shown.status == 0, shown.errors
    assert "do you" in shown.output
    assert "[email]? (1 person)" in shown.output or "[email] (1 person)" in shown.output
    assert 'supportbot knowledge add --answer "…" --question "…"' in shown.output
    assert "Who helped:\nU7 (1)\n" in shown.output
    assert "in C9 of slack, on Mondays at 9" in shown.output
    assert "\x1b" not in shown.output
    assert "ada@" not in shown.output
    told = await supportbot(database, "digest", "--workspace", "slack:T1", "--json", SUPPORTBOT_ENCODER="none")
    record = json.loads(told.output)
    assert [gap["people"] for gap in record["gaps"]] == [1]
    assert record["helpers"] == [{"signed": "U7", "platform": "slack", "questions": 1}]
    async with database.read() as session:
        deeds = (await session.scalars(select(Audit.subject).where(Audit.action == "digest.read"))).all()
    assert deeds == [f"digest:{here}"] * 3
    unknown = await supportbot(database, "digest", "--workspace", "slack:T9")
    assert unknown.status == 2
    assert unknown.errors.startswith("supportbot: There is no question from 'slack:T9': ")
