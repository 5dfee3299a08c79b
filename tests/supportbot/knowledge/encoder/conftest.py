"""Fixtures of the encoder."""

from __future__ import annotations

import pytest

# Before any test imports OpenVINO: this shuts its reporting out.
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.encoder.open import open_encoder
from tests.supportbot.knowledge.encoder.tiny import save_tiny_encoder


@pytest.fixture(scope="session")
def shipped() -> Encoder:
    """The encoder that comes with the program."""
    return open_encoder("")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """A small encoder of random weights."""
    return open_encoder(str(save_tiny_encoder(tmp_path_factory.mktemp("tiny") / "encoder")))
