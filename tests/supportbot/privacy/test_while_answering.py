"""An erasure beside a daemon that is answering, delivering, collecting and being voted on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from supportbot.db.models import Answer, Conversation, Entry, Example, Feedback, Outbox, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntryState
from supportbot.errors import UnknownSuggestionError
from supportbot.feedback.curation.collect import collect
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import UnknownAnswerError, Vote, Votes
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from supportbot.knowledge.knowledge import Knowledge
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from tests.supportbot.conftest import MakeQuestion
from tests.supportbot.privacy.planting import ALICE, MARK, MARKS, columns_with, plant

REPLY = Reply(text=f"{MARK} an answer", source=AnswerSource.GENERATED, prompt=f"{MARK} a prompt")
PERSON = Person(platform="slack", user="U1")


@pytest.fixture
def privacy(database: Database, tmp_path: Path) -> Privacy:
    """What erases."""
    return Privacy(database, tmp_path / "home")


async def count(database: Database, *models: type) -> int:
    """Return how many rows some tables have together."""
    async with database.read() as session:
        counts = [await session.scalar(select(func.count()).select_from(model)) or 0 for model in models]
        return sum(counts)


async def test_an_answer_under_way_is_written_nowhere(
    database: Database, inbox: Inbox, question: MakeQuestion, privacy: Privacy
) -> None:
    """A question that is erased while the model thinks has no answer any more, and the worker only hears so."""
    await inbox.accept(question(f"{MARK} where is it?"))
    (claim,) = await inbox.claim(["slack"], 1)
    await privacy.erase(PERSON, "Ada")
    assert await inbox.finish(claim.question_id, REPLY) is None
    await inbox.release(claim.question_id)
    assert await count(database, Question, Answer, Outbox, Conversation) == 0


async def test_a_reply_under_way_is_noted_nowhere(
    database: Database, inbox: Inbox, question: MakeQuestion, privacy: Privacy
) -> None:
    """A reply that is erased while it is being sent ends quietly, whether it arrives or not."""
    from supportbot.delivery.outbox import Outbox as Replies

    replies = Replies(database, "test", timedelta(minutes=1))
    await inbox.accept(question("where is it?"))
    (claim,) = await inbox.claim(["slack"], 1)
    answer_id = await inbox.finish(claim.question_id, REPLY)
    (delivery,) = await replies.claim("slack", 1)
    await privacy.erase(PERSON, "Ada")
    await replies.delivered(delivery.outbox_id, "C1:1.0")
    await replies.postpone(delivery.outbox_id, timedelta(seconds=1), "later", unsent=True)
    await replies.give_up(delivery.outbox_id, "never")
    assert await count(database, Question, Answer, Outbox) == 0
    with pytest.raises(UnknownAnswerError):
        await Votes(database).cast(answer_id or 0, "slack:T1:U1", Vote.UP)


async def test_numbers_of_erased_rows_are_never_given_again(
    database: Database, inbox: Inbox, question: MakeQuestion, privacy: Privacy
) -> None:
    """A button below an erased answer, or a reply under way, never means a later one of somebody else."""
    numbers: list[list[int]] = []
    for _ in range(2):
        await inbox.accept(question())
        (claim,) = await inbox.claim(["slack"], 1)
        answer = await inbox.finish(claim.question_id, REPLY)
        await Votes(database).cast(answer or 0, "slack:T1:U1", Vote.UP)
        models = (Question, Answer, Outbox, Feedback, Conversation)
        async with database.read() as session:
            numbers.append([await session.scalar(select(func.max(model.id))) or 0 for model in models])
        await privacy.erase(PERSON, "Ada")
    assert all(earlier < later for earlier, later in zip(*numbers, strict=True))


async def test_daemons_forget_within_two_seconds(database: Database, privacy: Privacy) -> None:
    """The next look at the revision takes the wording and the emptied answer out of what is known."""
    planted = await plant(database)
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    await knowledge.load()
    assert (found := await knowledge.decide(f"{MARK} seven: where is my parcel?", planted.workspace)) is not None
    assert knowledge.index is not None
    assert {entry.id for entry in knowledge.index.entries} == {planted.theirs, planted.shared}
    await privacy.erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    await knowledge.load()
    assert {entry.id for entry in knowledge.index.entries} == {planted.shared}
    assert MARK not in str([entry.wordings for entry in knowledge.index.entries])
    assert found is not None
    await knowledge.aclose()


async def test_an_emptied_suggestion_cannot_be_clicked(database: Database, privacy: Privacy) -> None:
    """A button whose wording is gone says so, and the one beside it still means what it says."""
    planted = await plant(database)
    await privacy.erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    async with database.read() as session:
        answer_id = await session.scalar(select(Answer.id).where(Answer.entry_id == planted.theirs)) or 0
        assert (await session.get_one(Entry, planted.theirs)).state is EntryState.RETIRED
    suggestions = Suggestions(database)
    with pytest.raises(UnknownSuggestionError):
        await suggestions.choose(answer_id, 0, "slack:T1:U9")
    assert (await suggestions.choose(answer_id, 1, "slack:T1:U9")).question == "Where can my parcel be?"


async def test_collecting_again_finds_nothing(database: Database, privacy: Privacy) -> None:
    """What was erased does not come back as a candidate, and what others said still does."""
    await plant(database)
    await privacy.erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    await collect(database)
    assert await columns_with(database, *MARKS) == set()
    assert await count(database, Example) == 1


async def test_only_the_named_workspaces_are_erased(
    database: Database, inbox: Inbox, question: MakeQuestion, privacy: Privacy
) -> None:
    """The same id in another workspace, on another platform, or of somebody else is not meant."""
    for changes in ({}, {"workspace": "T2"}, {"platform": "discord"}, {"asker": "U11"}):
        await inbox.accept(question(**changes))
    await privacy.erase(Person(platform="slack", user="U1", workspaces=frozenset({"T1"})), "Ada")
    async with database.read() as session:
        left = list(await session.scalars(select(Question.asker).order_by(Question.id)))
    assert left == ["U1", "U1", "U11"]
    await privacy.erase(PERSON, "Ada")
    assert await count(database, Question) == 2
