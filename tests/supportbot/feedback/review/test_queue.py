"""The queue: its order and reasons, and that two curators never see the same item; on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from sqlalchemy import update

from supportbot.db.models import Answer
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleSource, ExampleStatus, FeedbackReason
from supportbot.feedback.consent import allow
from supportbot.feedback.review.leases import Choice, Seat
from supportbot.feedback.review.order import Kind
from supportbot.feedback.review.review import Review
from supportbot.feedback.votes import Vote, Votes
from supportbot.knowledge.knowledge import Knowledge
from tests.supportbot.feedback.curation.rows import add_answer, add_examples, add_feedback, example
from tests.supportbot.feedback.review.conftest import ADA, BEN

WAITS = {"status": ExampleStatus.PENDING}
ALL = Choice()


async def test_what_teaches_most_comes_first_and_says_why(database: Database, review: Review) -> None:
    """Corrections, answers of people, clicks, disagreement, doubt, votes; what operators gave comes last."""
    liked = await add_answer(database, "Do you ship to Malta?", "Yes, we do.")
    await add_feedback(database, liked, 1)
    doubted = await add_answer(database, "Do you ship to Mars?", "Maybe so.")
    await add_feedback(database, doubted, 1)
    argued = await add_answer(database, "Is it waterproof?", "It is.")
    await add_feedback(database, argued, -1)
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.id == doubted).values(confidence=-2.0))
        await session.execute(update(Answer).where(Answer.id == argued).values(draft="No.", confidence=-0.1))
    unsure = await add_answer(database, "Who is the boss?", "I am not sure.", source=AnswerSource.NOT_SURE)
    async with database.read() as session:
        question_id = (await session.get_one(Answer, unsure)).question_id
    await add_answer(database, answer="Ada is.", source=AnswerSource.HUMAN, question_id=question_id)
    wrong = await add_answer(database, "Where do I pay?", "In the shop.")
    await add_feedback(database, wrong, -1, correction="At the till.")
    await add_examples(
        database,
        example("Is it from a file?", **WAITS),
        example("Was this meant?", source=ExampleSource.VOTES, origin="suggestion:99:1", votes=1, **WAITS),
    )
    assert await review.collect() == 5
    shown = []
    place = None
    while (item := await review.take(ADA, ALL, beyond=place)) is not None:
        place = item.place
        shown.append((item.kind, item.question, len(item.reasons)))
    assert shown == [
        (Kind.CORRECTION, "Where do I pay?", 2),
        (Kind.HUMAN, "Who is the boss?", 2),
        (Kind.SUGGESTION, "Was this meant?", 2),
        (Kind.DISLIKED, "Is it waterproof?", 2),
        (Kind.LIKED, "Do you ship to Mars?", 2),
        (Kind.LIKED, "Do you ship to Malta?", 1),
        (Kind.IMPORT, "Is it from a file?", 0),
    ]
    back = await review.take(ADA, ALL, beyond=place, backwards=True)
    assert back is not None
    assert (back.question, back.reasons) == ("Do you ship to Malta?", ("People voted on the answer.",))
    only = await review.take(ADA, Choice(kind=Kind.HUMAN))
    assert only is not None
    assert (only.question, only.answer, only.workspace) == ("Who is the boss?", "Ada is.", "slack:T1")
    overview = await review.overview(BEN, "ben")
    assert (overview.number, overview.held, await review.count_open()) == (7, 1, 7)


async def test_an_item_comes_with_all_that_judging_it_takes(database: Database, review: Review) -> None:
    """The thread, the bot's answer with its votes and their reasons, and whether its words may train a model."""
    answer = await add_answer(database, "Where do I pay, eve@example.org?", "In the shop.", workspace="T7")
    for number in range(3):
        await Votes(database).cast(answer, f"slack:T7:U{number}", Vote.DOWN)
        await Votes(database).explain(answer, f"slack:T7:U{number}", FeedbackReason.WRONG, "At the till.")
    await review.collect()
    item = await review.take(ADA, ALL)
    assert item is not None
    assert (item.question, item.answer, item.rejected) == (
        "Where do I pay, [email]?",
        "At the till.",
        "In the shop.",
    )
    assert item.given is not None
    assert (item.given.up, item.given.down, item.given.reasons) == (0, 3, [(FeedbackReason.WRONG, 3)])
    assert [(said.by, said.text) for said in item.thread] == [
        ("asker", "Where do I pay, eve@example.org?"),
        ("bot", "In the shop."),
    ]
    assert not item.counts
    assert item.alike is not None
    assert item.alike.accounts == 3
    await allow(database, "slack", "T7", "ada", allow=True)
    again = await review.take(ADA, ALL)
    assert again is not None
    assert again.counts


async def test_two_curators_never_see_the_same_item(database: Database, database_url: str) -> None:
    """Eight pages go through forty items at once, from two processes: no item is shown twice while it is held."""
    await add_examples(
        database,
        *(example(f"Question {number}?", f"Answer {number // 2}.", **WAITS) for number in range(40)),
    )
    other = Database(database_url)
    reviews = [Review(one, Knowledge(one, lambda: None, wrong_rate=0.02)) for one in (database, other)]
    held: dict[int, Seat] = {}
    decided: list[int] = []

    async def go_through(seat: Seat, review: Review) -> None:
        while (item := await review.take(seat, ALL)) is not None:
            mine = [item.example_id, *(like.example_id for like in item.like)]
            assert not held.keys() & mine
            held.update(dict.fromkeys(mine, seat))
            await asyncio.sleep(0)
            for number in mine:
                del held[number]
            await review.approve(seat, mine, "ada")
            decided.extend(mine)

    await asyncio.gather(*(go_through(Seat(number, "x"), reviews[number % 2]) for number in range(8)))
    await other.aclose()
    assert len(decided) == len(set(decided)) == 40


async def test_a_lease_ends_by_time_or_when_the_page_goes(database: Database) -> None:
    """Who says nothing more loses the item to the next one, and can't decide on it; a new page of the same
    person goes on with it at once.
    """
    await add_examples(database, example("One?", **WAITS))
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    review, hasty = Review(database, knowledge), Review(database, knowledge, lease=timedelta(0))
    first = await review.take(ADA, ALL)
    assert first is not None
    assert await review.take(BEN, ALL) is None
    assert await review.take(Seat(ADA.operator_id, "reloaded"), ALL) is not None
    assert not await review.renew(ADA, first.example_id)
    await review.free(Seat(ADA.operator_id, "reloaded"))
    assert await hasty.take(BEN, ALL) is not None
    assert await hasty.renew(BEN, first.example_id)
    assert await review.take(ADA, ALL) is not None
    assert not await hasty.renew(BEN, first.example_id)


async def test_a_correction_of_many_is_one_item_also_while_it_is_looked_at(
    database: Database, review: Review
) -> None:
    """Nearly the same corrections are shown once; one that comes later joins them, and nobody else is shown it."""
    correction = {"source": ExampleSource.CORRECTION, **WAITS}
    await add_examples(
        database,
        *(example("Where do I pay?", f"Pay at the till{'!' * number}", **correction) for number in range(3)),
    )
    await review.arrange()
    item = await review.take(ADA, ALL)
    assert item is not None
    assert item.alike is not None
    assert len(item.alike.others) == 2
    await add_examples(database, example("Where do I pay?", "Pay at the till.", votes=-9, **correction))
    await review.arrange()
    assert await review.take(BEN, ALL) is None
    await review.reject(ADA, [item.example_id], "ada")
    assert await review.count_open() == 0


async def test_a_thousand_items_stay_smooth(database: Database, review: Review) -> None:
    """The next of a thousand costs what its own rows cost, not what waits: well below a tenth of a second."""
    answer = await add_answer(database)
    await add_examples(
        database,
        *(
            example(
                f"Question {number}?",
                f"Answer {number}.",
                source=ExampleSource.VOTES,
                origin_answer_id=answer,
                votes=number % 7,
                **WAITS,
            )
            for number in range(1_000)
        ),
    )
    await review.arrange()
    took = []
    place = None
    for _ in range(20):
        begin = time.process_time()
        item = await review.take(ADA, ALL, beyond=place)
        took.append(time.process_time() - begin)
        assert item is not None
        place = item.place
    assert sorted(took)[10] < 0.1  # of this process's own work: a busy machine makes no difference
