"""``python -m benchmarks.candidates``: the gain of best-of-n for the starter model, and its cost.

Every held-out wording is answered with one candidate, with two and with more, from the same seeds: the n
candidates of a question are the first n of one list. So only the choice differs. Out-of-scope questions are
answered too, because more candidates may let more of them past the confidence floor.

The time is that of one question alone on an idle engine, for a sample of the wordings, the sizes taking turns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.program import open_scratch, save_record
from supportbot.answering.candidates import Generation, choose, generate_all
from supportbot.engine.base import Engine, SamplingParams, confidence
from supportbot.engine.choose import Wanted, load_chosen
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.models.registry import Registry, read_manifest, starter_directory
from training.evaluate.intervals import Ratio, ratio_difference
from training.metrics import matched_topic
from training.starter.data import Faq, load_faq

SIZES = (1, 2, 4)

_SECONDS = 600.0
"""An answer takes a fraction of a second; on a very busy machine it may take this long."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the index of the topic that answers it; None for one that none answers."""

    text: str
    topic: int | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The result of one question with some candidates: right, above the floor, and tokens of all candidates."""

    right: bool
    shown: bool
    tokens: int


async def measure(engine: Engine, faq: Faq, floor: float | None, *, repeats: int, timed: int) -> dict[str, Any]:
    """Return the figures of each size.

    Args:
        engine: the model.
        faq: what to ask.
        floor: confidence below which an answer is not shown; None shows all.
        repeats: how often each wording is asked, with other seeds.
        timed: wordings that are timed.
    """
    held_out = [Case(text, number) for number, topic in enumerate(faq.topics) for text in topic.held_out]
    foreign = [Case(text, None) for text in faq.out_of_scope]
    cases = [case for case in (*held_out, *foreign) for _ in range(repeats)]
    references = [topic.answer for topic in faq.topics]
    slots = asyncio.Semaphore(max(1, engine.capacity // 2 // SIZES[-1]))

    async def ask(number: int, case: Case) -> dict[int, Chosen]:
        prompt = encode_prompt(engine.tokenizer, case.text)
        async with slots:
            generations = await _generate(engine, prompt, number, SIZES[-1])
        return {size: _choose(engine, generations[:size], case, references, floor) for size in SIZES}

    asked = await asyncio.gather(*(ask(number, case) for number, case in enumerate(cases)))
    inside, outside = asked[: len(held_out) * repeats], asked[len(held_out) * repeats :]
    by_wording = [inside[start : start + repeats] for start in range(0, len(inside), repeats)]
    seconds = await _time(engine, held_out[:: max(1, len(held_out) // timed)])
    return {str(size): _figures(size, by_wording, outside, seconds[size]) for size in SIZES}


async def _generate(engine: Engine, prompt: Prompt, number: int, size: int) -> list[Generation]:
    seeds = range(number * SIZES[-1], number * SIZES[-1] + size)
    return await generate_all(engine, prompt, SamplingParams(), seeds, time.monotonic() + _SECONDS)


def _choose(
    engine: Engine, candidates: Sequence[Generation], case: Case, references: Sequence[str], floor: float | None
) -> Chosen:
    best = choose(candidates, engine.tokenizer)
    sure = confidence(best.logprobs)
    return Chosen(
        right=case.topic is not None and matched_topic(best.text(engine.tokenizer), references) == case.topic,
        shown=sure is not None and (floor is None or sure >= floor),
        tokens=sum(len(candidate.token_ids) for candidate in candidates),
    )


async def _time(engine: Engine, cases: Sequence[Case]) -> dict[int, list[float]]:
    """Return the seconds of each answer, by size."""
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    for number, case in enumerate(track(cases, "Timing", console=Console(stderr=True), transient=True)):
        prompt = encode_prompt(engine.tokenizer, case.text)
        for size in SIZES[number % len(SIZES) :] + SIZES[: number % len(SIZES)]:
            began = time.perf_counter()
            await _generate(engine, prompt, number, size)
            seconds[size].append(time.perf_counter() - began)
    return seconds


def _figures(
    size: int,
    by_wording: Sequence[Sequence[dict[int, Chosen]]],
    outside: Sequence[dict[int, Chosen]],
    seconds: Sequence[float],
) -> dict[str, Any]:
    inside = [one[size] for asked in by_wording for one in asked]
    # Resampled by wording: its repeats are no independent evidence.
    shares = {of: Ratio.of([fmean(one[of].right for one in asked) for asked in by_wording]) for of in (1, size)}
    gain = ratio_difference(shares[size], shares[1], seed=0) if size > 1 else None
    return {
        "held_out_right": shares[size].value,
        "gain": {"value": gain.value, "low": gain.low, "high": gain.high} if gain else None,
        "held_out_right_and_shown": fmean(one.right and one.shown for one in inside),
        "out_of_scope_stopped": fmean(not one[size].shown for one in outside),
        "tokens_per_answer": fmean(one.tokens for one in inside),
        "median_seconds": median(seconds),
    }


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    columns = ("n", "right", "gain, 95 %", "right and shown", "out of scope stopped", "tokens", "seconds")
    table = Table(*columns, title=f"Best of n: the starter model, {record['engine']}")
    for size, figures in record["candidates"].items():
        gain = figures["gain"]
        table.add_row(
            size,
            f"{figures['held_out_right']:.1%}",
            f"{gain['value']:+.1%} ({gain['low']:+.1%} to {gain['high']:+.1%})" if gain else "",
            f"{figures['held_out_right_and_shown']:.1%}",
            f"{figures['out_of_scope_stopped']:.1%}",
            f"{figures['tokens_per_answer']:.0f}",
            f"{figures['median_seconds']:.3f}",
        )
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    repeats: Annotated[int, typer.Option(min=1, help="How often each wording is asked, with other seeds.")] = 3,
    timed: Annotated[int, typer.Option(min=1, help="Wordings that are timed.")] = 60,
    quick: Annotated[bool, typer.Option(help="A few questions of each topic: does it run at all?")] = False,
) -> None:
    """Measure how much more often the best of several candidates is right, and what it costs."""
    faq = load_faq()
    if quick:
        faq, repeats, timed = _few(faq), 1, 3
    with open_scratch() as exports:
        record = asyncio.run(_measure(faq, exports, repeats=repeats, timed=timed))
    save_record(record, json_file)
    Console().print(build_table(record))


async def _measure(faq: Faq, exports: Path, *, repeats: int, timed: int) -> dict[str, Any]:
    """Measure with the engine that the daemon would use on this machine."""
    source = Registry(exports).resolve(str(starter_directory()))
    wanted, rise = Wanted(engine="auto", precision="auto", exports=exports), source.int8_loss_rise
    engine = await asyncio.to_thread(load_chosen, source.location, source.version, wanted, int8_loss_rise=rise)
    try:
        figures = await measure(engine, faq, source.confidence_floor, repeats=repeats, timed=timed)
        return {
            "candidates": figures,
            "engine": engine.arithmetic,
            "model": read_manifest(starter_directory()).digest,
            "confidence_floor": source.confidence_floor,
            "held_out": sum(len(topic.held_out) for topic in faq.topics),
            "out_of_scope": len(faq.out_of_scope),
            "repeats": repeats,
            "timed": timed,
            "machine": describe_machine(),
        }
    finally:
        await engine.aclose()


def _few(faq: Faq) -> Faq:
    topics = tuple(replace(topic, held_out=topic.held_out[:1]) for topic in faq.topics[:4])
    return replace(faq, topics=topics, out_of_scope=faq.out_of_scope[:4])


if __name__ == "__main__":
    typer.run(main)
