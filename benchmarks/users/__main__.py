"""``python -m benchmarks.users``: approved answers alone, on six hard FAQs.

Unlike in ``benchmarks.answers``, nobody paraphrases: people describe what happened to them, and entries resemble
one another. Each FAQ is measured on its first day, when only its own wordings are known, and again after users'
words have been approved as wordings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import structlog
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.faq import Task
from benchmarks.imported import open_knowledge
from benchmarks.machine import describe_machine
from benchmarks.program import Telling, open_scratch, save_record
from benchmarks.users.faqs import read_faqs
from supportbot.answering.explain import Explanation, explain
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge

_WRONG_RATE = 0.02
"""The product's default."""

WHEN = ("first_day", "learned")


async def measure(scratch: Path, encoder: TextEncoder, progress: Progress) -> dict[str, Any]:
    """Return the figures of each FAQ at both times, and their means."""
    faqs = list(read_faqs())
    record: dict[str, Any] = {}
    bar = progress.add_task("Questions", total=sum(len(task.asked) for _, *tasks in faqs for task in tasks))
    for name, *tasks in faqs:
        record[name] = {}
        for when, task in zip(WHEN, tasks, strict=True):
            home = scratch / name / when
            home.mkdir(parents=True)
            async with open_knowledge(task.known, home, encoder, _WRONG_RATE) as knowledge:
                record[name][when] = await _figures(knowledge, task, lambda: progress.advance(bar))
    progress.remove_task(bar)
    means = {
        when: {
            key: round(float(np.mean([faq[when][key] for faq in record.values()])), 4)
            for key in ("right", "wrong", "coverage", "foreign")
        }
        for when in WHEN
    }
    return {"faqs": record, "mean": means}


async def _figures(knowledge: Knowledge, task: Task, advance: Callable[[], None]) -> dict[str, Any]:
    right, given = [], []
    for row in task.asked:
        found = await explain(knowledge, row.question)
        right.append(row.answer in _best(found))
        given.append(bool(found.given))
        advance()
    fooled = [bool((await explain(knowledge, question)).given) for question in task.foreign]
    return {
        "answers": len({row.answer for row in task.known}),
        "known": len(task.known),
        "asked": len(task.asked),
        "foreign_asked": len(task.foreign),
        "right": round(float(np.mean(right)), 4),
        "wrong": round(float(np.mean(np.array(given) & ~np.array(right))), 4),
        "coverage": round(float(np.mean(given)), 4),
        "foreign": round(float(np.mean(fooled)), 4),
    }


def _best(found: Explanation) -> list[str]:
    """Return the given answer, or else the nearest one."""
    if found.given:
        return [entry.answer for entry in found.given]
    return [one.entry.answer for one in found.decision.candidates[:1]] if found.decision else []


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table("FAQ", "", "right", "answered", "wrong", "foreign answered")
    for name, faq in (record["faqs"] | {"mean": record["mean"]}).items():
        for when in WHEN:
            keys = ("right", "coverage", "wrong", "foreign")
            table.add_row(name, when.replace("_", " "), *(f"{faq[when][key]:.1%}" for key in keys))
    return table


def main(json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")]) -> None:
    """Measure six FAQs with questions as users type them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with open_scratch() as scratch, Telling() as progress:
        record = asyncio.run(measure(scratch, open_encoder(""), progress))
    record["machine"] = describe_machine()
    save_record(record, json_file)
    Console().print(build_table(record))


if __name__ == "__main__":
    typer.run(main)
