"""The figures of a workspace: what is counted, over which time, and that no workspace is in another's."""

from __future__ import annotations

import itertools
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from supportbot.db.models import Answer, Conversation, Entry, Feedback, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, EntrySource, EntryState, QuestionState
from supportbot.knowledge import small_talk
from supportbot.statistics.interval import wilson
from supportbot.statistics.statistics import read_statistics
from supportbot.statistics.words import in_words
from tests.supportbot.cli.curating import supportbot
from tests.supportbot.feedback.curation.rows import add_workspace
from tests.supportbot.knowledge.publishing import approve

REFUNDS = {"Refunds take five days.": ["how long does a refund take", "when do I get my money"]}
SHIPPING = {"We ship to Europe.": ["do you ship abroad"]}

_numbers = itertools.count(1)


async def ask(
    database: Database,
    workspace_id: int,
    source: AnswerSource | None = None,
    *,
    state: QuestionState = QuestionState.DELIVERED,
    seconds: float = 1.0,
    days_ago: float = 0.1,
    entry_id: int | None = None,
    votes: tuple[int, ...] = (),
) -> None:
    """Put a question into the record, with its answer if it has a source."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    answered_at = at + timedelta(seconds=seconds) if source else None
    number = next(_numbers)
    async with database.write() as session:
        place = Conversation(workspace_id=workspace_id, channel="C1", thread=str(number), created_at=at)
        session.add(place)
        await session.flush()
        question = Question(
            conversation_id=place.id,
            platform="slack",
            identity=str(number),
            asker="U1",
            text="A secret of a person",
            reply_to={},
            state=state,
            received_at=at,
            answered_at=answered_at,
        )
        session.add(question)
        await session.flush()
        if source is not None:
            answer = Answer(
                question_id=question.id, text="Said.", source=source, entry_id=entry_id, created_at=answered_at
            )
            session.add(answer)
            await session.flush()
            for voter, vote in enumerate(votes):
                session.add(
                    Feedback(
                        answer_id=answer.id, voter=f"slack:T1:U{voter}", vote=vote, created_at=at, updated_at=at
                    )
                )


async def entry_of(database: Database, faq: dict[str, list[str]], workspace_id: int | None = None) -> int:
    """Approve one answer with its questions; return the number of its entry."""
    await approve(database, faq, workspace_id=workspace_id)
    async with database.read() as session:
        number = await session.scalar(select(Entry.id).where(Entry.answer == next(iter(faq))))
        assert number is not None
        return number


async def test_each_question_is_counted_once_and_only_at_home(database: Database) -> None:
    """What happened in a workspace within the time is counted by what became of it; what others do is not."""
    async with database.write() as session:
        await small_talk.install(session)
    here = await add_workspace(database, "slack", consents=False, name="T1")
    there = await add_workspace(database, "slack", consents=True, name="T2")
    refunds = await entry_of(database, REFUNDS)
    async with database.read() as session:
        hello = await session.scalar(select(Entry.id).where(Entry.source == EntrySource.SMALL_TALK).limit(1))
    for workspace_id in (here, there):
        await ask(database, workspace_id, AnswerSource.APPROVED, entry_id=refunds, seconds=0.25, votes=(1, 1, -1))
    await ask(database, here, AnswerSource.APPROVED, entry_id=refunds + 1_000, seconds=0.5)  # since erased
    await ask(database, here, AnswerSource.APPROVED, entry_id=hello, seconds=1)
    await ask(database, here, AnswerSource.QUOTED, seconds=2)
    await ask(database, here, AnswerSource.GENERATED, seconds=4, votes=(1,))
    await ask(database, here, AnswerSource.NOT_SURE, seconds=8)
    await ask(database, here, state=QuestionState.FAILED)
    await ask(database, here, state=QuestionState.EXPIRED)
    await ask(database, here, state=QuestionState.RECEIVED)
    await ask(database, here, state=QuestionState.REFUSED)
    await ask(database, here, AnswerSource.GENERATED, days_ago=8, seconds=100, votes=(-1,))
    found = await read_statistics(database, here, 7)
    parts = (
        found.verified,
        found.small_talk,
        found.quoted,
        found.generated,
        found.not_sure,
        found.failed,
        found.open,
    )
    assert parts == (2, 1, 1, 1, 1, 2, 1)
    assert found.questions == sum(parts)
    assert found.refused == 1
    assert (found.votes_up, found.votes_down) == (3, 1)
    assert found.up_rate == wilson(3, 1)
    assert (found.median_seconds, found.p95_seconds) == pytest.approx((1, 8), abs=0.01)
    assert [(one.entry_id, one.times) for one in found.most_asked] == [(refunds, 1)]
    everywhere = await read_statistics(database, None, 30)
    assert everywhere.questions == found.questions + 2
    assert everywhere.most_asked[0].times == 2


async def test_nothing_asked_is_all_zero(database: Database) -> None:
    """Where nobody has asked there is no rate and no time, and the sentence says so."""
    found = await read_statistics(database, 4_711, 7)
    assert (found.questions, found.up_rate, found.median_seconds, found.p95_seconds) == (0, None, None, None)
    assert in_words(found) == ["No questions in the last 7 days."]


async def test_answers_of_people_change_no_figure(database: Database) -> None:
    """A colleague's answer beside "I am not sure" counts its question no second time."""
    here = await add_workspace(database, "slack", consents=False)
    await ask(database, here, AnswerSource.NOT_SURE)
    async with database.write() as session:
        question = await session.get_one(Question, 1)
        session.add(
            Answer(
                question_id=question.id,
                text="Ask Bo.",
                source=AnswerSource.HUMAN,
                reply_identity="slack:1",
                created_at=question.received_at,
            )
        )
    found = await read_statistics(database, here, 7)
    assert (found.questions, found.not_sure) == (1, 1)


async def test_most_asked_shows_no_words_of_another_workspace(database: Database) -> None:
    """An answer for all counts, but what is shown is a wording of one's own or of nobody; what is gone is not."""
    here = await add_workspace(database, "slack", consents=False)
    there = await add_workspace(database, "slack", consents=True)
    theirs = await entry_of(database, REFUNDS, there)
    mixed = await entry_of(database, SHIPPING, there)
    await approve(database, {next(iter(SHIPPING)): ["is there shipping to Norway"]})
    expired = await entry_of(database, {"The sale is on.": ["is there a sale"]})
    retired = await entry_of(database, {"Call us.": ["what is your number"]})
    async with database.write() as session:
        gone = datetime.now(UTC) - timedelta(days=1)
        await session.execute(update(Entry).where(Entry.id == expired).values(valid_until=gone))
        await session.execute(update(Entry).where(Entry.id == retired).values(state=EntryState.RETIRED))
        # As an entry that serves all, whatever log its wordings came from.
        await session.execute(update(Entry).values(workspace_id=None))
    for entry_id in (theirs, mixed, mixed, expired, retired):
        await ask(database, here, AnswerSource.APPROVED, entry_id=entry_id)
    found = await read_statistics(database, here, 7)
    assert [(one.question, one.times) for one in found.most_asked] == [("is there shipping to Norway", 2)]
    assert found.verified == 5


@given(up=st.integers(0, 10_000), down=st.integers(0, 10_000))
def test_interval_is_that_of_the_formula(up: int, down: int) -> None:
    """The interval is Wilson's, and the share is within it."""
    found, votes, z = wilson(up, down), up + down, 1.959964
    if not votes:
        assert found is None
        return
    assert found is not None
    share, low, high = found
    middle = (share + z**2 / (2 * votes)) / (1 + z**2 / votes)
    half = z * math.sqrt(share * (1 - share) / votes + z**2 / (4 * votes**2)) / (1 + z**2 / votes)
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_stats_on_a_terminal(database: Database) -> None:
    """`supportbot stats` shows sentences or JSON of one workspace or of all, and no text of a person."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    refunds = await entry_of(database, REFUNDS)
    await ask(database, here, AnswerSource.APPROVED, entry_id=refunds, votes=(1,), seconds=1.5)
    shown = await supportbot(database, "stats", "--workspace", "slack:T1", "--days", "3")
    assert shown.status == 0, shown.errors
    assert shown.output.splitlines()[:3] == [
        "1 question in the last 3 days: 1 verified.",
        "👍 1 of 1 vote: 100% (95% interval: 21% to 100%).",
        "Half of the answers arrived within 1.5 s, 95% within 1.5 s.",
    ]
    assert shown.output.splitlines()[-1] == "     1  how long does a refund take"
    record: dict[str, Any] = json.loads((await supportbot(database, "stats", "--json")).output)
    assert (record["questions"], record["verified"], record["most_asked"][0]["times"]) == (1, 1, 1)
    assert "secret" not in shown.output + json.dumps(record)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", ["slack:T9", "T1", "nowhere:1"])
async def test_workspace_that_is_not_known_is_one_sentence(database: Database, name: str) -> None:
    """A wrong name gets a sentence that says how to write one, and exit status 2."""
    refused = await supportbot(database, "stats", "--workspace", name)
    assert refused.status == 2
    assert refused.errors == (
        f"supportbot: There is no question from '{name}': write platform and id, such as slack:T123; "
        "`supportbot consent` lists the workspaces.\n"
    )
