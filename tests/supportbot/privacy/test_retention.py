"""Conversations go when they are too old; what was approved stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from supportbot.db import audit
from supportbot.db.models import Answer, Audit, Conversation, Example, Outbox, Question, Wording
from supportbot.db.session import Database
from supportbot.db.states import ExampleStatus
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.privacy import found as found_module
from supportbot.privacy.retention import BY, erase_old, standing
from supportbot.privacy.upkeep import Upkeep, is_compacting_due
from tests.supportbot.privacy.planting import MARK, Planter
from tests.supportbot.privacy.test_erasing import held_by

OLD = datetime.now(UTC) - timedelta(days=40)
"""Older than the thirty days of these tests."""


async def _count(database: Database, model: type) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def _conversation(put: Planter, asker: str = "U1") -> int:
    asked = await put.ask(asker, f"{MARK} where is it?")
    answer = await put.answer(asked, f"{MARK} here")
    await put.reply(asked, answer, f"{MARK} here")
    return answer


async def test_old_conversations_go_and_young_ones_stay(database: Database) -> None:
    """In batches, each audited in one growing row with counts; the second walk has nothing to do."""
    old = [await _conversation(Planter(database, f"T{number}", at=OLD)) for number in range(3)]
    young = await _conversation(Planter(database, "T9", at=datetime.now(UTC)))
    before = await standing(database, 30)
    assert (before.questions, before.questions_to_go, before.answers_to_go) == (4, 3, 3)
    gone = await erase_old(database, 30)
    assert (gone["questions"], gone["answers"], gone["replies"]) == (3, 3, 3)
    assert await erase_old(database, 30) == {}
    async with database.read() as session:
        assert list(await session.scalars(select(Answer.id))) == [young]
        (row,) = await session.scalars(select(Audit))
    assert young not in old
    assert (row.actor, row.action, row.details["questions"]) == (BY, "privacy.retention", 3)
    assert (await _count(database, Conversation), await _count(database, Outbox)) == (1, 1)
    assert (await standing(database, 30)).questions_to_go == 0
    assert (await standing(database, None)).questions_to_go == 0


async def test_what_was_approved_stays(database: Database) -> None:
    """Approved rows of consenting workspaces stay, others' become wordings without a row, the rest goes."""
    rows: dict[str, int] = {}
    for workspace, consents in (("T1", True), ("T2", False)):
        put = Planter(database, workspace, at=OLD)
        await put.workspace(consents=consents)
        for status in ("approved", "pending", "rejected"):
            answer = await _conversation(put, f"U-{status}")
            rows[f"{workspace} {status}"] = await put.example(
                f"answer:{answer}", f"{workspace} {status}?", f"{workspace} {status}.", origin_answer_id=answer
            )
    store = ExampleStore(database)
    await store.decide([rows["T1 approved"], rows["T2 approved"]], Decision.APPROVE, "Ada")
    await store.decide([rows["T1 rejected"], rows["T2 rejected"]], Decision.REJECT, "Ada")
    await erase_old(database, 30)
    async with database.read() as session:
        left = {row.id: (row.status, row.origin_answer_id) for row in await session.scalars(select(Example))}
        wordings = {row.text: row.example_id for row in await session.scalars(select(Wording))}
    assert left == {rows["T1 approved"]: (ExampleStatus.APPROVED, None)}
    assert wordings == {"T1 approved?": rows["T1 approved"], "T2 approved?": None}
    assert await _count(database, Question) == 0


async def test_no_transaction_erases_much(database: Database) -> None:
    """More than a batch takes more than one transaction, so others can write in between."""
    assert found_module.PAGE <= 300
    put = Planter(database, at=OLD)
    workspace = await put.workspace()
    async with database.write() as session:
        place = Conversation(workspace_id=workspace, channel="C1", thread="1", created_at=OLD)
        session.add(place)
        await session.flush()
        values = {"conversation_id": place.id, "platform": "slack", "asker": "U1", "text": "?", "reply_to": {}}
        session.add_all(
            Question(**values, identity=f"{number}", state="delivered", received_at=OLD)
            for number in range(found_module.PAGE + 1)
        )
    assert (await erase_old(database, 30))["questions"] == found_module.PAGE + 1
    assert await _count(database, Audit) == 1


async def test_the_daemon_writes_the_file_anew(database: Database) -> None:
    """After the loop's look nothing of what was too old is in the bytes, and the next look has nothing to do."""
    await _conversation(Planter(database, at=OLD))
    upkeep = Upkeep(database, 30)
    await upkeep.look()
    assert not await is_compacting_due(database)
    if database.is_sqlite:
        assert held_by(Path(str(database.url.database)), MARK) == []
    await upkeep.look()
    actions = [entry.action for entry in await audit.recent(database, 10)]
    assert actions == ["privacy.compact", "privacy.retention"]


async def test_without_the_setting_nothing_goes(database: Database) -> None:
    """Empty means for ever."""
    await _conversation(Planter(database, at=OLD))
    await Upkeep(database, None).look()
    assert await _count(database, Question) == 1
    assert await _count(database, Audit) == 0
