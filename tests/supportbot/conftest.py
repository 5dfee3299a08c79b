"""Fixtures of the core: an inbox, an outbox, a question to put in, and the encoder, which opens in a second."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from supportbot.db.session import Database
from supportbot.delivery.outbox import Outbox
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import IncomingQuestion
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.encoder.open import open_encoder

_numbers = itertools.count()

MakeQuestion = Callable[..., IncomingQuestion]


@pytest.fixture
def inbox(database: Database) -> Inbox:
    """The inbox of one process."""
    return Inbox(database, owner="one", lease=timedelta(minutes=1))


@pytest.fixture
def outbox(database: Database) -> Outbox:
    """The outbox on the same database."""
    return Outbox(database, "test", timedelta(minutes=1))


@pytest.fixture
def question() -> MakeQuestion:
    """A function that makes a question, each with an identity of its own unless one is given."""

    def make(text: str = "Where is my order?", *, placeholder: bool = False, **changes: Any) -> IncomingQuestion:
        values: dict[str, Any] = {
            "platform": "slack",
            "workspace": "T1",
            "channel": "C1",
            "thread": "1.0",
            "identity": f"T1:C1:{next(_numbers)}",
            "asker": "U1",
        }
        return IncomingQuestion(
            **{**values, **changes},
            text=text,
            reply_to={"channel": "C1", "ts": "1.0"},
            placeholder=placeholder,
        )

    return make


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    """The encoder that ships."""
    return open_encoder("")
