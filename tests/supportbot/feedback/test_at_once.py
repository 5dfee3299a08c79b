"""What people say and what curators do at the same moment, on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from supportbot.db.models import Entry, Example
from supportbot.db.session import Database
from supportbot.errors import UnknownSuggestionError
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.entries import Entries
from supportbot.feedback.suggestions import Suggestions
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Suggestion
from tests.grounds import NEAR, unsure
from tests.locks import begun, nobody_commits, on_postgresql
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.feedback.curation.rows import add_answer, add_feedback, stored

PERSON = "slack:T1:U1"


async def suggested(database: Database, inbox: Inbox, question: MakeQuestion) -> tuple[int, int]:
    """Suggest an entry to who asked; return the numbers of the entry and of the answer."""
    await Entries(database).add([NEAR], "Two days.", "Ada")
    async with database.read() as session:
        entry_id = (await session.scalars(select(Entry.id))).one()
    accepted = await inbox.accept(question("when is it there"))
    await inbox.claim_one(accepted.question_id)
    answer_id = await inbox.finish(accepted.question_id, unsure(Suggestion(entry_id, NEAR)))
    assert answer_id is not None
    return entry_id, answer_id


@on_postgresql
async def test_chosen_while_its_answer_is_edited(database: Database, inbox: Inbox, question: MakeQuestion) -> None:
    """What a click proposes never has an answer that the entry has lost meanwhile."""
    entry_id, answer_id = await suggested(database, inbox, question)
    async with nobody_commits(database):
        editing = await begun(database, Entries(database).edit(entry_id, "Ada", answer="Three days."))
        choosing = asyncio.create_task(Suggestions(database).choose(answer_id, 0, PERSON))
        await asyncio.wait([choosing], timeout=1)
    await editing
    assert (await choosing).entry_id == entry_id
    assert {row.completion for row in await stored(database)} == {"Three days."}


@on_postgresql
async def test_chosen_while_it_is_retired(database: Database, inbox: Inbox, question: MakeQuestion) -> None:
    """Who clicks a question that is just retired is told so, and nothing is proposed."""
    entry_id, answer_id = await suggested(database, inbox, question)
    async with nobody_commits(database):
        retiring = await begun(database, Entries(database).retire([entry_id], "Ada"))
        choosing = await begun(database, Suggestions(database).choose(answer_id, 0, PERSON))
    await retiring
    with pytest.raises(UnknownSuggestionError):
        await choosing
    assert len(await stored(database)) == 1


@on_postgresql
async def test_collected_while_a_curator_decides(database: Database) -> None:
    """Collecting takes rows in the order in which curators do, so neither waits for the other for ever."""
    liked, disliked = await add_answer(database), await add_answer(database, answer="Never.")
    await add_feedback(database, liked, 1)
    await add_feedback(database, disliked, -1)
    await collect(database)
    first, second = [row.id for row in await stored(database)]
    await add_feedback(database, liked, 1, "slack:T1:U7")  # the first row follows its votes
    await add_feedback(database, disliked, -1, correction="On Monday.")  # and the second one is withdrawn
    async with database.write() as session:
        await session.execute(select(Example.id).where(Example.id == first).with_for_update())
        collecting = await begun(database, collect(database))
        await session.execute(select(Example.id).where(Example.id == second).with_for_update())
    collected = await collecting
    assert (collected.refreshed, collected.withdrawn) == (1, 1)
