"""One conversation with all that is known of it: what was asked, what was answered and why, and what came of it.

What was erased is not there, and what refers to it says so. ``reading`` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from supportbot.db.states import (
    AnswerSource,
    EntryState,
    FeedbackReason,
    HandoffState,
    OutboxKind,
    OutboxState,
    QuestionState,
)
from supportbot.handoffs.listing import UNRESOLVED
from supportbot.intake.questions import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A person's vote on an answer, with what they said was wrong and should have been said."""

    vote: int
    reason: FeedbackReason | None
    correction: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to a platform, or there."""

    kind: OutboxKind
    state: OutboxState
    attempts: int
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer with all that is needed to give it again, and what people thought of it.

    Attributes:
        is_erased: whether its text was a person's who was erased, and is gone.
        entry_id: the approved answer that was given.
        entries: of all entries that it names, those that still exist, and whether they are live.
        grounds: what it is based on; the rest is as in ``db.models.Answer``.
    """

    answer_id: int
    text: str
    is_erased: bool
    source: AnswerSource
    created_at: datetime
    model_version: str | None
    sampling: Mapping[str, Any]
    seed: int | None
    prompt: str | None
    shortened: bool
    draft: str | None
    prompt_tokens: int | None
    answer_tokens: int | None
    finish: str | None
    confidence: float | None
    mean_logprob: float | None
    latency_ms: int | None
    entry_id: int | None
    similarity: float | None
    grounds: Grounds
    entries: Mapping[int, EntryState]
    judgements: tuple[Judgement, ...]

    @property
    def can_be_judged(self) -> bool:
        """Whether it says something that a curator may decide on; what it withheld does."""
        return not self.is_erased and (self.source is not AnswerSource.NOT_SURE or bool(self.draft))

    @property
    def can_be_repeated(self) -> bool:
        """Whether a model wrote it, or what was withheld, and the record has all that it was made of."""
        written = self.text if self.source is AnswerSource.GENERATED else self.draft
        return bool(
            written and self.model_version and self.prompt and self.seed is not None and "engine" in self.sampling
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A hand-off as it stands; ``target`` is whom people were asked by, and ``platform`` where that is."""

    handoff_id: int
    state: HandoffState
    platform: str
    target: str
    asked_at: datetime
    first_reply_at: datetime | None
    reminded_at: datetime | None
    resolved_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether somebody can close it."""
        return self.state in UNRESOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question and what came of it; see ``db.models.Question``.

    Attributes:
        sample_of: the question of which this shows another answer; None for one that was asked.
        answers: the bot's, then those of people.
        deliveries: what was sent because of it, in order.
    """

    question_id: int
    asker: str
    text: str
    state: QuestionState
    reason: str | None
    attempts: int
    received_at: datetime
    claimed_at: datetime | None
    answered_at: datetime | None
    delivered_at: datetime | None
    sample: int
    sample_of: int | None
    answers: tuple[Said, ...]
    handoff: HandedOver | None
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A part of a conversation, around the question that was opened.

    Attributes:
        opened: number of that question.
        workspace: what to call it.
        earlier: a question of the same conversation that was asked before these; None where there is none.
        later: likewise, after these.
    """

    opened: int
    platform: str
    workspace: str
    channel: str
    turns: tuple[Turn, ...]
    earlier: int | None
    later: int | None
