"""The queue follows the log without anybody who opens it."""

from __future__ import annotations

from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.feedback.review.collecting import Collecting
from supportbot.feedback.review.review import Review
from supportbot.knowledge.knowledge import Knowledge
from tests.supportbot.feedback.curation.rows import add_answer, add_feedback


async def test_what_is_new_in_the_log_waits_in_the_queue(database: Database) -> None:
    """A vote, a correction of the same vote, and a person's answer each; where nothing is new, nothing is done."""
    review = Review(database, Knowledge(database, lambda: None, wrong_rate=0.02))
    collecting = Collecting(database, review.collect)
    await collecting.look()
    assert not await collecting.look()
    assert await review.count_open() == 0

    answer = await add_answer(database, platform="web", workspace="local")
    assert not await collecting.look()  # nobody has judged it
    await add_feedback(database, answer, 1, "web:1")
    assert await collecting.look()
    assert await review.count_open() == 1
    assert not await collecting.look()

    another = await add_answer(database, "Is it blue?", platform="web", workspace="local")
    await add_feedback(database, another, -1, "web:1", correction="It is red.")
    assert await collecting.look()
    assert await review.count_open() == 2

    await add_answer(
        database, "Who are you?", "A person.", source=AnswerSource.HUMAN, platform="web", workspace="local"
    )
    assert await collecting.look()
    assert not await collecting.look()
