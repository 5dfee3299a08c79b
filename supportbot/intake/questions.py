"""What crosses the boundaries of the core: a question as it was heard, claimed, and answered.

Its text is kept as it was typed; where a terminal shows it, ``printable`` comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from supportbot.db.states import AnswerSource

CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u202a-\u202e\u2066-\u2069]")
"""What nobody types and a terminal obeys: a stranger's text must neither steer it nor hide from a curator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingQuestion:
    """A question as an adapter heard it.

    Attributes:
        platform: ``slack``, ``discord``, ``web`` or ``cli``.
        workspace: the platform's id of the workspace or guild; ``local`` for this machine.
        channel: the platform's id of the channel.
        thread: what keeps a conversation together within the channel.
        identity: the platform's own unique name of the message, the same at every redelivery.
        asker: the platform's id of the person.
        text: as typed, without the bot's own mention.
        reply_to: where the answer goes, for the adapter that sends it; kept as it is.
        workspace_name: for people to read, if known.
    """

    platform: str
    workspace: str
    channel: str
    thread: str
    identity: str
    asker: str
    text: str
    reply_to: Mapping[str, Any]
    workspace_name: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is safely in the inbox; ``new`` is False when it had been there already."""

    question_id: int
    new: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A question that this worker, and no other, may answer now."""

    question_id: int
    platform: str
    text: str
    attempt: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the asker is to be told, with the record of how it came about.

    ``draft`` keeps what the model wrote when it was not shown, because the model was not sure enough.
    """

    text: str
    source: AnswerSource
    model_version: str | None = None
    sampling: Mapping[str, Any] | None = None
    seed: int | None = None
    prompt: str | None = None
    shortened: bool = False
    draft: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    finish: str | None = None
    confidence: float | None = None
    mean_logprob: float | None = None
    latency_ms: int | None = None


def printable(text: str) -> str:
    """Return a text as a terminal may show it, its lines and tabs included."""
    return CONTROL.sub("", text)


def has_words(text: str) -> bool:
    """Return whether there is anything to read: not for white space, zero-width characters or a lone sticker."""
    return any(character.isalnum() for character in text)
