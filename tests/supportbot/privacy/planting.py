"""A log in which one person stands wherever a person can stand, beside another one who must lose nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from supportbot.db import audit
from supportbot.db.base import Base
from supportbot.db.models import (
    Answer,
    Channel,
    ChannelPolicy,
    Conversation,
    Entry,
    Example,
    ExampleDecision,
    Feedback,
    ForeignQuestion,
    Handoff,
    ModelVersion,
    Outbox,
    Question,
    RunExample,
    TrainingRun,
    Wording,
    Workspace,
)
from supportbot.db.session import Database
from supportbot.db.states import (
    AnswerSource,
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
    HandoffState,
    OutboxKind,
    OutboxState,
    QuestionState,
)
from supportbot.feedback.curation.keys import sort_key_of, split_of
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.intake.people import digest_of, person_of

ALICE, BOB = "UALICE77", "UBOBBY88"
MARK = "alicemark"
"""In every text of Alice, of which there are as many as places for one."""

MARKS = (ALICE, MARK)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Planted:
    """Numbers of what was planted.

    Attributes:
        theirs: the entry that only Alice's wordings lead to.
        shared: the one that Bob's wording leads to as well.
        bobs: all of Bob's questions.
    """

    workspace: int
    theirs: int
    shared: int
    questions: tuple[int, ...]
    bobs: tuple[int, ...]
    examples: tuple[int, ...]


class Planter:
    """Puts rows into a database, within one transaction after the other."""

    def __init__(self, database: Database, workspace: str = "T1", *, at: datetime = NOW) -> None:
        self.database = database
        self._external = workspace
        self._at = at
        self._count = 0

    async def add(self, row: Any) -> int:
        """Add a row; return its number."""
        async with self.database.write() as session:
            session.add(row)
            await session.flush()
            return int(row.id)

    async def workspace(self, *, consents: bool = True) -> int:
        """Return the workspace, made at the first call."""
        async with self.database.read() as session:
            found = await session.scalar(
                select(Workspace.id).where(Workspace.platform == "slack", Workspace.external_id == self._external)
            )
        return found or await self.add(
            Workspace(
                platform="slack",
                external_id=self._external,
                settings={},
                training_consent_by="Ada" if consents else None,
                training_consent_at=self._at if consents else None,
                created_at=self._at,
            )
        )

    async def ask(self, asker: str, text: str, **changes: Any) -> int:
        """Add a question, in a conversation of its own."""
        self._count += 1
        workspace_id, channel = await self.workspace(), f"D-{asker}"
        async with self.database.write() as session:
            await session.merge(Channel(workspace_id=workspace_id, channel=channel))
        conversation = await self.add(
            Conversation(
                workspace_id=workspace_id,
                channel=channel,
                thread=f"{asker}-{self._external}-{self._count}",
                created_at=self._at,
            )
        )
        values = {
            "conversation_id": conversation,
            "workspace_id": workspace_id,
            "channel": channel,
            "platform": "slack",
            "identity": f"{self._external}:{asker}:{self._count}",
            "asker": asker,
            "text": text,
            "reply_to": {"response_url": f"https://hooks/{asker}", "asker_name": text},
            "state": QuestionState.DELIVERED,
            "reason": f"not delivered to {asker}",
            "received_at": self._at,
        }
        return await self.add(Question(**{**values, **changes}))

    async def answer(self, question_id: int, text: str, **values: Any) -> int:
        """Add an answer."""
        values = {"source": AnswerSource.GENERATED, "created_at": self._at, **values}
        return await self.add(Answer(question_id=question_id, text=text, **values))

    async def reply(self, question_id: int, answer_id: int, text: str, **changes: Any) -> int:
        """Add a reply that was delivered."""
        return await self.add(
            Outbox(
                question_id=question_id,
                answer_id=answer_id,
                platform="slack",
                mark=f"sb-{answer_id}",
                text=text,
                state=OutboxState.DELIVERED,
                due_at=self._at,
                last_error=text,
                created_at=self._at,
                **changes,
            )
        )

    async def vote(self, answer_id: int, voter: str, vote: int, correction: str | None = None) -> int:
        """Add a vote."""
        name = person_of("slack", self._external, voter)
        return await self.add(
            Feedback(
                answer_id=answer_id,
                voter=name,
                vote=vote,
                correction=correction,
                created_at=self._at,
                updated_at=self._at,
            )
        )

    async def example(self, origin: str, question: str, answer: str, **values: Any) -> int:
        """Add a row for training that waits for a curator."""
        values = {
            "source": ExampleSource.VOTES,
            "label": ExampleLabel.GOOD,
            "workspace_id": await self.workspace(),
            "conversation": f"slack:{self._external}:D-{origin}",
            "status": ExampleStatus.PENDING,
            "created_at": self._at,
            **values,
        }
        return await self.add(
            Example(
                origin=origin,
                prompt=question,
                completion=answer,
                split=split_of(values["conversation"]),
                sort_key=sort_key_of(question),
                **values,
            )
        )


async def plant(database: Database) -> Planted:
    """Put Alice wherever a person can stand, and Bob beside her."""
    put = Planter(database)
    workspace = await put.workspace()
    bobs = await put.ask(BOB, "Bob asks how to reset a password")
    bobs_answer = await put.answer(bobs, "Press the red button.")
    hers = await put.ask(ALICE, f"{MARK} one: where is my parcel?")
    answer = await put.answer(
        hers,
        f"{MARK} two: it is in Rome.",
        prompt=f"{MARK} three",
        draft=f"{MARK} four",
        reply_identity=f"{MARK}:1",
    )
    await put.reply(hers, answer, f"{MARK} two: it is in Rome.")
    await put.vote(answer, BOB, 1)
    # What she corrected, and what she wrote where the bot was not sure.
    correction = await put.vote(bobs_answer, ALICE, -1, f"{MARK} five: press the blue button.")
    written = await put.answer(
        bobs,
        f"{MARK} six: ask the office.",
        source=AnswerSource.HUMAN,
        reply_identity=f"slack:T1:C1:{MARK}",
        author=digest_of(person_of("slack", "T1", ALICE)),
    )
    # People were asked what she asked, and what she wrote was passed on under her name.
    places = {"channel": f"D{ALICE}", "post_identity": f"D{ALICE}:7.0", "told_identity": f"D{ALICE}:8.0"}
    state = HandoffState.ANSWERED
    await put.add(
        Handoff(
            question_id=hers,
            workspace_id=workspace,
            platform="slack",
            target="C9",
            state=state,
            asked_at=NOW,
            **places,
        )
    )
    await put.reply(bobs, written, "", kind=OutboxKind.RELAY, note={"author": ALICE})
    who = person_of("slack", "T1", ALICE)
    of_vote = await put.example(
        f"answer:{answer}",
        f"{MARK} seven: where is my parcel?",
        "It is on its way.",
        origin_answer_id=answer,
        person=who,
        conversation=f"slack:T1:D-{ALICE}",
        rejected=f"{MARK} eight",
    )
    of_correction = await put.example(
        f"feedback:{correction}",
        "Bob asks how to reset a password",
        f"{MARK} five: press the blue button.",
        source=ExampleSource.CORRECTION,
        origin_answer_id=bobs_answer,
        person=who,
    )
    of_writing = await put.example(
        f"human:{written}",
        "Bob asks how to reset it",
        f"{MARK} six: ask the office.",
        source=ExampleSource.HUMAN,
        origin_answer_id=written,
        person=person_of("slack", "T1", BOB),
    )
    shared = await put.example(
        "import:shared",
        "Where can my parcel be?",
        "It is on its way.",
        source=ExampleSource.IMPORT,
        workspace_id=None,
    )
    await ExampleStore(database).decide([shared, of_vote, of_writing], Decision.APPROVE, "Ada")
    async with database.read() as session:
        entries = dict(iter(await session.execute(select(Wording.example_id, Wording.entry_id))))
    clicked = await put.example(
        f"suggestion:{answer}:{entries[shared]}",
        f"{MARK} nine",
        "It is on its way.",
        person=person_of("slack", "T1", BOB),
        conversation=f"conversation:{MARK}",
    )
    # What the rows said before they were decided on.
    async with database.write() as session:
        before = await session.scalar(select(ExampleDecision).where(ExampleDecision.example_id == of_vote))
        assert before is not None
        before.prompt, before.completion, before.rejected = (f"{MARK} {number}" for number in ("a", "b", "c"))
    # What others were shown of it.
    again = await put.ask(BOB, "Bob asks again")
    shown = await put.answer(
        again,
        f"{MARK} six: ask the office.",
        source=AnswerSource.APPROVED,
        entry_id=entries[of_writing],
        grounds={
            "verified": [
                {
                    "entry_id": entries[of_writing],
                    "approved_by": "Ada",
                    "approved_at": NOW.isoformat(),
                    "similarity": 1.0,
                }
            ],
            "quoted": None,
            "suggestions": [
                {"entry_id": entries[shared], "question": f"{MARK} seven: where is my parcel?"},
                {"entry_id": entries[shared], "question": "Where can my parcel be?"},
            ],
            "demo": False,
            "figures": {},
        },
    )
    await put.reply(again, shown, f"{MARK} six: ask the office.")
    await put.add(ForeignQuestion(text=f"{MARK} one: where is my parcel?", marked_by="Ada", marked_at=NOW))
    async with database.write() as session:
        for entry in await session.scalars(select(Entry)):
            vector = MARK.encode() if entry.id == entries[of_writing] else b"1"
            entry.encoder, entry.vector, entry.token_vectors = "digest", vector, vector
        for wording in await session.scalars(select(Wording)):
            vector = MARK.encode() if wording.example_id == of_vote else b"1"
            wording.encoder, wording.vector, wording.token_vectors = "digest", vector, vector
        details = {"reason": f"said '{MARK} one: where is my parcel?' by <@{ALICE}>"}
        audit.record(session, actor=ALICE, action="example.reject", subject=f"person:{ALICE}", details=details)
        version = ModelVersion(name="v1", digest="d", status="live", created_at=NOW)
        session.add(version)
        await session.flush()
        run = TrainingRun(arguments={}, dataset_fingerprint="f", started_at=NOW, model_version_id=version.id)
        session.add(run)
        await session.flush()
        session.add_all(RunExample(run_id=run.id, example_id=number) for number in (of_vote, shared))
        decided = {"handoff_target": ALICE, "answer_on": "questions"}
        session.add(
            ChannelPolicy(workspace_id=workspace, channel="C1", settings=decided, changed_by=who, changed_at=NOW)
        )
    examples = (of_vote, of_correction, of_writing, clicked)
    return Planted(workspace, entries[of_writing], entries[shared], (hers,), (bobs, again), examples)


async def columns_with(database: Database, *marks: str) -> set[str]:
    """Return the columns of all tables in which a mark stands."""
    found = set()
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(select(table))).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if _holds(value, marks)}
    return found


def _holds(value: object, marks: tuple[str, ...]) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return any(mark in text for mark in marks)


async def everything(database: Database) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    async with database.read() as session:
        return {
            table.name: [tuple(row) for row in await session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }
