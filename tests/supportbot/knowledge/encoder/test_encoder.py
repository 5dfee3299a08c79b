"""Encoding: what meanings are near, and that neither neighbours, nor length, nor threads change a vector."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supportbot.knowledge.encoder.encoder import Encoder

QUESTIONS = [
    "How long does delivery to Canada take?",
    "When will my parcel arrive in Toronto?",
    "How do I reset my password?",
    "I can't log in any more, I forgot my passphrase",
    "Do you ship to Mars?",
    "hi",
    "My order came broken. " * 10,
]


def test_like_meanings_are_near(shipped: Encoder) -> None:
    """Two wordings of one wish are nearer to each other than to any wording of another one."""
    near = shipped.encode(QUESTIONS[:4])
    similarity = near @ near.T
    assert shipped.dimensions == 384
    assert similarity[0, 1] > 0.5
    assert similarity[2, 3] > 0.5
    assert similarity[:2, 2:].max() < 0.3


def test_tokens_have_vectors_in_their_text(shipped: Encoder) -> None:
    """A token is nearest to itself where it means the same; the vectors of the texts are those of ``encode``."""
    river, stream = "we fished from the bank of the river", "trees grow on the bank of the stream"
    texts = [river, stream, "I opened an account at the bank", ""]
    vectors, tokens = shipped.encode_with_tokens(texts)
    assert vectors == pytest.approx(shipped.encode(texts), abs=1e-6)
    assert [part.shape for part in tokens] == [(8, 96), (8, 96), (7, 96), (0, 96)]
    shore, side, money = (tokens[text][place].astype(np.float32) / 127 for text, place in ((0, 4), (1, 4), (2, 6)))
    assert [np.linalg.norm(one) for one in (shore, side, money)] == pytest.approx([1] * 3, abs=0.02)
    assert shore @ side > 0.9 > max(shore @ money, side @ money)
    assert shipped.encode_with_tokens([])[1] == []


def test_tokens_that_were_kept_can_be_compared_at_any_time(shipped: Encoder) -> None:
    """These numbers are in databases: whoever changes the axes changes the digest as well."""
    [tokens] = shipped.encode_with_tokens(["refund"])[1]
    assert tokens[0, :8].tolist() == pytest.approx([-19, 16, -8, 1, 5, -34, -6, 10], abs=1)


def test_the_shipped_encoder_gives_the_published_similarities(shipped: Encoder) -> None:
    """Similarities are those that the model's authors print in the documentation of sentence-transformers."""
    vectors = shipped.encode(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert (vectors @ vectors.T)[0].tolist() == pytest.approx([1.0, 0.6660, 0.1046], abs=2e-4)


def test_neighbours_change_nothing(shipped: Encoder) -> None:
    """A text has the same vector alone, in any batch, and in any order."""
    together = shipped.encode(QUESTIONS * 20)
    alone = np.concatenate([shipped.encode([question]) for question in QUESTIONS])
    assert together == pytest.approx(np.tile(alone, (20, 1)), abs=1e-5)
    assert shipped.encode(QUESTIONS[::-1]) == pytest.approx(alone[::-1], abs=1e-5)


def test_no_texts_give_no_vectors(shipped: Encoder) -> None:
    """The result has its width also where it is empty."""
    vectors = shipped.encode([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


def test_what_is_too_long_is_not_read(shipped: Encoder) -> None:
    """What lies behind the last token that the model reads makes no difference, and what lies before does."""
    start = "delivery " * 254  # and the two tokens around a text
    vectors = shipped.encode([start, start + "password " * 500, start[: len(start) // 2]])
    assert vectors[1] == pytest.approx(vectors[0], abs=1e-5)
    assert vectors[2] != pytest.approx(vectors[0], abs=1e-3)


def test_special_tokens_in_a_text_are_text(tiny: Encoder) -> None:
    """Nobody can end their text early by typing the name of a token."""
    typed, spelt = tiny.encode(["a [SEP] b", "a [sep] b"])
    assert typed == pytest.approx(spelt, abs=1e-5)


def test_threads_do_not_disturb_one_another(tiny: Encoder) -> None:
    """Many callers at once each get the vectors of their own texts."""
    texts = [[f"question {caller} {number} {'x' * (number % 9)}" for number in range(30)] for caller in range(8)]
    expected = [tiny.encode(own) for own in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            for vectors, known in zip(pool.map(tiny.encode, texts), expected, strict=True):
                assert vectors == pytest.approx(known, abs=1e-5)


def test_half_a_surrogate_pair_is_encoded(tiny: Encoder) -> None:
    """What JSON can carry and UTF-8 can't is no reason to fail."""
    assert np.isfinite(tiny.encode(["broken \ud83d emoji"])).all()


@given(texts=st.lists(st.text(st.characters()), max_size=5))
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_becomes_a_unit_vector(shipped: Encoder, texts: list[str]) -> None:
    """Any characters, also half surrogate pairs, give a finite vector of length 1."""
    lengths = np.linalg.norm(shipped.encode(texts), axis=1)
    assert lengths == pytest.approx(np.ones(len(texts)), abs=1e-5)


@pytest.mark.parametrize(
    "text",
    ["", "\x00\x07\x1b", "😀", "\u200b", "x" * 40_000, "word " * 8_000, "漢" * 40_000],
    ids=lambda text: text[:5],
)
def test_odd_texts_become_unit_vectors(shipped: Encoder, text: str) -> None:
    """Nothing, control characters, a lone emoji and 40,000 characters are texts like any other."""
    assert float(np.linalg.norm(shipped.encode([text]))) == pytest.approx(1, abs=1e-5)


def test_nothing_heavy_and_no_reporting_is_imported() -> None:
    """Importing the opener costs no OpenVINO; opening needs no torch, and the library reports nothing."""
    code = (
        "import sys; from supportbot.knowledge.encoder.open import open_encoder; "
        "print('openvino' in sys.modules); open_encoder(''); "
        "heavy = {'torch', 'transformers', 'huggingface_hub'}; "
        "print(heavy & set(sys.modules), sys.modules['openvino_telemetry'])"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    lines = printed.splitlines()
    assert (lines[0], lines[-1]) == ("False", "set() None")
