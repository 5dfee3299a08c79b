"""A question follows its asker who edits or deletes its message, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from supportbot.db.models import Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, OutboxState, QuestionState
from supportbot.delivery.outbox import Outbox as OutboxStore
from supportbot.intake.changes import WITHDRAWN
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion

REPLY = Reply(text="Tomorrow.", source=AnswerSource.GENERATED)


@pytest.fixture
async def asked(inbox: Inbox, question: MakeQuestion) -> int:
    """A question that waits."""
    return (await inbox.accept(question("Where is it", identity="T1:C1:1"))).question_id


async def row_of(database: Database, question_id: int) -> Question:
    """Return a question."""
    async with database.read() as session:
        return await session.get_one(Question, question_id)


async def test_new_text_counts_while_nobody_has_answered(inbox: Inbox, asked: int) -> None:
    """A question that waits is answered as it reads now; an edit that changes nothing is none."""
    assert await inbox.reword("slack", "T1:C1:1", "Where is my order?") == asked
    assert await inbox.reword("slack", "T1:C1:1", "Where is my order?") is None
    assert await inbox.reword("slack", "T1:C1:2", "Another message") is None
    assert await inbox.reword("discord", "T1:C1:1", "Another platform") is None
    (claim,) = await inbox.claim(["slack"], 5)
    assert claim.text == "Where is my order?"


async def test_answer_under_way_is_dropped_for_the_new_text(inbox: Inbox, asked: int) -> None:
    """What a worker writes about the old text is lost, and the question is taken up anew."""
    await inbox.claim_one(asked)
    assert await inbox.reword("slack", "T1:C1:1", "Where is my order?") == asked
    assert await inbox.finish(asked, REPLY) is None
    claim = await inbox.claim_one(asked)
    assert claim is not None
    assert claim.text == "Where is my order?"
    assert await inbox.finish(asked, REPLY) is not None


async def test_answered_question_keeps_its_text(inbox: Inbox, database: Database, asked: int) -> None:
    """After the answer an edit changes nothing, whether it is shown already or not."""
    await inbox.claim_one(asked)
    await inbox.finish(asked, REPLY)
    assert await inbox.reword("slack", "T1:C1:1", "Where is my order?") is None
    row = await row_of(database, asked)
    assert (row.text, row.state) == ("Where is it", QuestionState.ANSWERED)


@pytest.mark.parametrize("in_work", [False, True])
async def test_deleted_question_is_withdrawn(inbox: Inbox, database: Database, asked: int, in_work: bool) -> None:
    """Nobody answers it any more, though a worker may be at it; a second deletion changes nothing."""
    if in_work:
        await inbox.claim_one(asked)
    assert await inbox.reword("slack", "T1:C1:1", None) == asked
    assert await inbox.reword("slack", "T1:C1:1", None) is None
    assert await inbox.finish(asked, REPLY) is None
    row = await row_of(database, asked)
    assert (row.state, row.reason) == (QuestionState.FAILED, WITHDRAWN)
    assert await inbox.claim(["slack"], 5) == []


async def test_reply_to_a_deleted_question_stays(
    inbox: Inbox, outbox: OutboxStore, database: Database, asked: int
) -> None:
    """An answer that is written and not sent yet is never sent."""
    await inbox.claim_one(asked)
    await inbox.finish(asked, REPLY)
    assert await inbox.reword("slack", "T1:C1:1", None) == asked
    assert await outbox.claim("slack", 5) == []
    assert (await row_of(database, asked)).state is QuestionState.FAILED
    async with database.read() as session:
        assert list(await session.scalars(select(Outbox.state))) == [OutboxState.FAILED]


@pytest.mark.parametrize("is_there", [False, True])
async def test_answer_that_is_on_its_way_is_left(
    inbox: Inbox, outbox: OutboxStore, database: Database, asked: int, is_there: bool
) -> None:
    """What somebody is sending, or what is shown, stays as it is."""
    await inbox.claim_one(asked)
    await inbox.finish(asked, REPLY)
    (delivery,) = await outbox.claim("slack", 5)
    if is_there:
        await outbox.delivered(delivery.outbox_id, "C1:2.0")
    assert await inbox.reword("slack", "T1:C1:1", None) is None
    assert (await row_of(database, asked)).state is (
        QuestionState.DELIVERED if is_there else QuestionState.ANSWERED
    )
