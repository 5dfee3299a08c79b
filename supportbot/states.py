"""The states of questions and replies, and the words for where an answer comes from: names, no behaviour."""

from enum import StrEnum


class QuestionState(StrEnum):
    """Where a question is on its way."""

    RECEIVED = "received"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


class AnswerSource(StrEnum):
    """Who wrote an answer."""

    GENERATED = "generated"
    APPROVED = "approved"
    NOT_SURE = "not_sure"
    HUMAN = "human"


class ExampleStatus(StrEnum):
    """What a curator decided about a training example."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class OutboxState(StrEnum):
    """Where a reply is on its way to the platform."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
