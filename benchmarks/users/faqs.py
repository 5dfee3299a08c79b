"""The FAQs that lie beside this: answers with the wordings of those who run the bot, and what users typed.

The wordings and the questions of a FAQ have one author, who was told to write the questions as other people: from
their situation, in their words, without the terms of the trade. Most foreign questions are about the subject.
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
    """Yield the name of each FAQ, and it as a task twice.

    The first is the FAQ on its first day: its own wordings are known. The second is the same after a while: of all
    wordings and questions of an answer, three fifths, drawn at random, are known, and the rest is asked.
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
