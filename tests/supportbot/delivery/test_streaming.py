"""Answers that are shown while they are written: what is shown when, and what is left in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from supportbot.db.clock import now as database_now
from supportbot.db.models import Channel, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.pace import Pace
from supportbot.delivery.stream_notes import STREAMED, NotShownError, Place, StreamNotes
from supportbot.delivery.streaming import Streams, whole_words
from supportbot.errors import ModelError
from supportbot.intake.claims import Claim
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Reply
from tests.supportbot.conftest import MakeQuestion
from tests.waiting import until

TEXT = "Press the reset button."
REPLY = Reply(text=TEXT, source=AnswerSource.GENERATED)


class RecordingStage:
    """A platform that notes what it shows, and misbehaves as it is told.

    Attributes:
        requests: what it was asked, in order.
        shown: what people see, by the identity of the message.
        go_on_now: cleared to let requests wait.
    """

    platform = "slack"
    paced_by_workspace = False
    one_a_thread = True

    def __init__(self, *outcomes: Exception | None, pace: Pace | None = None) -> None:
        self.pace = pace or Pace(after=0.0, each=0.005)
        self.outcomes = list(outcomes)
        self.requests: list[str] = []
        self.shown: dict[str, str] = {}
        self.go_on_now = asyncio.Event()
        self.go_on_now.set()

    def suits(self, reply_to: Mapping[str, Any]) -> bool:
        """Return that it does."""
        return True

    async def begin(self, place: Place, text: str) -> str:
        """Show the first words in a new message."""
        await self._ask("begin")
        identity = f"{place.channel}:{place.question_id}"
        self.shown[identity] = text
        return identity

    async def go_on(self, place: Place, identity: str, shown: str, text: str) -> None:
        """Show more."""
        await self._ask("go on")
        assert self.shown[identity] == shown
        assert text.startswith(shown)
        self.shown[identity] = text

    async def take_back(self, place: Place, identity: str) -> None:
        """Show nothing."""
        await self._ask("take back")
        self.shown.pop(identity, None)

    async def _ask(self, what: str) -> None:
        self.requests.append(what)
        await self.go_on_now.wait()
        if self.outcomes and (outcome := self.outcomes.pop(0)):
            raise outcome


class Scene:
    """A process with its streams, and one question that it has claimed."""

    def __init__(self, database: Database, inbox: Inbox, stage: RecordingStage) -> None:
        self.database = database
        self.inbox = inbox
        self.stage = stage
        self.live = Live()
        self.notes = StreamNotes(database, "one")
        self.streams = Streams(self.notes, self.live)
        self.streams.add(stage)

    async def claim(self, question: MakeQuestion, **changes: Any) -> Claim:
        """Have somebody ask, and take the question up."""
        accepted = await self.inbox.accept(question(**changes))
        claim = await self.inbox.claim_one(accepted.question_id)
        assert claim is not None
        return claim

    async def note(self, claim: Claim) -> object:
        """Return what the database says of a stream; None for nothing."""
        async with self.database.read() as session:
            reply_to = await session.scalar(select(Question.reply_to).where(Question.id == claim.question_id))
        return None if reply_to is None else reply_to.get(STREAMED)

    @asynccontextmanager
    async def written(self, claim: Claim, text: str = "Press the re") -> AsyncIterator[None]:
        """Write a text in this block, and wait until its words are shown and noted."""
        async with self.streams.showing(claim):
            self.live.publish(claim.question_id, text)
            async with asyncio.timeout(30):
                while not await self.note(claim):
                    pass
            yield


@pytest.fixture
async def stage() -> RecordingStage:
    """A platform that does as it is asked."""
    return RecordingStage()


@pytest.fixture
async def scene(database: Database, inbox: Inbox, stage: RecordingStage) -> AsyncIterator[Scene]:
    """A process on a database of each kind."""
    scene = Scene(database, inbox, stage)
    yield scene
    await scene.streams.aclose()


async def test_words_are_shown_and_the_reply_knows_where(
    scene: Scene, outbox: Outbox, question: MakeQuestion
) -> None:
    """What is written is shown in whole words, and whoever delivers the reply knows the message."""
    claim = await scene.claim(question)
    async with scene.written(claim):
        scene.live.publish(claim.question_id, "set button")
        await until(lambda: "Press the reset " in scene.stage.shown.values())
    await scene.inbox.finish(claim.question_id, REPLY)
    (delivery,) = await outbox.claim("slack", 1)
    assert delivery.streamed == f"C1:{claim.question_id}"
    assert scene.stage.requests == ["begin", "go on"]


async def test_what_is_answered_soon_is_not_shown_before(scene: Scene, question: MakeQuestion) -> None:
    """An answer that takes less than the platform's second is posted when it is whole."""
    scene.stage.pace = Pace(after=3600.0)
    claim = await scene.claim(question)
    async with scene.streams.showing(claim):
        scene.live.publish(claim.question_id, TEXT)
    assert scene.stage.requests == []
    assert await scene.note(claim) is None


async def test_request_under_way_ends_before_the_answer_is_committed(scene: Scene, question: MakeQuestion) -> None:
    """Words that are on their way would come after the reply otherwise, and stay."""
    claim = await scene.claim(question)
    scene.stage.go_on_now.clear()

    async def write() -> None:
        async with scene.streams.showing(claim):
            scene.live.publish(claim.question_id, "Press the ")
            await until(lambda: scene.stage.requests == ["begin"])

    writing = asyncio.create_task(write())
    await until(lambda: scene.stage.requests == ["begin"])
    done, _ = await asyncio.wait({writing}, timeout=0.05)
    assert not done
    scene.stage.go_on_now.set()
    await writing
    assert await scene.note(claim) == f"C1:{claim.question_id}"


async def test_failed_attempt_is_taken_back_and_the_next_is_posted_whole(
    scene: Scene, question: MakeQuestion
) -> None:
    """A message never shows the words of two attempts."""
    claim = await scene.claim(question)
    with pytest.raises(ModelError):
        async with scene.written(claim):
            raise ModelError("out of order")
    await until(lambda: scene.stage.shown == {})
    assert await scene.note(claim) is None
    await scene.inbox.release(claim.question_id)
    again = await scene.inbox.claim_one(claim.question_id)
    assert again is not None
    async with scene.streams.showing(again):
        assert "stream" not in {task.get_name() for task in asyncio.all_tasks()}
    assert scene.stage.requests == ["begin", "take back"]


async def test_daemon_that_stops_leaves_its_message_to_the_next(scene: Scene, question: MakeQuestion) -> None:
    """A stream that is cut off stays as it is; the next one to answer completes it and begins no other."""
    claim = await scene.claim(question)
    with pytest.raises(asyncio.CancelledError):
        async with scene.written(claim):
            raise asyncio.CancelledError
    await scene.inbox.release(claim.question_id, attempted=False)
    again = await scene.inbox.claim_one(claim.question_id)
    assert again is not None
    assert again.attempt == 1
    with pytest.raises(NotShownError):
        await scene.notes.begin(claim.question_id, scene.stage.suits, alone=True, pause=0.0)
    assert await scene.note(claim) == f"C1:{claim.question_id}"
    assert scene.stage.requests == ["begin"]


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        (RetryLaterError("no connection"), ""),
        (RetryLaterError("ratelimited", 3600.0, unsent=True), None),
        (UndeliverableError("No streams there."), None),
        (ValueError("a defect"), ""),
    ],
    ids=["unknown", "too many", "refused", "defect"],
)
async def test_note_says_whether_there_may_be_a_message(
    scene: Scene, question: MakeQuestion, fault: Exception, note: str | None
) -> None:
    """Where nobody knows whether the first words were posted, whoever delivers must look."""
    scene.stage.outcomes = [fault]
    claim = await scene.claim(question)
    async with scene.streams.showing(claim):
        scene.live.publish(claim.question_id, "Press the ")
        await until(lambda: not scene.stage.outcomes)
    assert await scene.note(claim) == note
    assert scene.stage.requests == ["begin"]


async def test_too_many_requests_let_all_streams_rest(scene: Scene, question: MakeQuestion) -> None:
    """When the platform wants a pause, no stream of it asks for anything, and no answer waits for that."""
    first, second = await scene.claim(question), await scene.claim(question, thread="2.0")
    async with scene.written(first):
        scene.stage.outcomes = [RetryLaterError("ratelimited", 3600.0, unsent=True)]
        scene.live.publish(first.question_id, "set button ")
        await until(lambda: not scene.stage.outcomes)
        async with scene.streams.showing(second):
            scene.live.publish(second.question_id, TEXT)
    assert scene.stage.requests == ["begin", "go on"]


async def test_stream_waits_for_its_place(scene: Scene, outbox: Outbox, question: MakeQuestion) -> None:
    """It takes no post from a reply, begins where the channel is free, and is alone in its thread if it must
    be."""

    async def begin(claim: Claim, *, alone: bool = True, pause: float = 0.0) -> bool:
        place = await scene.notes.begin(claim.question_id, scene.stage.suits, alone=alone, pause=pause)
        return place is not None

    waiting, first, second, other = [await scene.claim(question) for _ in range(4)]
    await scene.inbox.finish(waiting.question_id, REPLY)
    assert not await begin(first)
    (delivery,) = await outbox.claim("slack", 1)
    await outbox.delivered(delivery.outbox_id, "C1:1")
    assert await begin(first)
    assert not await begin(second)
    assert await begin(second, alone=False, pause=60.0)
    assert not await begin(other, alone=False)
    async with scene.database.write() as session:
        await session.execute(update(Channel).values(free_at=await database_now(session) - timedelta(seconds=1)))
    assert await begin(other, alone=False)


async def test_question_of_another_process_is_not_shown(scene: Scene, question: MakeQuestion) -> None:
    """Only who has a question in hand shows its answer."""
    claim = await scene.claim(question)
    with pytest.raises(NotShownError):
        await StreamNotes(scene.database, "two").begin(claim.question_id, scene.stage.suits, alone=True, pause=0.0)


@pytest.mark.parametrize("text", [None, "And where?"], ids=["deleted", "edited"])
async def test_changed_question_takes_its_stream_back(
    scene: Scene, question: MakeQuestion, text: str | None
) -> None:
    """What is shown for a question that was deleted, or reads otherwise now, vanishes."""
    claim = await scene.claim(question, identity="T1:C1:1")
    async with scene.written(claim):
        assert await scene.inbox.reword("slack", "T1:C1:1", text) == claim.question_id
        await scene.streams.take_back(claim.question_id)
        await until(lambda: scene.stage.shown == {})
    assert await scene.note(claim) is None


async def test_question_that_changes_while_the_first_words_are_posted(
    scene: Scene, question: MakeQuestion
) -> None:
    """Who has posted the first words in vain takes them back."""
    claim = await scene.claim(question, identity="T1:C1:1")
    scene.stage.go_on_now.clear()
    async with scene.streams.showing(claim):
        scene.live.publish(claim.question_id, "Press the ")
        await until(lambda: scene.stage.requests == ["begin"])
        await scene.inbox.reword("slack", "T1:C1:1", None)
        await scene.streams.take_back(claim.question_id)
        scene.stage.go_on_now.set()
        await until(lambda: scene.stage.requests == ["begin", "take back"])
    assert scene.stage.shown == {}


async def test_erased_question_takes_its_stream_back(scene: Scene, question: MakeQuestion) -> None:
    """Of somebody who was forgotten meanwhile nothing is shown that nobody would complete."""
    claim = await scene.claim(question)
    async with scene.written(claim), scene.database.write() as session:
        await session.execute(delete(Question))
    await until(lambda: scene.stage.shown == {})


async def test_stream_that_a_reply_completes_is_not_taken_back(scene: Scene, question: MakeQuestion) -> None:
    """When the reply is written already, it has the message."""
    claim = await scene.claim(question)
    async with scene.written(claim):
        pass
    await scene.inbox.finish(claim.question_id, REPLY)
    assert await scene.notes.drop(claim.question_id) is None


async def test_taking_back_is_tried_again(scene: Scene, question: MakeQuestion) -> None:
    """A fault that passes leaves no half of an answer behind."""
    claim = await scene.claim(question)
    async with scene.written(claim):
        scene.stage.outcomes = [RetryLaterError("no connection", 0.001), RetryLaterError("again", 0.001)]
        await scene.streams.take_back(claim.question_id)
    await until(lambda: scene.stage.shown == {})
    assert scene.stage.requests.count("take back") == 3


async def test_more_streams_are_slower(scene: Scene, question: MakeQuestion) -> None:
    """What a platform allows for all streams is shared by those that are open."""
    scene.stage.pace = Pace(after=0.0, each=0.0, all=3600.0)
    claim = await scene.claim(question)
    async with scene.written(claim):
        scene.live.publish(claim.question_id, "set button ")
    assert scene.stage.requests == ["begin"]


@given(text=st.text(alphabet="ab \n\t.", max_size=20), more=st.text(alphabet="ab \n", max_size=5))
def test_whole_words_never_shrink(text: str, more: str) -> None:
    """What is shown is a beginning of the text that ends with a space, and more text only adds to it."""
    shown = whole_words(text)
    assert text.startswith(shown)
    assert not shown or shown[-1] in " \n\t"
    assert whole_words(text + more).startswith(shown)
