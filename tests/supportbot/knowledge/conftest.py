"""One encoder for all tests of the knowledge: it takes a second to open."""

from __future__ import annotations

import pytest

from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.encoder.open import open_encoder


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    """The encoder that ships."""
    return open_encoder("")
