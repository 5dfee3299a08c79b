"""Platforms tell again what they told: what was erased must not come back that way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from supportbot.db.models import Answer, ErasedMessage, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import NO_QUESTION, Reply
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from supportbot.privacy.upkeep import Upkeep
from tests.supportbot.conftest import MakeQuestion

NOT_SURE = Reply(text="I am not sure.", source=AnswerSource.NOT_SURE)


async def erase(database: Database, home: Path, user: str) -> None:
    """Erase a person."""
    await Privacy(database, home).erase(Person(platform="slack", user=user), "Ada", wait_seconds=0)


async def count(database: Database) -> tuple[int, int]:
    """Return how many questions and answers there are."""
    async with database.read() as session:
        counts = [await session.scalar(select(func.count()).select_from(one)) for one in (Question, Answer)]
    return counts[0] or 0, counts[1] or 0


async def test_an_erased_question_that_is_told_again_is_left_alone(
    database: Database, inbox: Inbox, question: MakeQuestion, tmp_path: Path
) -> None:
    """After a restart the channel is read back, and the message still stands there; another one is asked anew."""
    asked = question()
    assert (await inbox.accept(asked)).new
    await erase(database, tmp_path, asked.asker)
    again = await inbox.accept(asked)
    assert (again.question_id, again.new) == (NO_QUESTION, False)
    assert await count(database) == (0, 0)
    assert (await inbox.accept(question())).new


async def test_an_erased_answer_of_a_person_is_not_kept_again(
    database: Database, inbox: Inbox, question: MakeQuestion, tmp_path: Path
) -> None:
    """What a colleague wrote in a thread of somebody else stays away, too."""
    accepted = await inbox.accept(question())
    await inbox.claim_one(accepted.question_id)
    await inbox.finish(accepted.question_id, NOT_SURE)
    remark = Remark(
        platform="slack",
        workspace="T1",
        channel="C1",
        thread="1.0",
        replied_to=None,
        identity="T1:C1:colleague",
        author="U2",
        text="It is on its way.",
    )
    assert await inbox.accept_remark(remark) is Heard.KEPT
    assert await count(database) == (1, 2)
    await erase(database, tmp_path, "U2")
    assert await inbox.accept_remark(remark) is Heard.DROPPED
    assert await count(database) == (1, 1)


async def test_what_nobody_tells_any_more_is_forgotten(
    database: Database, inbox: Inbox, question: MakeQuestion, tmp_path: Path
) -> None:
    """The digests of erased messages go after a week, and not before."""
    asked = question()
    await inbox.accept(asked)
    await erase(database, tmp_path, asked.asker)
    await Upkeep(database, None).look()
    assert not (await inbox.accept(asked)).new
    async with database.write() as session:
        await session.execute(update(ErasedMessage).values(erased_at=datetime.now(UTC) - timedelta(days=8)))
    await Upkeep(database, None).look()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ErasedMessage)) == 0
