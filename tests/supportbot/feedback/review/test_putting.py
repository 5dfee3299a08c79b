"""An answer is put into the queue by a curator: from the log and from the playground, and taken out again."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from supportbot.db.audit import recent
from supportbot.db.models import Answer, Example
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleSource
from supportbot.feedback.curation.chosen import ChosenError
from supportbot.feedback.review.leases import Choice
from supportbot.feedback.review.order import Kind
from supportbot.feedback.review.review import Review
from tests.supportbot.feedback.curation.rows import add_answer, add_feedback
from tests.supportbot.feedback.review.conftest import ADA, BEN

ALL = Choice()


async def deeds(database: Database) -> list[tuple[str, str]]:
    """Return who did what, the first first."""
    return [(one.actor, one.action) for one in reversed(await recent(database, 20))]


async def test_an_answer_that_nobody_voted_on_is_put_in_front(database: Database, review: Review) -> None:
    """It comes before a correction, says who put it there, is redacted, and is approved as any other item."""
    wrong = await add_answer(database, "Where do I pay?", "In the shop.")
    await add_feedback(database, wrong, -1, correction="At the till.")
    await review.collect()
    answer = await add_answer(database, "May eve@example.org come in?", "Yes, of course.")
    put = await review.put(answer, "ada")
    assert (put.is_new, put.was_put) == (True, False)
    assert await review.put(answer, "ben") == type(put)(put.example_id, is_new=False, was_put=True)
    await review.collect()  # the log says nothing of it, and takes it away no more
    item = await review.take(ADA, ALL)
    assert item is not None
    assert (item.kind, item.example_id, item.place.weight) == (Kind.PUT, put.example_id, 120)
    assert (item.question, item.answer) == ("May [email] come in?", "Yes, of course.")
    assert item.reasons == ("ada added this.",)
    assert item.given is not None
    await review.approve(ADA, [put.example_id], "ben")
    with pytest.raises(ChosenError, match="already reviewed this"):
        await review.put(answer, "ada")
    assert await deeds(database) == [("ada", "example.put"), ("ben", "example.approve")]


async def test_what_is_put_is_taken_out_again(database: Database, review: Review) -> None:
    """What was no candidate is none again; one of the log only loses its place; what is decided stays."""
    voted = await add_answer(database, "Is it warm?", "It is.")
    await add_feedback(database, voted, 1)
    await review.collect()
    fresh = await add_answer(database, "Is it cold?", "It is not.")
    first, second = await review.put(voted, "ada"), await review.put(fresh, "ada")
    assert (first.is_new, second.is_new) == (False, True)
    await review.take_back(first, "ada")
    await review.take_back(second, "ada")
    await review.arrange()
    async with database.read() as session:
        [left] = await session.scalars(select(Example))
    assert (left.prompt, left.put_by, left.weight) == ("Is it warm?", None, 2)
    for put in (first, second):
        with pytest.raises(ChosenError, match="no longer waiting"):
            await review.take_back(put, "ada")
    third = await review.put(fresh, "ada")
    assert await review.take(BEN, ALL, only=third.example_id) is not None
    await review.reject(BEN, [third.example_id], "ben")
    with pytest.raises(ChosenError, match="no longer waiting"):
        await review.take_back(third, "ada")


async def test_what_was_withheld_is_judged_by_itself(database: Database, review: Review) -> None:
    """Of "not sure" the draft is put there, whatever people thought of the sentence; without one there is none."""
    answer = await add_answer(database, "Who is the boss?", "I am not sure.", source=AnswerSource.NOT_SURE)
    with pytest.raises(ChosenError, match="only said that it wasn't sure"):
        await review.put(answer, "ada")
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.id == answer).values(draft="Ada is."))
    await add_feedback(database, answer, -1)
    put = await review.put(answer, "ada")
    await review.collect()
    item = await review.take(ADA, ALL, only=put.example_id)
    assert item is not None
    assert (item.answer, item.is_bad) == ("Ada is.", False)
    person = await add_answer(database, "Who else?", "Ben is.", source=AnswerSource.HUMAN)
    put = await review.put(person, "ada")
    async with database.read() as session:
        row = await session.get_one(Example, put.example_id)
    assert (row.source, row.origin) == (ExampleSource.HUMAN, f"human:{person}")
    with pytest.raises(ChosenError, match="was erased"):
        await review.put(person + 1, "ada")


async def test_a_vote_after_it_changes_what_it_is(database: Database, review: Review) -> None:
    """The votes are counted on, and an answer that got a correction meanwhile waits beside that."""
    answer = await add_answer(database, "Is it open?", "It is.")
    put = await review.put(answer, "ada")
    await add_feedback(database, answer, -1, correction="It is not.")
    await review.collect()
    item = await review.take(ADA, ALL, only=put.example_id)
    assert item is not None
    assert (item.votes, item.kind) == (-1, Kind.PUT)
    assert await review.count_open() == 2


async def test_what_a_model_wrote_in_the_playground_is_nobodys_log(database: Database, review: Review) -> None:
    """It is redacted, counts without a workspace, waits once, and comes before rows of files."""
    put = await review.put_text("Is eve@example.org here?", "She\0 is not.", "ada")
    assert (await review.put_text("Is eve@example.org here?", "She\0 is not.", "ben")).was_put
    await review.arrange()
    item = await review.take(ADA, ALL)
    assert item is not None
    assert (item.example_id, item.kind, item.place.weight) == (put.example_id, Kind.PUT, 120)
    assert (item.question, item.workspace, item.counts) == ("Is [email] here?", None, True)
    assert item.reasons == ("ada added this.",)
    with pytest.raises(ChosenError, match="nothing readable"):
        await review.put_text("What is it?", " ", "ada")
    await review.take_back(put, "ada")
    async with database.read() as session:
        assert await session.scalar(select(Example.id)) is None
    assert await review.count_open() == 0


async def test_what_began_with_a_question_of_the_log_stays_of_that_log(database: Database, review: Review) -> None:
    """It takes the consent of its workspace, has no votes of the answer that was given, and has its asker."""
    answer = await add_answer(database, "Where is it?", "In the shop.", asker="U7", workspace="T7")
    await add_feedback(database, answer, -1)
    async with database.read() as session:
        question_id = (await session.get_one(Answer, answer)).question_id
    put = await review.put_text("Where is it, exactly?", "In Turin.", "ada", question_id)
    await review.collect()
    item = await review.take(ADA, ALL, only=put.example_id)
    assert item is not None
    assert (item.question, item.answer, item.votes) == ("Where is it, exactly?", "In Turin.", 0)
    assert (item.workspace, item.counts) == ("slack:T7", False)
    assert item.given is not None
    assert item.given.text == "In the shop."
    async with database.read() as session:
        row = await session.get_one(Example, put.example_id)
    assert (row.person, row.origin_answer_id) == ("slack:T7:U7", answer)
    with pytest.raises(ChosenError, match="The original question was erased"):
        await review.put_text("Where?", "There.", "ada", question_id + 1)
