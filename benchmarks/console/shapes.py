"""One row of each table for an invented question, in the shape in which the product writes it.

What a column's default says is left to it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from benchmarks.console.invented import DAYS, Asked, Voted
from supportbot.db.states import AnswerSource, HandoffState, OutboxKind, OutboxState, QuestionState
from supportbot.intake.people import digest_of
from supportbot.intake.questions import Grounds, Suggestion, Verified

CURATORS = tuple(f"Curator {number}" for number in range(1, 6))

_PROMPT = "You answer questions of our customers, in a sentence or two, and say so if you do not know.\n" * 3


def question_row(
    asked: Asked, number: int, conversation_id: int, platform: str, place: dict[str, Any]
) -> dict[str, Any]:
    """Return a question as it ended."""
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
        "state": state,
        "reason": None if is_delivered else "benchmark",
        "attempts": 0 if asked.refused else 1,
        "claimed_at": None if asked.refused else asked.at,
        "received_at": asked.at,
        "answered_at": answered_at,
        "delivered_at": answered_at + timedelta(seconds=0.3) if is_delivered else None,
    }


def answer_row(asked: Asked, number: int, question_id: int, entry_id: int) -> dict[str, Any]:
    """Return what the bot said to it, with everything that is needed to say it again."""
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


def by_people_row(asked: Asked, number: int, question_id: int, platform: str) -> dict[str, Any]:
    """Return what a person said instead."""
    rest = dict.fromkeys(
        ("model_version", "sampling", "seed", "prompt", "draft", "prompt_tokens", "answer_tokens", "finish")
    ) | dict.fromkeys(("confidence", "mean_logprob", "latency_ms", "entry_id", "similarity", "grounds"))
    return rest | {
        "id": number,
        "question_id": question_id,
        "text": asked.said_by_people,
        "source": AnswerSource.HUMAN,
        "reply_identity": f"{platform}:{asked.channel}:person:{number}",
        "author": digest_of(f"colleague {number % 40}"),
        "created_at": asked.at + timedelta(hours=2),
    }


def reply_row(asked: Asked, number: int, question_id: int, answer_id: int, platform: str) -> dict[str, Any]:
    """Return the message that showed the answer."""
    answered_at = asked.at + timedelta(seconds=asked.waited)
    return {
        "id": number,
        "question_id": question_id,
        "answer_id": answer_id,
        "platform": platform,
        "kind": OutboxKind.REPLY,
        "mark": f"sb-{secrets.token_hex(10)}",
        "text": asked.answer,
        "state": OutboxState.DELIVERED,
        "attempts": 1,
        "due_at": answered_at,
        "created_at": answered_at,
        "delivered_at": answered_at + timedelta(seconds=0.3),
    }


def vote_row(asked: Asked, vote: Voted, number: int, answer_id: int) -> dict[str, Any]:
    """Return what somebody thought of it."""
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


def handoff_row(asked: Asked, number: int, question_id: int, platform: str) -> dict[str, Any]:
    """Return that a human was asked."""
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
    }
