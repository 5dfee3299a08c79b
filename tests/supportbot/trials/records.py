"""Trials and what happens in them, put into a database directly."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from supportbot.db.models import (
    Answer,
    Conversation,
    Feedback,
    Handoff,
    ModelTrial,
    ModelVersion,
    Question,
    Workspace,
)
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, ModelStatus, QuestionState
from supportbot.trials.assignment import is_on_candidate
from supportbot.trials.rule import Rule
from supportbot.trials.store import Trial, begin
from supportbot.trials.tally import Tally, count

_numbers = itertools.count(1)


@dataclass
class Log:
    """The record of a bot whose live version is `v1`, and `v2` is tried.

    Attributes:
        database: where it is.
        trial: that runs.
        workspace: where everything is asked.
        started: when the trial began.
    """

    database: Database
    trial: Trial
    workspace: int
    started: datetime
    _spare: dict[bool, list[int]] = field(default_factory=lambda: {True: [], False: []})

    @classmethod
    async def open(cls, database: Database, rule: Rule | None = None, *, days_ago: float = 0) -> Log:
        """Begin a trial."""
        now = datetime.now(UTC)
        async with database.write() as session:
            for name, status in (("v1", ModelStatus.ACTIVE), ("v2", ModelStatus.CANDIDATE)):
                session.add(ModelVersion(name=name, digest="d", metrics={}, status=status, created_at=now))
            place = Workspace(platform="slack", external_id="T1", settings={}, created_at=now)
            session.add(place)
            trial = await begin(session, "v1", "v2", rule or Rule(share=50), "ann")
            row = await session.get_one(ModelTrial, trial.trial_id)
            row.started_at = now - timedelta(days=days_ago, seconds=1)
            return cls(database, trial, place.id, row.started_at)

    async def conversation(self, *, candidate: bool) -> int:
        """Return the number of a new conversation that is assigned to an arm."""
        while not self._spare[candidate]:
            async with self.database.write() as session:
                rows = [
                    Conversation(
                        workspace_id=self.workspace,
                        channel="C1",
                        thread=str(next(_numbers)),
                        created_at=self.started,
                    )
                    for _ in range(20)
                ]
                session.add_all(rows)
                await session.flush()
                for row in rows:
                    is_candidate = is_on_candidate(self.trial.trial_id, row.id, self.trial.rule.share)
                    self._spare[is_candidate].append(row.id)
        return self._spare[candidate].pop()

    async def ask(
        self,
        conversation: int,
        version: str | None = "v2",
        *,
        source: AnswerSource = AnswerSource.GENERATED,
        votes: tuple[int, ...] = (),
        correction: str | None = None,
        handoff: bool = False,
        at: datetime | None = None,
        sample: int = 1,
    ) -> int:
        """Put a question with its answer into a conversation; return the answer's number."""
        asked_at = at or datetime.now(UTC)
        async with self.database.write() as session:
            question = Question(
                conversation_id=conversation,
                platform="slack",
                identity=str(next(_numbers)),
                asker="U1",
                text="A secret of a person",
                reply_to={},
                sample=sample,
                state=QuestionState.DELIVERED,
                received_at=asked_at,
            )
            session.add(question)
            await session.flush()
            answer = Answer(
                question_id=question.id, text="So.", source=source, model_version=version, created_at=asked_at
            )
            session.add(answer)
            await session.flush()
            for voter, vote in enumerate(votes):
                session.add(
                    Feedback(
                        answer_id=answer.id,
                        voter=f"slack:T1:U{voter}",
                        vote=vote,
                        correction=correction,
                        created_at=asked_at,
                        updated_at=asked_at,
                    )
                )
            if handoff:
                session.add(
                    Handoff(
                        question_id=question.id,
                        workspace_id=self.workspace,
                        channel="C1",
                        platform="slack",
                        target="G1",
                        state=HandoffState.OPEN,
                        asked_at=asked_at,
                    )
                )
            return answer.id

    async def judge(self, *, candidate: bool, good: int, bad: int) -> None:
        """Have people vote in so many conversations of an arm."""
        for vote in [1] * good + [-1] * bad:
            version = self.trial.candidate if candidate else self.trial.live
            await self.ask(await self.conversation(candidate=candidate), version, votes=(vote,))

    async def tally(self) -> Tally:
        """Return what is counted now."""
        async with self.database.read() as session:
            return await count(session, await session.get_one(ModelTrial, self.trial.trial_id))
