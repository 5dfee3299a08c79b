"""People's judgements of past answers: corrections to try again, and votes to compare with confidence.

It reads only conversations with permission: of workspaces with consent, and of this machine. Texts are redacted,
because a report is a file that people pass on. A correction that a curator edited counts as edited; a rejected one
does not count.

This module knows the database; it asks no model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from supportbot.db.models import Answer, Conversation, Example, Feedback, Question
from supportbot.db.session import Database
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.feedback.consent import counts_for_training
from supportbot.redact import redact

MOST_REPLAYED = 200
"""Number of latest corrections to try again; with more, this would take longer than the rest."""

MOST_VOTED = 10_000
"""Number of latest answers whose votes count; more would not make the AUROC more useful."""

NOT_IN_DATA = "not in the data"


@dataclass(frozen=True, slots=True)
class Correction:
    """A question whose answer people disliked, and somebody's correction.

    Attributes:
        answer_id: of the answer in the log.
        question: redacted.
        correction: redacted, or as the curator edited it.
        status: ``train`` or ``held_out`` if it is an approved example, else ``not in the data``.
    """

    answer_id: int
    question: str
    correction: str
    status: str


@dataclass(frozen=True, slots=True)
class Voted:
    """A past answer: how confident the model was (nats), and whether most voters liked it."""

    confidence: float
    liked: bool


async def past_corrections(database: Database, *, keep: Collection[str] = ()) -> list[Correction]:
    """Return the latest answers with more 👎 than 👍 that somebody corrected, the oldest first.

    Args:
        database: the log.
        keep: what is public although it looks personal, see ``redact``.
    """
    net = select(Feedback.answer_id).group_by(Feedback.answer_id).having(func.sum(Feedback.vote) < 0)
    query = (
        select(Answer.id, Question.text, Feedback.correction, Example)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(Example, (Example.origin_answer_id == Answer.id) & (Example.source == ExampleSource.CORRECTION))
        .where(
            Answer.id.in_(net),
            Feedback.correction.is_not(None),
            Feedback.correction != "",
            counts_for_training(Conversation.workspace_id),
        )
        .order_by(Answer.id.desc(), Feedback.updated_at.desc())
        .limit(MOST_REPLAYED)
    )
    found: dict[int, Correction] = {}
    async with database.read() as session:
        for answer_id, question, correction, example in await session.execute(query):
            if answer_id not in found and (example is None or example.status != ExampleStatus.REJECTED):
                found[answer_id] = _correction(answer_id, question, correction, example, keep)
    return [found[answer_id] for answer_id in sorted(found)]


async def past_votes(database: Database, version: str) -> Sequence[Voted]:
    """Return the latest answers of a version that more people liked than disliked, or the other way round."""
    net = func.sum(Feedback.vote)
    query = (
        select(Answer.confidence, net)
        .join(Feedback, Feedback.answer_id == Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .where(
            Answer.model_version == version,
            Answer.confidence.is_not(None),
            counts_for_training(Conversation.workspace_id),
        )
        .group_by(Answer.id, Answer.confidence)
        .having(net != 0)
        .order_by(Answer.id.desc())
        .limit(MOST_VOTED)
    )
    async with database.read() as session:
        return [Voted(float(confidence or 0), votes > 0) for confidence, votes in await session.execute(query)]


def _correction(
    answer_id: int, question: str, correction: str | None, example: Example | None, keep: Collection[str]
) -> Correction:
    if example is None:
        asked, wanted = (redact(text, keep=keep).text for text in (question, correction or ""))
        return Correction(answer_id, asked, wanted, NOT_IN_DATA)
    status = example.split.value if example.status == ExampleStatus.APPROVED else NOT_IN_DATA
    return Correction(answer_id, example.prompt, example.completion, status)
