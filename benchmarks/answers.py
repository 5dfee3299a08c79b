"""``python -m benchmarks.answers``: how often the bot is right on somebody's own FAQ, wrong, silent, or fooled.

The questions and answers of a file are imported and approved into a separate database, except for the held-out
wordings. The bot is calibrated on the imported rows alone. Then the held-out wordings and the foreign questions go
through the real answerer, once with verified answers first and once with the model alone. Two baselines answer
beside it: the nearest wording by letters, and by sentence vectors. What the model adds where nothing is verified
has its own figures, with the floor that applies there.

Without ``--data``, the FAQ is the starter's, on which the starter model was trained: only there can the model
alone be compared. On another FAQ the model is still the starter, unless ``--model`` names a directory. That of a
published version has the model's floors in its manifest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.sparse import csr_array

from benchmarks.clothes import CLOTHES
from benchmarks.faq import Row, Task, read_task
from benchmarks.imported import open_knowledge
from benchmarks.machine import describe_machine
from benchmarks.program import open_scratch, save_record
from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.trust import AnswerMode
from supportbot.db.states import AnswerSource
from supportbot.engine.choose import Wanted, load_chosen
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.features import Features, Grams, TextEncoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.models.registry import Registry, starter_directory
from training.metrics import matched_topic

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Told:
    """The result of one question.

    Attributes:
        best: the bot's best answer, given or not.
        given: whether it was given.
        source: where the answer comes from.
        ms: how long it took.
    """

    best: str | None
    given: bool
    source: AnswerSource
    ms: float


async def measure(
    task: Task, home: Path, *, model: str | None, wrong_rate: float, generate: bool, variants: bool
) -> dict[str, Any]:
    """Return all figures.

    Args:
        task: what to measure.
        home: a folder for the database and the exported model.
        model: a directory of the model that generates; None for the starter.
        wrong_rate: the share of questions in scope that may be answered wrongly.
        generate: whether the model alone is measured as well.
        variants: whether the questions are also asked with the changes of ``benchmarks.clothes``.
    """
    encoder = await asyncio.to_thread(open_encoder, "")
    source = Registry(home).resolve(model or str(starter_directory()))
    wanted = Wanted(engine="auto", precision="auto", exports=home)
    engine = await asyncio.to_thread(
        load_chosen, source.location, source.version, wanted, int8_loss_rise=source.int8_loss_rise
    )
    live = LiveModel(
        engine,
        source.confidence_floor,
        source.floor_beside,
        is_starter=model is None,
        knows_us=model is not None,
    )
    try:
        async with open_knowledge(task.known, home, encoder, wrong_rate) as knowledge:
            calibration = knowledge.index.calibration if knowledge.index else None

            async def through(
                mode: AnswerMode, questions: Sequence[str], what: str, *, by_knowledge_alone: bool = False
            ) -> list[Told]:
                # The starter is heard beside knowledge on its own FAQ only; the model alone is always asked.
                named = mode == "generate_only" or (task.is_starters and not by_knowledge_alone)
                answerer = Answerer(Generator(live), knowledge, mode=mode, starter_is_named=named)
                return await _ask(answerer, knowledge, mode, questions, what)

            modes: list[AnswerMode] = ["verified_first"]
            if generate:
                modes.append("generate_only")
            record: dict[str, Any] = {
                "known": len(task.known),
                "answers": len({row.answer for row in task.known}),
                "asked": len(task.asked),
                "foreign": len(task.foreign),
                "calibration": calibration.as_record() if calibration else None,
            }
            references = sorted({row.answer for row in task.known})
            for mode in modes:
                told = await through(mode, [row.question for row in task.asked], mode)
                fooled = await through(mode, task.foreign, f"{mode}, foreign")
                record[mode] = _figures(task.asked, told, fooled, references)
                if mode == "verified_first":
                    floor = live.floor(beside_knowledge=True)
                    record["generated"] = {"floor": floor, **count_generated(task.asked, told, fooled, references)}
            if variants:
                record["variants"] = {}
                for name, wear in ({"as typed": str} | dict(CLOTHES)).items():
                    worn = [wear(row.question) for row in task.asked]
                    told = await through("verified_first", worn, name, by_knowledge_alone=True)
                    others = [wear(question) for question in task.foreign]
                    fooled = await through("verified_first", others, f"{name}, foreign", by_knowledge_alone=True)
                    record["variants"][name] = _figures(task.asked, told, fooled, references)
            record["baselines"] = await asyncio.to_thread(_baselines, task, encoder)
            return record | {"model": source.version, "machine": describe_machine()}
    finally:
        await engine.aclose()


async def _ask(
    answerer: Answerer, knowledge: Knowledge, mode: AnswerMode, questions: Sequence[str], what: str
) -> list[Told]:
    """Ask one after the other, so that the time is that of one question alone."""
    told = []
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{what}: {len(questions)} questions …")
    for question in track(questions, what, console=console, transient=True, disable=not console.is_terminal):
        began = time.perf_counter()
        reply = await answerer.answer(question, time.monotonic() + _SECONDS)
        ms = 1000 * (time.perf_counter() - began)
        given = reply.source is not AnswerSource.NOT_SURE
        best: str | None = reply.text if given else reply.draft
        if mode == "verified_first" and not given:
            decision = await knowledge.decide(normalise_question(question), None)
            best = decision.candidates[0].entry.answer if decision and decision.candidates else None
        told.append(Told(best, given, reply.source, ms))
    return told


def _figures(
    asked: Sequence[Row], told: Sequence[Told], fooled: Sequence[Told], references: Sequence[str]
) -> dict[str, Any]:
    right = np.array(
        [_is_right(one.best, row.answer, references) for row, one in zip(asked, told, strict=True)], dtype=bool
    )
    given = np.array([one.given for one in told], dtype=bool)
    ms = np.array([one.ms for one in told])
    return {
        "right": float(right.mean()),
        "wrong": float((given & ~right).mean()),
        "coverage": float(given.mean()),
        "verified": float(np.mean([one.source is AnswerSource.APPROVED for one in told])),
        "foreign": float(np.mean([one.given for one in fooled])) if fooled else None,
        "ms_p50": round(median(ms), 2),
        "ms_p99": round(float(np.quantile(ms, 0.99)), 2),
    }


def count_generated(
    asked: Sequence[Row], told: Sequence[Told], fooled: Sequence[Told], references: Sequence[str]
) -> dict[str, Any]:
    """Return the model's part where nothing is verified: how often it is asked, and how much of that is shown."""
    refused = [(row, one) for row, one in zip(asked, told, strict=True) if one.source is not AnswerSource.APPROVED]
    shown = [(row, one) for row, one in refused if one.source is AnswerSource.GENERATED]
    right = sum(_is_right(one.best, row.answer, references) for row, one in shown)
    return {
        "asked": len(refused),
        "right": right,
        "wrong": len(shown) - right,
        "foreign_asked": sum(one.source is not AnswerSource.APPROVED for one in fooled),
        "foreign": sum(one.source is AnswerSource.GENERATED for one in fooled),
    }


def _is_right(best: str | None, answer: str, references: Sequence[str]) -> bool:
    """Return whether an answer is the right one: to the letter, within a reply to two questions, or nearly so."""
    if best is None:
        return False
    if " ".join(answer.split()) in " ".join(best.split()):
        return True
    if best in references:
        return False
    matched = matched_topic(best, references)
    return matched is not None and references[matched] == answer


def _baselines(task: Task, encoder: TextEncoder) -> dict[str, Any]:
    """Return the answers of the nearest wording, without a threshold."""
    known = [normalise_question(row.question) for row in task.known]
    asked = [normalise_question(row.question) for row in task.asked]
    grams = Grams(known)
    by = {
        "ngrams_nearest": _by_letters(grams.of(asked)).similarities(_by_letters(grams.of_texts)),
        "encoder_nearest": encoder.encode(asked) @ encoder.encode(known).T,
    }
    answers = np.array([row.answer for row in task.known])
    wanted = np.array([row.answer for row in task.asked])
    return {name: {"right": float((answers[nearest.argmax(1)] == wanted).mean())} for name, nearest in by.items()}


def _by_letters(grams: csr_array) -> Features:
    return Features(np.zeros((grams.shape[0], 0), np.float32), grams)


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    title = f"{record['known']} wordings of {record['answers']} answers; {record['asked']} others asked"
    table = Table("", "right", "wrong", "coverage", "foreign", "ms", "ms p99", title=title)
    rows: dict[str, Any] = {name: record[name] for name in ("verified_first", "generate_only") if name in record}
    rows |= {f"  {name}": figures for name, figures in record.get("variants", {}).items()}
    for name, figures in rows.items():
        foreign = figures["foreign"]
        table.add_row(
            name,
            *(f"{figures[key]:.1%}" for key in ("right", "wrong", "coverage")),
            f"{foreign:.1%}" if foreign is not None else "",
            f"{figures['ms_p50']:.1f}",
            f"{figures['ms_p99']:.1f}",
        )
    added = record["generated"]
    table.caption = (
        f"Where nothing is verified, the model answers {added['right']} of {added['asked']} questions rightly and "
        f"{added['wrong']} wrongly, and {added['foreign']} of {added['foreign_asked']} foreign ones."
    )
    for name, figures in record["baselines"].items():
        table.add_row(name, f"{figures['right']:.1%}", *[""] * 5)
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    data: Annotated[Path | None, typer.Option(help="JSON lines with question and answer.")] = None,
    held_out: Annotated[Path | None, typer.Option(help="The same, of wordings that are only asked.")] = None,
    out_of_scope: Annotated[Path | None, typer.Option(help="Foreign questions, one a line.")] = None,
    model: Annotated[str | None, typer.Option(help="Directory of the model that generates.")] = None,
    wrong_rate: Annotated[float, typer.Option(min=0.0001, max=0.5, help="As SUPPORTBOT_WRONG_RATE.")] = 0.02,
    generate: Annotated[bool, typer.Option(help="Measure the model alone as well.")] = True,
    variants: Annotated[bool, typer.Option(help="Ask in other clothes as well: line breaks, greetings …")] = True,
) -> None:
    """Measure right and wrong answers, coverage, and foreign questions answered, on a FAQ."""
    with open_scratch() as home:
        task = read_task(data, held_out, out_of_scope)
        record = asyncio.run(
            measure(task, home, model=model, wrong_rate=wrong_rate, generate=generate, variants=variants)
        )
    save_record(record, json_file)
    Console().print(build_table(record))


if __name__ == "__main__":
    typer.run(main)
