"""The rows of an invented question, as the product would write them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.console.invented import DAYS, WORKSPACES, Asked, Voted
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
    HandoffState,
    OutboxKind,
    OutboxState,
    QuestionState,
)
from supportbot.feedback.curation.keys import sort_key_of, split_of
from supportbot.intake.people import digest_of
from supportbot.intake.questions import Grounds, Suggestion, Verified

Rows = dict[type[Base], list[dict[str, Any]]]

CURATORS = tuple(f"Curator {number}" for number in range(1, 6))
_LAST_REVIEW = timedelta(days=12)
"""Newer candidates wait for review; of the older ones, one in ten does."""

_PROMPT = "You answer questions of our customers, in a sentence or two, and say so if you do not know.\n" * 3


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
                    "is_quiet": False,
                    "talked_at": None,
                    "created_at": asked.at,
                },
            )
        question_id = self._next(Question)
        yield Question, _question(asked, question_id, self._numbers[Conversation], platform, place)
        if asked.source is None:
            return
        answer_id = self._next(Answer)
        entry_id = self._first_entry + asked.entry
        yield Answer, _answer(asked, answer_id, question_id, entry_id)
        yield Outbox, _reply(asked, self._next(Outbox), question_id, answer_id, platform)
        for vote in asked.votes:
            number = self._next(Feedback)
            yield Feedback, _vote(asked, vote, number, answer_id)
            if vote.correction:
                yield from self._example(asked, ExampleSource.CORRECTION, f"feedback:{number}", answer_id)
        opinion = sum(vote.vote for vote in asked.votes)
        is_corrected = opinion < 0 and any(vote.correction for vote in asked.votes)
        if opinion and not is_corrected and asked.source is not AnswerSource.NOT_SURE:
            yield from self._example(asked, ExampleSource.VOTES, f"answer:{answer_id}", answer_id, opinion)
        if asked.handoff is not None:
            yield Handoff, _handoff(asked, self._next(Handoff), question_id, platform)
        if asked.said_by_people is not None:
            number = self._next(Answer)
            yield Answer, _by_people(asked, number, question_id, platform)
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
            "duplicate_of_id": None,
            "status": ExampleStatus.PENDING if waits else decided,
            "curator": curator,
            "created_at": asked.at + timedelta(hours=3),
            "decided_at": decided_at,
            "weight": 0,
            "lease_owner": None,
            "lease_until": None,
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


def _question(
    asked: Asked, number: int, conversation_id: int, platform: str, place: dict[str, Any]
) -> dict[str, Any]:
    answered_at = asked.at + timedelta(seconds=asked.waited)
    if asked.refused:
        state = QuestionState.REFUSED
    else:
        state = QuestionState.FAILED if asked.source is None else QuestionState.DELIVERED
    is_delivered = state is QuestionState.DELIVERED
    return place | {
        "id": number,
        "conversation_id": conversation_id,
        "platform": platform,
        "identity": f"{asked.channel}:{number}",
        "asker": asked.asker,
        "text": asked.text,
        "reply_to": {"channel": asked.channel, "ts": f"{asked.at.timestamp():.6f}"},
        "placeholder": False,
        "late": False,
        "unasked": False,
        "sample_of": None,
        "sample": 1,
        "state": state,
        "reason": None if is_delivered else "benchmark",
        "attempts": 0 if asked.refused else 1,
        "lapses": 0,
        "claimed_at": None if asked.refused else asked.at,
        "lease_owner": None,
        "lease_until": None,
        "received_at": asked.at,
        "answered_at": answered_at,
        "delivered_at": answered_at + timedelta(seconds=0.3) if is_delivered else None,
    }


def _answer(asked: Asked, number: int, question_id: int, entry_id: int) -> dict[str, Any]:
    by_model = asked.version is not None
    given = asked.source is AnswerSource.APPROVED
    likeness = round(0.55 + 0.45 * (number % 97) / 97, 4)
    verified = Verified(
        entry_id=entry_id,
        approved_by=CURATORS[0],
        approved_at=asked.at - timedelta(days=DAYS),
        similarity=likeness,
    )
    grounds = Grounds(
        verified=(verified,) if given else (),
        suggestions=()
        if given
        else tuple(Suggestion(entry_id + near, asked.text) for near in range(3) if not entry_id % 2),
        figures={"score": likeness, "threshold": 0.61, "exact": False, "rows": 20_000},
    )
    return {
        "id": number,
        "question_id": question_id,
        "text": asked.answer,
        "source": asked.source,
        "model_version": asked.version,
        "sampling": {"engine": "openvino", "precision": "int8", "temperature": 0.7, "top_k": 50}
        if by_model
        else None,
        "seed": number if by_model else None,
        "prompt": f"{_PROMPT}{asked.text}" if by_model else None,
        "shortened": False,
        "draft": asked.answer if asked.source is AnswerSource.NOT_SURE else None,
        "prompt_tokens": 90 if by_model else None,
        "answer_tokens": 60 if by_model else None,
        "finish": "stop" if by_model else None,
        "confidence": -(number % 31) / 20 if by_model else None,
        "mean_logprob": -(number % 29) / 20 if by_model else None,
        "latency_ms": round(1000 * asked.waited) if by_model else None,
        "reply_identity": f"{asked.channel}:reply:{number}",
        "author": None,
        "entry_id": entry_id if given else None,
        "similarity": likeness if given else None,
        "grounds": grounds.as_record(),
        "created_at": asked.at + timedelta(seconds=asked.waited),
    }


def _by_people(asked: Asked, number: int, question_id: int, platform: str) -> dict[str, Any]:
    rest = dict.fromkeys(
        ("model_version", "sampling", "seed", "prompt", "draft", "prompt_tokens", "answer_tokens", "finish")
    ) | dict.fromkeys(("confidence", "mean_logprob", "latency_ms", "entry_id", "similarity", "grounds"))
    return rest | {
        "id": number,
        "question_id": question_id,
        "text": asked.said_by_people,
        "source": AnswerSource.HUMAN,
        "shortened": False,
        "reply_identity": f"{platform}:{asked.channel}:person:{number}",
        "author": digest_of(f"colleague {number % 40}"),
        "created_at": asked.at + timedelta(hours=2),
    }


def _reply(asked: Asked, number: int, question_id: int, answer_id: int, platform: str) -> dict[str, Any]:
    answered_at = asked.at + timedelta(seconds=asked.waited)
    return {
        "id": number,
        "question_id": question_id,
        "answer_id": answer_id,
        "platform": platform,
        "kind": OutboxKind.REPLY,
        "channel": None,
        "note": None,
        "mark": f"sb-{secrets.token_hex(10)}",
        "text": asked.answer,
        "state": OutboxState.DELIVERED,
        "attempts": 1,
        "lapses": 0,
        "lease_owner": None,
        "due_at": answered_at,
        "last_error": None,
        "created_at": answered_at,
        "delivered_at": answered_at + timedelta(seconds=0.3),
    }


def _vote(asked: Asked, vote: Voted, number: int, answer_id: int) -> dict[str, Any]:
    at = asked.at + timedelta(seconds=asked.waited + 60)
    return {
        "id": number,
        "answer_id": answer_id,
        "voter": vote.voter,
        "vote": vote.vote,
        "voted_at": at,
        "reason": vote.reason,
        "correction": vote.correction,
        "created_at": at,
        "updated_at": at,
    }


def _handoff(asked: Asked, number: int, question_id: int, platform: str) -> dict[str, Any]:
    is_closed = asked.handoff is HandoffState.RESOLVED
    is_answered = is_closed or asked.handoff is HandoffState.ANSWERED
    return {
        "id": number,
        "question_id": question_id,
        "workspace_id": asked.workspace + 1,
        "channel": asked.channel,
        "platform": platform,
        "target": "CSUPPORT",
        "state": asked.handoff,
        "post_identity": f"handoff:{number}",
        "told_identity": f"told:{number}",
        "asked_at": asked.at + timedelta(seconds=asked.waited + 30),
        "first_reply_at": asked.at + timedelta(hours=1) if is_answered else None,
        "resolved_at": asked.at + timedelta(hours=4) if is_closed else None,
        "resolved_by": digest_of("a colleague") if is_closed else None,
        "reminded_at": None,
    }
