"""The FAQs beside this module: answers with their operators' wordings, and questions as users type them.

One author wrote the wordings and the questions of a FAQ, and was told to write the questions as other people
would: from their situation, in their words, without technical terms. Most foreign questions are about the subject.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks.faq import Row, Task

_HERE = Path(__file__).parent
_LEARNED = 0.6
_SEED = 0


def read_faqs() -> Iterator[tuple[str, Task, Task]]:
    """Yield the name of each FAQ, with two tasks.

    The first is the FAQ on its first day, when its own wordings are known. The second is a later day: three fifths
    of all wordings and questions of an answer, drawn at random, are known, and the others are asked.
    """
    for path in sorted(_HERE.glob("*.yaml")):
        faq = yaml.safe_load(path.read_text("utf-8"))
        foreign = tuple(faq["foreign"])
        known = tuple(Row(text, one["answer"]) for one in faq["answers"] for text in one["wordings"])
        asked = tuple(Row(text, one["answer"]) for one in faq["answers"] for text in one["asked"])
        yield path.stem, Task(known, asked, foreign), Task(*_learned(faq["answers"]), foreign)


def _learned(answers: list[dict[str, Any]]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    source = random.Random(_SEED)  # noqa: S311 - draws what is known
    known, asked = [], []
    for one in answers:
        rows = [Row(text, one["answer"]) for text in (*one["wordings"], *one["asked"])]
        source.shuffle(rows)
        last = max(2, round(_LEARNED * len(rows)))
        known += rows[:last]
        asked += rows[last:]
    return tuple(known), tuple(asked)
