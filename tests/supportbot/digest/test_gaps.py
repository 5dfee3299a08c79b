"""Questions that ask for the same thing are one gap: how well, the same each time, and nothing personal in it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.digest.gaps import Gap, find_gaps
from supportbot.knowledge.encoder.encoder import Encoder
from supportbot.knowledge.grouping import grouped, similarities, threshold
from supportbot.statistics.unmet import Shortfall, Unmet
from tests.supportbot.digest.labelled import CLINIC, SHOP, agreement, flat


def asked(asker: str, text: str, is_private: bool) -> Unmet:
    """Return a question that was not answered well."""
    return Unmet(
        question_id=1,
        workspace_id=1,
        asker=asker,
        text=text,
        meaning=text,
        is_private=is_private,
        shortfall=Shortfall.NOT_SURE,
        entry_id=None,
        asked_at=datetime.now(UTC),
        told_at=datetime.now(UTC),
    )


@pytest.mark.parametrize(
    ("has_encoder", "precision", "recall"), [(True, 0.9, 0.5), (False, 0.9, 0.25)], ids=["meanings", "letters"]
)
@pytest.mark.parametrize("labelled", [SHOP, CLINIC], ids=["shop", "clinic"])
def test_what_asks_for_the_same_is_together(
    labelled: dict[str, tuple[str, ...]],
    has_encoder: bool,
    precision: float,
    recall: float,
    minilm: Encoder,
    record_property: Callable[[str, object], None],
) -> None:
    """Most of what is put together belongs together, with less of it where only letters are compared."""
    questions, meant = flat(labelled)
    encoder = minilm if has_encoder else None
    found = grouped(similarities(encoder, questions), threshold(encoder))
    right, complete = agreement(found, meant)
    record_property("precision", right)
    record_property("recall", complete)
    assert right >= precision
    assert complete >= recall


@given(st.permutations(range(20)), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_groups_are_the_same_in_any_order(order: list[int], seed: int, least: float) -> None:
    """Each question is in one group, and which are together does not depend on the order in which they came."""
    points = np.random.default_rng(seed).normal(size=(len(order), 8))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    alike = (points @ points.T).astype(np.float32)
    expected = grouped(alike, least)
    assert sorted(row for group in expected for row in group) == sorted(order)
    shuffled = grouped(alike[np.ix_(order, order)], least)
    assert {frozenset(group) for group in expected} == {
        frozenset(order[row] for row in group) for group in shuffled
    }


def test_gap_counts_people_and_shows_no_person(minilm: Encoder) -> None:
    """One person who asks twice is one; the example is redacted, and what was asked in private is not shown."""
    unmet = [
        asked("U1", "do you gift wrap? write to ada@example.org", False),
        asked("U1", "do you gift wrap?? ada@example.org", False),
        asked("U2", "is gift wrapping possible, my secret", True),
        asked("U3", "where is my grandmother's treatment", True),
    ]
    random.Random(5).shuffle(unmet)
    wrapping, other = find_gaps(unmet, minilm)
    assert (wrapping.questions, wrapping.people) == (3, 2)
    assert "gift wrap" in wrapping.example
    assert "[email]" in wrapping.example
    assert "ada@" not in wrapping.example
    assert other == Gap(example="", questions=1, people=1)
    kept = find_gaps(unmet, minilm, keep=["ada@example.org"])
    assert "ada@example.org" in kept[0].example


def test_nothing_is_no_gap() -> None:
    """Without questions there are no gaps, and an empty text is one like any other."""
    assert find_gaps([], None) == []
    assert find_gaps([asked("U1", "", False), asked("U2", "?!", False)], None)
