"""Questions that hardly any FAQ answers, as they ship with the program: what "none of these" looks like.

They are in several languages, because an encoder that knows one language finds all texts of another alike. Their
vectors by the encoder of the package ship with them, since every start needs them. ``python -m
supportbot.knowledge.foreign`` computes these anew, after a change of the questions or of the encoder.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.features import Floats, TextEncoder

_TEXTS, _VECTORS = "foreign.txt", "foreign.npz"


class ForeignQuestion(NamedTuple):
    """A question, and the ISO 639-1 code of its language."""

    text: str
    language: str


@cache
def shipped_foreign() -> tuple[ForeignQuestion, ...]:
    """Return the questions."""
    questions, language = [], ""
    for line in resources.files(__package__).joinpath(_TEXTS).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            questions.append(ForeignQuestion(line, language))
        elif len(heading := line.removeprefix("# ")) == 2:
            language = heading
    return tuple(questions)


def foreign_vectors(encoder: TextEncoder | None) -> Floats:
    """Return the vectors of ``shipped_foreign()``, ``[n, d]``; blocks for a second with an encoder of one's own.

    Args:
        encoder: None compares by n-grams alone, so the vectors have no width.
    """
    if encoder is None:
        return np.zeros((len(shipped_foreign()), 0), np.float32)
    digest, vectors = _shipped_vectors()
    return vectors if digest == encoder.digest else _encoded(encoder)


@cache
def _shipped_vectors() -> tuple[str, Floats]:
    with resources.files(__package__).joinpath(_VECTORS).open("rb") as file, np.load(file) as arrays:
        return arrays["digest"].item(), arrays["vectors"].astype(np.float32)


def _encoded(encoder: TextEncoder) -> Floats:
    return encoder.encode([normalise_question(question.text) for question in shipped_foreign()])


if __name__ == "__main__":
    from supportbot.knowledge.encoder.open import open_encoder

    opened = open_encoder("")
    vectors = _encoded(opened).astype(np.float16)
    np.savez_compressed(Path(__file__).with_name(_VECTORS), vectors=vectors, digest=np.array(opened.digest))
