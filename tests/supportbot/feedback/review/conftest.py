"""The review of one process, and pages of two curators."""

from __future__ import annotations

import pytest

from supportbot.db.session import Database
from supportbot.feedback.review.leases import Seat
from supportbot.feedback.review.review import Review
from supportbot.knowledge.knowledge import Knowledge

ADA, BEN = Seat(1, "a"), Seat(2, "b")


@pytest.fixture
def review(database: Database) -> Review:
    """The review on a database of each kind, without an encoder."""
    return Review(database, Knowledge(database, lambda: None, wrong_rate=0.02))
