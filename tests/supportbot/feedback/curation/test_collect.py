"""From the log to candidates, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from supportbot.db.models import Answer, Example
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource, ExampleStatus
from supportbot.feedback.curation import collect as collecting
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.intake.earlier import ASKED_AS
from supportbot.intake.people import digest_of
from supportbot.intake.questions import Grounds
from tests.supportbot.feedback.curation.rows import add_answer, add_feedback, stored


async def question_of(database: Database, answer_id: int) -> int:
    """Return the id of an answer's question."""
    async with database.read() as session:
        return (await session.scalars(select(Answer.question_id).where(Answer.id == answer_id))).one()


async def test_votes_make_candidates(database: Database) -> None:
    """Liked answers are good candidates, disliked ones bad; a tie, the canned sentence and silence are none."""
    liked, disliked, tied, unsure, approved, quoted = [
        await add_answer(database, f"Question {number}?", f"Answer {number}.", source=source)
        for number, source in enumerate(
            [AnswerSource.GENERATED] * 3 + [AnswerSource.NOT_SURE, AnswerSource.APPROVED, AnswerSource.QUOTED]
        )
    ]
    await add_answer(database)
    for answer_id, votes in (
        (liked, [1, 1, -1]),
        (disliked, [-1]),
        (tied, [1, -1]),
        (unsure, [1]),
        (approved, [1]),
        (quoted, [1]),
    ):
        for number, vote in enumerate(votes):
            await add_feedback(database, answer_id, vote, f"slack:T1:V{number}")
    collected = await collect(database)
    assert collected.new == {ExampleSource.VOTES: 4, ExampleSource.CORRECTION: 0, ExampleSource.HUMAN: 0}
    rows = {row.origin: row for row in await stored(database)}
    assert {origin: (row.label, row.votes) for origin, row in rows.items()} == {
        f"answer:{liked}": (ExampleLabel.GOOD, 1),
        f"answer:{disliked}": (ExampleLabel.BAD, -1),
        f"answer:{approved}": (ExampleLabel.GOOD, 1),
        f"answer:{quoted}": (ExampleLabel.GOOD, 1),
    }
    row = rows[f"answer:{liked}"]
    assert (row.prompt, row.completion, row.rejected) == ("Question 0?", "Answer 0.", None)
    assert (row.source, row.status, row.person) == (ExampleSource.VOTES, ExampleStatus.PENDING, "slack:T1:U1")
    assert row.conversation.startswith("slack:T1:C1:")
    assert row.workspace_id is not None


async def test_a_correction_stands_for_the_answer_that_it_mends(database: Database) -> None:
    """A 👎 with a correction keeps both texts, and the disliked answer is no candidate besides."""
    answer_id = await add_answer(database, answer="Never.")
    feedback_id = await add_feedback(database, answer_id, -1, "slack:T1:U7", "On Monday.")
    await add_feedback(database, answer_id, -1, "slack:T1:U8", "  ")
    await collect(database)
    [row] = await stored(database)
    assert (row.origin, row.source, row.label) == (
        f"feedback:{feedback_id}",
        ExampleSource.CORRECTION,
        ExampleLabel.GOOD,
    )
    assert (row.completion, row.rejected, row.person, row.votes) == ("On Monday.", "Never.", "slack:T1:U7", -2)


async def test_a_correction_of_the_canned_sentence_rejects_nothing(database: Database) -> None:
    """ "I am not sure" is nothing that the model wrote, so there is nothing to prefer the correction to."""
    answer_id = await add_answer(database, answer="I am not sure.", source=AnswerSource.NOT_SURE)
    await add_feedback(database, answer_id, -1, correction="On Monday.")
    await collect(database)
    [row] = await stored(database)
    assert (row.completion, row.rejected) == ("On Monday.", None)


async def test_a_follow_up_is_learned_as_what_it_was_taken_for(database: Database) -> None:
    """ "And for a gift card?" is a wording of nothing; the question that it was short for is one."""
    answer_id = await add_answer(database, "And for a gift card?", "Ten days.")
    grounds = Grounds(figures={ASKED_AS: "how long does a refund of a gift card take"}).as_record()
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.id == answer_id).values(grounds=grounds))
    await add_feedback(database, answer_id, 1)
    await collect(database)
    [row] = await stored(database)
    assert row.prompt == "how long does a refund of a gift card take"


async def test_answers_of_people_are_candidates(database: Database) -> None:
    """What a colleague answered after a hand-off is a candidate, each answer one; a digest says who wrote it."""
    answer_id = await add_answer(database, source=AnswerSource.NOT_SURE)
    question_id = await question_of(database, answer_id)
    human = [
        await add_answer(database, answer=text, source=AnswerSource.HUMAN, question_id=question_id)
        for text in ("Let me look.", "It is in Leeds.")
    ]
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.id == human[1]).values(author=digest_of("slack:T1:U7")))
    await collect(database)
    rows = await stored(database)
    assert [(row.origin, row.completion, row.author) for row in rows] == [
        (f"human:{human[0]}", "Let me look.", None),
        (f"human:{human[1]}", "It is in Leeds.", digest_of("slack:T1:U7")),
    ]
    assert rows[0].prompt == "Where is my order?"


async def test_nothing_personal_is_stored(database: Database) -> None:
    """Question, answer and the rejected answer are redacted before they are stored."""
    answer_id = await add_answer(database, "I am at eve@example.org", "Write to mallory@example.org")
    await add_feedback(database, answer_id, -1, correction="Write to trent@example.org")
    await collect(database)
    [row] = await stored(database)
    for text in (row.prompt, row.completion, row.rejected, row.sort_key):
        assert text is not None
        assert "example.org" not in text
    assert "[email]" in row.prompt


async def test_collecting_again_changes_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second walk finds nothing new, and a walk in many batches finds all."""
    monkeypatch.setattr(collecting, "_BATCH", 2)
    for number in range(5):
        await add_feedback(database, await add_answer(database, f"{number}?"), 1)
    assert (await collect(database)).new[ExampleSource.VOTES] == 5
    again = await collect(database)
    assert (sum(again.new.values()), again.refreshed, again.withdrawn) == (0, 0, 0)
    assert len(await stored(database)) == 5


async def test_pending_candidates_follow_the_votes(database: Database) -> None:
    """Votes and label follow the log until somebody decides, and never after."""
    pending, decided = await add_answer(database, "a?"), await add_answer(database, "b?")
    for answer_id in (pending, decided):
        await add_feedback(database, answer_id, 1)
    await collect(database)
    store = ExampleStore(database)
    await store.decide([(await stored(database))[1].id], Decision.APPROVE, "ada")
    for answer_id in (pending, decided):
        await add_feedback(database, answer_id, -1)
    assert (await collect(database)).refreshed == 1
    assert [(row.votes, row.label) for row in await stored(database)] == [
        (-1, ExampleLabel.BAD),
        (1, ExampleLabel.GOOD),
    ]


async def test_an_edited_candidate_keeps_its_label(database: Database) -> None:
    """Once a curator fixed a bad answer it stays good, though the votes on the old text go on."""
    answer_id = await add_answer(database, answer="Never.")
    await add_feedback(database, answer_id, -1)
    await collect(database)
    [row] = await stored(database)
    await ExampleStore(database).decide([row.id], Decision.EDIT, "ada", answer="On Monday.")
    await add_feedback(database, answer_id, -1, "slack:T1:other")
    await add_feedback(database, answer_id, -1, "slack:T1:third", "On Tuesday.")
    await collect(database)
    edited = (await stored(database))[0]
    assert (edited.completion, edited.rejected) == ("On Monday.", "Never.")
    assert (edited.label, edited.votes) == (ExampleLabel.GOOD, -3)


async def test_a_correction_that_comes_later_replaces_the_bad_answer(database: Database) -> None:
    """A disliked answer waits as a bad one; with a correction it becomes the rejected half of that."""
    answer_id = await add_answer(database)
    await add_feedback(database, answer_id, -1)
    await collect(database)
    await add_feedback(database, answer_id, -1, correction="On Monday.")
    assert (await collect(database)).withdrawn == 1
    [row] = await stored(database)
    assert (row.source, row.completion) == (ExampleSource.CORRECTION, "On Monday.")


async def test_a_changed_correction_is_taken_anew(database: Database) -> None:
    """The text that a person left in the end is the one a curator sees; one taken back is gone."""
    answer_id = await add_answer(database)
    await add_feedback(database, answer_id, -1, correction="On Monday.")
    await collect(database)
    await add_feedback(database, answer_id, -1, correction="On Tuesday.")
    await collect(database)
    assert [row.completion for row in await stored(database)] == ["On Tuesday."]
    await add_feedback(database, answer_id, 1)
    await collect(database)
    assert [(row.source, row.label) for row in await stored(database)] == [
        (ExampleSource.VOTES, ExampleLabel.GOOD)
    ]


async def test_a_decided_correction_stays(database: Database) -> None:
    """What a curator approved is not taken back by a later vote."""
    answer_id = await add_answer(database)
    await add_feedback(database, answer_id, -1, correction="On Monday.")
    await collect(database)
    await ExampleStore(database).decide([(await stored(database))[0].id], Decision.APPROVE, "ada")
    await add_feedback(database, answer_id, 1)
    await collect(database)
    assert [row.status for row in await stored(database)] == [ExampleStatus.APPROVED, ExampleStatus.PENDING]


@pytest.mark.parametrize(
    ("platform", "asker", "person"),
    [
        ("slack", "U1", "slack:T1:U1"),
        ("discord", "123", "discord:123"),
        ("web", "web:abc", "web:abc"),
        ("cli", "cli:ada", "cli:ada"),
    ],
)
async def test_askers_are_named_like_voters(database: Database, platform: str, asker: str, person: str) -> None:
    """One person has one name, whether the row comes from a question or from a correction."""
    answer_id = await add_answer(database, platform=platform, asker=asker)
    await add_feedback(database, answer_id, 1)
    await collect(database)
    assert [row.person for row in await stored(database)] == [person]


async def test_rejected_candidates_do_not_come_back(database: Database) -> None:
    """A rejected candidate keeps its origin, so it is not collected again."""
    await add_feedback(database, await add_answer(database), 1)
    await collect(database)
    async with database.write() as session:
        await session.execute(update(Example).values(status=ExampleStatus.REJECTED, curator="ada"))
    assert sum((await collect(database)).new.values()) == 0
