"""Questions that nobody asked the bot: what it says to them, which is mostly nothing.

Nobody waits for these. So they get one attempt, the model's time only where it is free, and no word of what went
wrong.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from supportbot.answering.answerer import Answerer
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError, OverloadedError
from supportbot.intake.claims import Claim
from supportbot.intake.questions import Reply, has_words
from supportbot.policies.policy import AnswerOn

log = structlog.get_logger(__name__)

_PATIENCE = timedelta(minutes=1)
"""After which people have gone on, and an answer would come out of the blue."""


async def find_reply(answerer: Answerer, claim: Claim, seconds: float) -> Reply | None:
    """Return what is said to an unasked question; None for nothing.

    Args:
        answerer: knows what is known.
        claim: the question.
        seconds: that it may take.
    """
    is_first = claim.attempt == 1 and not claim.lapses
    if not is_first or claim.waited > _PATIENCE or claim.policy.answer_on is not AnswerOn.QUESTIONS:
        return None
    if not has_words(claim.text):
        return None
    try:
        return await answerer.answer_unasked(
            claim.text,
            time.monotonic() + seconds,
            workspace_id=claim.workspace_id,
            verified_only=claim.policy.verified_only,
            conversation=claim.conversation_id,
        )
    except (DeadlineExceededError, EngineBusyError, OverloadedError):
        return None
    except ModelError as error:
        log.error("worker.model_failed", question_id=claim.question_id, error=str(error))
        return None
