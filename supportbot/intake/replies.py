"""How a reply is written: the answer and the outbox row that will carry it to the platform, together."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from supportbot.db.models import Answer, Outbox
from supportbot.db.states import OutboxState
from supportbot.intake.questions import Reply


def write_reply(session: Session, question_id: int, platform: str, reply: Reply, now: datetime) -> int:
    """Write what the asker is told in the transaction of the question's next state; return the answer's id."""
    first = reply.grounds.verified[0] if reply.grounds.verified else None
    answer = Answer(
        question_id=question_id,
        text=reply.text,
        source=reply.source,
        model_version=reply.model_version,
        sampling=dict(reply.sampling) if reply.sampling is not None else None,
        seed=reply.seed,
        prompt=reply.prompt,
        shortened=reply.shortened,
        draft=reply.draft,
        prompt_tokens=reply.prompt_tokens,
        answer_tokens=reply.answer_tokens,
        finish=reply.finish,
        confidence=reply.confidence,
        mean_logprob=reply.mean_logprob,
        latency_ms=reply.latency_ms,
        entry_id=first.entry_id if first else None,
        similarity=first.similarity if first else None,
        grounds=reply.grounds.as_record(),
        created_at=now,
    )
    session.add(answer)
    session.flush()
    session.add(
        Outbox(
            question_id=question_id,
            answer_id=answer.id,
            platform=platform,
            mark=f"sb-{secrets.token_hex(10)}",
            text=reply.text,
            state=OutboxState.PENDING,
            due_at=now,
            created_at=now,
        )
    )
    return answer.id
