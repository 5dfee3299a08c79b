"""``python -m benchmarks.generation``: our engine as the daemon uses it, taking turns with its peers.

The model has the size of GPT-2 with 124 million parameters and random weights; prompts have 17 tokens, prompt and
answer together 200, sampling is the documented one, and no answer ends before that. The same run measures the
machine's limits.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from transformers.utils import logging as transformers_logging

from benchmarks.chart import draw_chart
from benchmarks.contest import Contest, Contestant
from benchmarks.limits import build_ceilings, measure_limits, memory_ceiling
from benchmarks.machine import describe_machine
from benchmarks.model import build_prompts, save_endless
from benchmarks.pacing import Pace
from benchmarks.peers import PEERS, Setup
from benchmarks.program import open_scratch, save_record
from benchmarks.speeds import build_ratios, build_table, summarize
from supportbot.engine.prompt import MAX_LENGTH
from supportbot.errors import ConfigError

_OURS, _BARE, _REFERENCE = "openvino", "openvino-bare", "transformers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to measure.

    Attributes:
        rounds: turns of each peer at each number at once.
        starts: of each peer.
        new_tokens: of each answer; None fills what prompt and answer may have together.
        at_once: numbers at which peers are compared.
        loads: numbers at which the growth of cost is measured.
        lengths: new tokens at which the growth is measured, alone and at the second of ``at_once``.
    """

    rounds: int
    starts: int
    new_tokens: int | None
    at_once: list[int]
    loads: list[int]
    lengths: list[int]


_FULL = Plan(
    rounds=5,
    starts=3,
    new_tokens=None,
    at_once=[1, 8, 32],
    loads=[1, 2, 4, 8, 16, 32],
    lengths=[50, 100, 200, 400],
)
_QUICK = replace(_FULL, rounds=1, starts=1, loads=[], lengths=[])
_TINY = Plan(rounds=1, starts=1, new_tokens=12, at_once=[1, 8, 32], loads=[1, 2], lengths=[6, 12])


def measure(setup: Setup, names: list[str], plan: Plan, pace: Pace, console: Console) -> dict[str, Any]:
    """Make the model, run all turns and return the figures.

    Args:
        setup: what peers start from.
        names: of the peers.
        plan: how much to measure, if there is time.
        pace: how much time there is.
        console: for progress.

    Raises:
        SupportBotError: none of the peers could run, or the tokenizer is not installed.
    """
    weights = save_endless(Path(setup.model), tiny=setup.tiny)
    prompts = build_prompts(tiny=setup.tiny)
    prompt_tokens = len(prompts[0].token_ids)
    new_tokens = plan.new_tokens or MAX_LENGTH - prompt_tokens
    left_out = {name: why for name in names if (why := PEERS[name].missing(setup))}
    console.print("Measuring the machine")
    limits = measure_limits(tiny=setup.tiny)
    with Contest(setup, prompts, new_tokens, pace, console) as contest:
        for name in names:
            if name in left_out:
                console.print(f"{name} is left out: {left_out[name]}.")
            else:
                contest.start(name, plan.starts)
        contest.warm(plan.at_once)
        pace.plan(_count_turns(plan, len(contest.contestants)))
        for number in range(1, plan.rounds + 1):
            if not pace.begin_round():
                console.print(f"There is no time for round {number}.")
                break
            contest.run_round(number, plan.at_once)
        grown = _grow(contest, plan, new_tokens)
        if not contest.contestants:
            raise ConfigError("None of the peers can run here; why is said above.")
        left_out |= contest.fallen
        peers = {name: _describe(name, one, limits, weights) for name, one in contest.contestants.items()}
        rounds = {name: one.rounds for name, one in contest.contestants.items()}
    return {
        "ours": _OURS,
        "ratio_to_transformers": build_ratios(rounds, _OURS, _REFERENCE),
        "ratio_to_bare_pipeline": build_ratios(rounds, _OURS, _BARE),
        "peers": peers,
        "left_out": left_out,
        **grown,
        "limits": {name: round(value, 2) for name, value in limits.items()}
        | {"ceilings": build_ceilings(limits, weights)},
        "settings": asdict(plan)
        | {"new_tokens": new_tokens, "prompt_tokens": prompt_tokens, "weights": weights, "tiny": setup.tiny},
    }


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    peers: Annotated[str, typer.Option(help="Which, separated by commas.")] = ",".join(PEERS),
    chart: Annotated[Path | None, typer.Option(help="PNG file for a chart of the figures.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each peer.")] = _FULL.rounds,
    remote_url: Annotated[str, typer.Option(help="Base URL of the peer 'remote', /v1 included.")] = "",
    remote_model: Annotated[str, typer.Option(help="What it is asked for; else its first model.")] = "",
    minutes: Annotated[
        float | None, typer.Option(min=1, help="As many rounds as this allows, one at least, and no growth.")
    ] = None,
    quick: Annotated[bool, typer.Option(help="One start and one round of each peer, and no growth.")] = False,
    tiny: Annotated[bool, typer.Option(help="A small model, short answers, one round: does it run?")] = False,
) -> None:
    """Compare the speed of our engine with that of its peers."""
    console = Console(stderr=True)
    _silence()
    plan = replace(_QUICK if quick or minutes else _FULL, rounds=1 if quick else rounds)
    pace = Pace(console, minutes)
    with open_scratch() as scratch:
        names = _parse(peers)
        setup = Setup(
            model=str(scratch / "model"),
            scratch=str(scratch),
            threads=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            tiny=tiny,
            remote_url=remote_url,
            remote_model=remote_model,
        )
        record = measure(setup, names, _TINY if tiny else plan, pace, console)
    record |= {"machine": describe_machine() | {"threads": setup.threads}}
    save_record(record, json_file)
    if chart:
        draw_chart(record, chart)
    Console().print(build_table(record))


def _parse(peers: str) -> list[str]:
    names = [name.strip() for name in peers.split(",")]
    for name in names:
        if name not in PEERS:
            raise ConfigError(f"--peers has '{name}', which is none of {', '.join(PEERS)}.")
    return names


def _count_turns(plan: Plan, peers: int) -> int:
    """Return how many turns a plan has for so many peers, of which ours is one."""
    growth = len(plan.loads) + 2 * len(plan.lengths)
    return plan.rounds * (len(plan.at_once) * peers + growth)


def _grow(contest: Contest, plan: Plan, new_tokens: int) -> dict[str, Any]:
    """Return how our cost grows with load and with length, if ours is among the peers."""
    lengths = [(at_once, length) for at_once in plan.at_once[:2] for length in plan.lengths]
    cases = {"load": [(at_once, new_tokens) for at_once in plan.loads], "length": lengths}
    grown = {}
    for kind, pairs in cases.items():
        if _OURS in contest.contestants:
            grown[kind] = contest.grow(_OURS, plan.rounds, pairs)
    return grown if plan.loads and _OURS in contest.contestants else {}


def _describe(name: str, contestant: Contestant, limits: dict[str, float], weights: int) -> dict[str, Any]:
    peer = PEERS[name]
    first_tokens, first_answers = zip(*contestant.starts, strict=True)
    at_once = {
        str(number): summarize(turns, is_local=peer.is_local) for number, turns in contestant.rounds.items()
    }
    figures = {
        **contestant.about,
        "prepared_seconds": round(contestant.prepared_seconds, 2),
        "start": {
            "first_token_seconds": round(median(first_tokens), 3),
            "first_answer_seconds": round(median(first_answers), 3),
        },
        "at_once": at_once,
    }
    if peer.weight_bits and "1" in at_once:
        ceiling = memory_ceiling(limits, weights, peer.weight_bits)
        figures["share_of_memory_limit"] = round(at_once["1"]["tokens_per_second"] / ceiling, 3)
    return figures


def _silence() -> None:
    """Keep other libraries' messages out of standard error."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


if __name__ == "__main__":
    typer.run(main)
