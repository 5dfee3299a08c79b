"""The rows of an invented question and their numbers; ``shapes`` says what they contain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.console.invented import WORKSPACES, Asked
from benchmarks.console.shapes import (
    CURATORS,
    answer_row,
    by_people_row,
    handoff_row,
    question_row,
    reply_row,
    vote_row,
)
from supportbot.db.base import Base
from supportbot.db.models import (
    Answer,
    Channel,
    Conversation,
    Example,
    ExampleDecision,
    Feedback,
    Handoff,
    Outbox,
    Question,
)
from supportbot.db.states import (
    AnswerSource,
    ExampleLabel,
    ExampleSource,
    ExampleStatus,
)
from supportbot.feedback.curation.keys import sort_key_of, split_of
from supportbot.intake.people import digest_of

Rows = dict[type[Base], list[dict[str, Any]]]

_LAST_REVIEW = timedelta(days=12)
"""Newer candidates wait for review; of the older ones, one in ten does."""


class Writing:
    """Turns questions into numbered rows.

    Args:
        first_entry: number of the first approved answer.
        now: when all of it is looked at.
    """

    def __init__(self, first_entry: int, now: datetime) -> None:
        self._first_entry = first_entry
        self._now = now
        self._numbers: dict[type[Base], int] = defaultdict(int)
        self._channels: set[tuple[int, str]] = set()
        self._conversation = -1

    def rows_of(self, questions: Iterable[Asked]) -> Rows:
        """Return the rows of some questions, in an order that foreign keys allow."""
        found: Rows = {
            kind: []
            for kind in (
                Channel,
                Conversation,
                Question,
                Answer,
                Outbox,
                Feedback,
                Handoff,
                Example,
                ExampleDecision,
            )
        }
        for asked in questions:
            for kind, row in self._rows(asked):
                found[kind].append(row)
        return found

    def _next(self, kind: type[Base]) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def _rows(self, asked: Asked) -> Iterator[tuple[type[Base], dict[str, Any]]]:
        platform = WORKSPACES[asked.workspace][0][0]
        place = {"workspace_id": asked.workspace + 1, "channel": asked.channel}
        if (asked.workspace, asked.channel) not in self._channels:
            self._channels.add((asked.workspace, asked.channel))
            yield Channel, place | {"parent": None, "served_at": asked.at, "free_at": None}
        if asked.conversation != self._conversation:
            self._conversation = asked.conversation
            thread = f"{asked.at.timestamp():.6f}"
            yield (
                Conversation,
                place
                | {
                    "id": self._next(Conversation),
                    "thread": thread,
                    "created_at": asked.at,
                },
            )
        question_id = self._next(Question)
        yield Question, question_row(asked, question_id, self._numbers[Conversation], platform, place)
        if asked.source is None:
            return
        answer_id = self._next(Answer)
        entry_id = self._first_entry + asked.entry
        yield Answer, answer_row(asked, answer_id, question_id, entry_id)
        yield Outbox, reply_row(asked, self._next(Outbox), question_id, answer_id, platform)
        for vote in asked.votes:
            number = self._next(Feedback)
            yield Feedback, vote_row(asked, vote, number, answer_id)
            if vote.correction:
                yield from self._example(asked, ExampleSource.CORRECTION, f"feedback:{number}", answer_id)
        opinion = sum(vote.vote for vote in asked.votes)
        is_corrected = opinion < 0 and any(vote.correction for vote in asked.votes)
        if opinion and not is_corrected and asked.source is not AnswerSource.NOT_SURE:
            yield from self._example(asked, ExampleSource.VOTES, f"answer:{answer_id}", answer_id, opinion)
        if asked.handoff is not None:
            yield Handoff, handoff_row(asked, self._next(Handoff), question_id, platform)
        if asked.said_by_people is not None:
            number = self._next(Answer)
            yield Answer, by_people_row(asked, number, question_id, platform)
            yield from self._example(asked, ExampleSource.HUMAN, f"human:{number}", number)

    def _example(
        self, asked: Asked, source: ExampleSource, origin: str, answer_id: int, votes: int = 0
    ) -> Iterator[tuple[type[Base], dict[str, Any]]]:
        number = self._next(Example)
        waits = self._now - asked.at < _LAST_REVIEW or number % 10 == 0
        decided = ExampleStatus.REJECTED if number % 4 == 0 else ExampleStatus.APPROVED
        curator = None if waits else CURATORS[number % len(CURATORS)]
        decided_at = None if waits else min(asked.at + timedelta(days=number % 5, hours=number % 7), self._now)
        completions = {
            ExampleSource.VOTES: asked.answer,
            ExampleSource.HUMAN: asked.said_by_people or "",
            ExampleSource.CORRECTION: next((vote.correction for vote in asked.votes if vote.correction), ""),
        }
        conversation = f"{WORKSPACES[asked.workspace][0][0]}:{asked.conversation}"
        label = ExampleLabel.BAD if votes < 0 else ExampleLabel.GOOD
        values = {
            "id": number,
            "origin": origin,
            "source": source,
            "prompt": asked.text,
            "completion": completions[source],
            "rejected": asked.answer if source is ExampleSource.CORRECTION else None,
            "label": label,
            "votes": votes,
            "origin_answer_id": answer_id,
            "workspace_id": asked.workspace + 1,
            "conversation": conversation,
            "person": f"{asked.workspace}:{asked.asker}",
            "author": digest_of(asked.asker) if source is ExampleSource.HUMAN else None,
            "split": split_of(conversation),
            "sort_key": sort_key_of(asked.text),
            "status": ExampleStatus.PENDING if waits else decided,
            "curator": curator,
            "created_at": asked.at + timedelta(hours=3),
            "decided_at": decided_at,
        }
        yield Example, values
        if curator is not None:
            yield (
                ExampleDecision,
                {
                    "audit_id": number,
                    "deed": number,
                    "example_id": number,
                    "status": ExampleStatus.PENDING,
                    "label": label,
                    "prompt": None,
                    "completion": None,
                    "rejected": None,
                    "curator": None,
                    "decided_before": None,
                    "decided_by": curator,
                    "decided_at": decided_at,
                    "foreign_id": None,
                },
            )
