"""How a reply is written: the answer and the outbox row that will carry it to the platform, together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from supportbot.db.base import table_of
from supportbot.db.models import Answer, Outbox
from supportbot.db.states import AnswerSource, OutboxKind, OutboxState
from supportbot.intake.questions import Grounds, Reply


def write_reply(connection: Connection, question_id: int, platform: str, reply: Reply, now: datetime) -> int:
    """Write what the asker is told in the transaction of the question's next state; return the answer's id."""
    return write_replies(connection, [(question_id, platform, reply)], now)[question_id]


def write_replies(
    connection: Connection, replies: Sequence[tuple[int, str, Reply]], now: datetime
) -> dict[int, int]:
    """Write likewise what the askers of some questions, given by id and platform, are told.

    Returns:
        The answer's id of each question.
    """
    answers = [_answer(question_id, reply, now) for question_id, _, reply in replies]
    answer_ids = {question_id: answer_id for question_id, answer_id in connection.execute(_ANSWER, answers)}  # noqa: C416 - a result has keys of its own
    connection.execute(
        _PENDING,
        [
            pending(question_id, answer_ids[question_id], platform, reply.text, now)
            for question_id, platform, reply in replies
        ],
    )
    return answer_ids


def _answer(question_id: int, reply: Reply, now: datetime) -> dict[str, Any]:
    first = reply.grounds.verified[0] if reply.grounds.verified else None
    return {
        "question_id": question_id,
        "text": reply.text,
        "source": reply.source,
        "model_version": reply.model_version,
        "sampling": dict(reply.sampling) if reply.sampling is not None else None,
        "seed": reply.seed,
        "prompt": reply.prompt,
        "shortened": reply.shortened,
        "draft": reply.draft,
        "prompt_tokens": reply.prompt_tokens,
        "answer_tokens": reply.answer_tokens,
        "finish": reply.finish,
        "confidence": reply.confidence,
        "mean_logprob": reply.mean_logprob,
        "latency_ms": reply.latency_ms,
        "entry_id": first.entry_id if first else None,
        "similarity": first.similarity if first else None,
        "grounds": reply.grounds.as_record(),
        "created_at": now,
    }


def write_notices(connection: Connection, questions: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """Write notices for questions, given by id and platform with the text, which get no other answer."""
    if not questions:
        return
    notices = [
        {
            "question_id": question_id,
            "text": text,
            "source": AnswerSource.NOT_SURE,
            "shortened": False,
            "grounds": _NO_GROUNDS,
            "created_at": now,
        }
        for question_id, _, text in questions
    ]
    answer_ids = {question_id: answer_id for question_id, answer_id in connection.execute(_ANSWER, notices)}  # noqa: C416 - a result has keys of its own
    connection.execute(
        _PENDING,
        [
            pending(question_id, answer_ids[question_id], platform, text, now)
            for question_id, platform, text in questions
        ],
    )


# Built once: to put a statement together takes several times as long as to run it.
_ANSWER = insert(table_of(Answer)).returning(Answer.question_id, Answer.id)
_PENDING = insert(table_of(Outbox))
_NO_GROUNDS = Grounds().as_record()


def pending(
    question_id: int,
    answer_id: int,
    platform: str,
    text: str,
    now: datetime,
    *,
    kind: OutboxKind = OutboxKind.REPLY,
    channel: str | None = None,
    note: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the columns of an outbox row that is due now; see ``Outbox`` for what they mean."""
    return {
        "question_id": question_id,
        "answer_id": answer_id,
        "platform": platform,
        "kind": kind,
        "channel": channel,
        "note": dict(note) if note is not None else None,
        "mark": f"sb-{secrets.token_hex(10)}",
        "text": text,
        "state": OutboxState.PENDING,
        "due_at": now,
        "created_at": now,
    }
