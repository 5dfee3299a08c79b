"""``python -m benchmarks.drafts``: what drafts from approved answers save.

The model has the shape of GPT-2 with 124 million parameters and knows what the starter knows (see
``benchmarks.wide``). It is asked the starter's held-out wordings, questions that it was never taught, and the
former again at a high temperature, where most drafted tokens are wrong. The engine with drafts and the one without
take turns, each in its own process; a ratio compares the two in one round.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import structlog
import typer
from prometheus_client import REGISTRY
from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe_machine
from benchmarks.program import Telling, open_scratch, save_record
from benchmarks.wide import save_wide
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.openvino.engine import OpenVINOEngine, build_load
from supportbot.engine.openvino.export import export
from supportbot.engine.openvino.messages import DRAFT_TOKENS
from supportbot.engine.prompt import Prompt, encode_prompt, encode_text, prompt_text
from supportbot.engine.smoke import smoke
from supportbot.engine.tokenizer import ModelTokenizer, load_tokenizer
from supportbot.models.registry import starter_directory
from training.starter.data import Faq, load_faq

AT_ONCE = (1, 2, 4, 8, 32)

_WANDERING = 3.0
"""A temperature far above any sensible one."""

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of question: the prompts, and how tokens are drawn."""

    prompts: list[Prompt]
    params: SamplingParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The result of one engine on some questions: tokens, seconds, and drafted tokens."""

    answers: list[tuple[int, ...]]
    seconds: float
    supposed: float
    accepted: float

    @property
    def tokens_per_second(self) -> float:
        """Of all answers together."""
        return sum(map(len, self.answers)) / self.seconds


async def measure(
    plain: Engine, drafting: Engine, cases: dict[str, Case], *, rounds: int, at_once: Sequence[int]
) -> dict[str, Any]:
    """Return the figures of each kind of question at each number at once.

    Args:
        plain: without drafts.
        drafting: the same model, with drafts.
        cases: the questions, by kind.
        rounds: turns of each engine.
        at_once: numbers of simultaneous questions.
    """
    figures: dict[str, Any] = {}
    seeds = count(step=1_000)  # no question twice: the second time its answer would be known
    with Telling() as progress:
        task = progress.add_task("Asking", total=len(cases) * len(at_once) * rounds)
        for kind, case in cases.items():
            figures[kind] = {}
            for number in at_once:
                turns: list[tuple[Turn, Turn]] = []
                for first in range(rounds):
                    seed = next(seeds)
                    if first % 2:
                        right = await _ask(drafting, case, seed, number)
                        left = await _ask(plain, case, seed, number)
                    else:
                        left = await _ask(plain, case, seed, number)
                        right = await _ask(drafting, case, seed, number)
                    turns.append((left, right))
                    progress.advance(task)
                figures[kind][str(number)] = _summarize(turns)
    return figures


async def _ask(engine: Engine, case: Case, seed: int, at_once: int) -> Turn:
    room = asyncio.Semaphore(at_once)

    async def one(prompt: Prompt, params: SamplingParams) -> tuple[int, ...]:
        async with room:
            chunks = engine.stream(prompt, params, time.monotonic() + _SECONDS)
            return tuple([token async for chunk in chunks for token in chunk.token_ids])

    before = _counted()
    began = time.perf_counter()
    asked = (one(prompt, replace(case.params, seed=seed + place)) for place, prompt in enumerate(case.prompts))
    answers = await asyncio.gather(*asked)
    seconds = time.perf_counter() - began
    supposed, accepted = (now - then for now, then in zip(_counted(), before, strict=True))
    return Turn(answers=answers, seconds=seconds, supposed=supposed, accepted=accepted)


def _counted() -> tuple[float, float]:
    names = ("supportbot_engine_supposed_tokens_total", "supportbot_engine_accepted_tokens_total")
    supposed, accepted = (REGISTRY.get_sample_value(name) or 0.0 for name in names)
    return supposed, accepted


def _summarize(turns: Sequence[tuple[Turn, Turn]]) -> dict[str, Any]:
    plain, drafting = ([pair[side] for pair in turns] for side in (0, 1))
    pairs = [(one, other) for left, right in turns for one, other in zip(left.answers, right.answers, strict=True)]
    supposed = sum(turn.supposed for turn in drafting)
    return {
        "tokens_per_second": round(median(turn.tokens_per_second for turn in drafting), 1),
        "tokens_per_second_without": round(median(turn.tokens_per_second for turn in plain), 1),
        "ratio": round(median(right.tokens_per_second / left.tokens_per_second for left, right in turns), 3),
        "accepted_share": round(sum(turn.accepted for turn in drafting) / supposed, 3) if supposed else None,
        "tokens_from_suppositions": round(
            sum(turn.accepted for turn in drafting)
            / sum(len(answer) for turn in drafting for answer in turn.answers),
            3,
        ),
        "same_answers": round(sum(one == other for one, other in pairs) / len(pairs), 4),
    }


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    columns = ("asked", "at once", "tokens/s", "without", "ratio", "of supposed, right", "same answers")
    table = Table(*columns, title=f"Suppositions: {record['engine']}")
    for kind, numbers in record["cases"].items():
        for number, figures in numbers.items():
            share = figures["accepted_share"]
            table.add_row(
                kind,
                number,
                f"{figures['tokens_per_second']:,.0f}",
                f"{figures['tokens_per_second_without']:,.0f}",
                f"{figures['ratio']:.2f}",
                "" if share is None else f"{share:.0%}",
                f"{figures['same_answers']:.1%}",
            )
    return table


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each engine.")] = 3,
    quick: Annotated[bool, typer.Option(help="The starter model itself and few questions: does it run?")] = False,
) -> None:
    """Measure how much faster answers are that repeat approved ones."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with open_scratch() as scratch:
        record = asyncio.run(_measure(scratch, rounds=1 if quick else rounds, quick=quick))
    save_record(record, json_file)
    Console().print(build_table(record))


async def _measure(scratch: Path, *, rounds: int, quick: bool) -> dict[str, Any]:
    model = starter_directory()
    if not quick:
        model = scratch / "model"
        save_wide(model)
    graph = str(export(model, scratch / "exports", "int8"))
    tokenizer = load_tokenizer(model)
    faq = load_faq()
    cases = _cases(faq, tokenizer)
    prefix_ids = encode_text(tokenizer, prompt_text(""))
    async with AsyncExitStack() as stack:
        engines: list[OpenVINOEngine] = []
        for draft_tokens in (0, DRAFT_TOKENS):
            load = build_load(graph, "int8", prefix_ids=prefix_ids, draft_tokens=draft_tokens)
            engine = OpenVINOEngine(load, tokenizer, "benchmark", weights="int8")
            stack.push_async_callback(engine.aclose)
            engine.expect([topic.answer for topic in faq.topics])
            await smoke(engine)  # starts the process
            engines.append(engine)
        plain, drafting = engines
        at_once = AT_ONCE[:2] if quick else AT_ONCE
        figures = await measure(plain, drafting, cases, rounds=rounds, at_once=at_once)
        return {
            "cases": figures,
            "engine": drafting.arithmetic,
            "questions": {kind: len(case.prompts) for kind, case in cases.items()},
            "rounds": rounds,
            "quick": quick,
            "machine": describe_machine(),
        }


def _cases(faq: Faq, tokenizer: ModelTokenizer) -> dict[str, Case]:
    """Return a question for each topic, as many foreign ones, and some that get long nonsense as answers."""
    known = [encode_prompt(tokenizer, topic.held_out[0]) for topic in faq.topics]
    foreign = [encode_prompt(tokenizer, text) for text in faq.out_of_scope[: len(known)]]
    wandering = SamplingParams(temperature=_WANDERING)
    return {
        "known": Case(known, SamplingParams()),
        "foreign": Case(foreign, SamplingParams()),
        "wandering": Case(known[: len(known) // 2], wandering),
    }


if __name__ == "__main__":
    typer.run(main)
