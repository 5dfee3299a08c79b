"""Gaps: questions that were not answered well, those that ask for the same thing as one (``knowledge.grouping``).

This module knows no database. What it shows of a question is redacted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from supportbot.knowledge.features import Floats, TextEncoder
from supportbot.knowledge.grouping import grouped, similarities, threshold
from supportbot.redact import redact
from supportbot.statistics.unmet import Unmet

_LONGEST = 300
"""Characters of an example; a longer one is cut, since its beginning says what it is about."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What was asked and not known.

    Attributes:
        example: one wording of it, redacted; empty where all are private.
        questions: how many asked for it.
        people: how many different people asked these.
    """

    example: str
    questions: int
    people: int


def find_gaps(unmet: Sequence[Unmet], encoder: TextEncoder | None, keep: Collection[str] = ()) -> list[Gap]:
    """Return the gaps, those of most people first; blocks.

    Args:
        unmet: the questions.
        encoder: compares meanings; None for letters alone.
        keep: what is public although it looks personal, as ``redact`` takes it.
    """
    if not unmet:
        return []
    alike = similarities(encoder, [one.text for one in unmet])
    gaps = [_gap(unmet, group, alike, keep) for group in grouped(alike, threshold(encoder))]
    return sorted(gaps, key=lambda gap: (-gap.people, -gap.questions, gap.example))


def _gap(unmet: Sequence[Unmet], group: Sequence[int], alike: Floats, keep: Collection[str]) -> Gap:
    """Return a group as it is shown: by the wording that is most similar to all of it."""
    shown = [row for row in group if not unmet[row].is_private]
    example = ""
    if shown:
        nearest = shown[int(np.argmax(alike[np.ix_(shown, list(group))].mean(axis=1)))]
        # Cut after it is redacted: half an address is none that can be found.
        example = _cut(" ".join(redact(unmet[nearest].text, keep=keep).text.split()))
    return Gap(example, len(group), len({unmet[row].asker for row in group}))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
