"""Starts all peers, each in its own process, and lets them take turns: one works and the others wait.

This module knows turns; ``benchmarks.peers`` defines the peers, ``benchmarks.speeds`` computes the figures.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from benchmarks.pacing import Pace
from benchmarks.peers import PEERS, Setup
from benchmarks.processes import await_idle, watch
from benchmarks.serving import Turn
from benchmarks.speeds import Measured, summarize
from benchmarks.turns import Worker
from supportbot.engine.prompt import Prompt
from supportbot.errors import SupportBotError

_WARM_TOKENS = 8
_GROWTH = 1_000
"""Numbers of the rounds in which growth is measured begin here."""

_ALONE_WAVES = 4
"""Answers in a turn with one at once: a single one is too short to time well."""


@dataclass(slots=True, kw_only=True)
class Contestant:
    """A running peer.

    Attributes:
        worker: its process.
        prepared_seconds: time to convert the model for the peer.
        starts: seconds from the start of a process to the first token and to the first whole answer.
        about: what the peer says about itself.
        rounds: turns by the number at once.
    """

    worker: Worker
    prepared_seconds: float
    starts: list[tuple[float, float]]
    about: dict[str, str]
    rounds: dict[int, list[Measured]] = field(default_factory=dict)

    def take_turn(self, turn: Turn) -> Measured:
        """Have the process answer, and measure it."""
        with watch(self.worker.pid) as use:
            reply = self.worker.ask(asdict(turn))
        return Measured(
            at_once=turn.at_once,
            answers=turn.at_once * turn.waves,
            **reply,
            cpu_seconds=use.cpu_seconds,
            peak_memory_mb=use.highest_mb,
        )


class Contest:
    """Peers that take turns; a context manager that ends all processes.

    Args:
        setup: for all peers.
        prompts: that they are asked.
        new_tokens: of each answer.
        pace: how far it is.
        console: where it tells what it does.
    """

    def __init__(
        self, setup: Setup, prompts: Sequence[Prompt], new_tokens: int, pace: Pace, console: Console
    ) -> None:
        self.contestants: dict[str, Contestant] = {}
        self.fallen: dict[str, str] = {}
        """Peers that did not start or ended early, and why; their earlier turns don't count."""
        self._setup = setup
        self._new_tokens = new_tokens
        self._pace = pace
        self._console = console
        self._stack = ExitStack()
        self._spec = Path(setup.scratch) / "spec.json"
        spec = {
            "prompts": [(prompt.text, prompt.token_ids) for prompt in prompts],
            "setup": asdict(setup),
            "first": asdict(Turn(at_once=1, waves=1, new_tokens=new_tokens, seed=0)),
        }
        self._spec.write_text(json.dumps(spec), "utf-8")

    def __enter__(self) -> Self:
        """Return the contest; nothing is started yet."""
        return self

    def __exit__(self, *raised: object) -> None:
        """End all processes."""
        self._stack.close()

    def start(self, name: str, starts: int) -> None:
        """Start a peer so many times, and keep the last process."""
        with self._left_out_if_it_fails(name):
            self._console.print(f"Starting {name}", highlight=False)
            began = time.perf_counter()
            PEERS[name].prepare(self._setup)
            prepared_seconds = time.perf_counter() - began
            times = []
            for _ in range(starts - 1):
                with Worker(name, "benchmarks.serving", name, str(self._spec)) as worker:
                    times.append(_await_first(worker)[0])
            worker = self._stack.enter_context(Worker(name, "benchmarks.serving", name, str(self._spec)))
            last, about = _await_first(worker)
            self.contestants[name] = Contestant(
                worker=worker, prepared_seconds=prepared_seconds, starts=[*times, last], about=about
            )

    def warm(self, numbers: Sequence[int]) -> None:
        """Have every peer make a few tokens at each number at once, so that no turn includes a first
        allocation."""
        for name, contestant in list(self.contestants.items()):
            with self._left_out_if_it_fails(name):
                for at_once in numbers:
                    contestant.take_turn(Turn(at_once=at_once, waves=1, new_tokens=_WARM_TOKENS, seed=at_once))

    def run_round(self, number: int, numbers: Sequence[int]) -> None:
        """Let every peer take its turn at each number at once; every second round runs in reverse order."""
        names = list(self.contestants)
        for at_once in numbers:
            for name in names if number % 2 else reversed(names):
                if name in self.fallen:
                    continue
                with self._left_out_if_it_fails(name):
                    contestant = self.contestants[name]
                    measured = self._take_turn(
                        f"Round {number}, {name}", contestant, self._turn(at_once, self._new_tokens, number)
                    )
                    contestant.rounds.setdefault(at_once, []).append(measured)

    def grow(self, name: str, rounds: int, cases: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
        """Return the turns of one peer for pairs of numbers at once and new tokens; nothing if it fails."""
        turns: dict[tuple[int, int], list[Measured]] = {case: [] for case in cases}
        with self._left_out_if_it_fails(name):
            for number in range(rounds):
                for at_once, new_tokens in cases:
                    measured = self._take_turn(
                        f"Growth of {name}, {new_tokens} tokens",
                        self.contestants[name],
                        self._turn(at_once, new_tokens, _GROWTH + number),
                    )
                    turns[at_once, new_tokens].append(measured)
        if name in self.fallen:
            return []
        return [
            {"at_once": at_once, "new_tokens": new_tokens, **summarize(measured, is_local=True)}
            for (at_once, new_tokens), measured in turns.items()
        ]

    @contextmanager
    def _left_out_if_it_fails(self, name: str) -> Iterator[None]:
        """Report why a peer failed and go on without it, so that one failure does not waste an hour."""
        try:
            yield
        except SupportBotError as error:
            self.fallen[name] = str(error)
            self.contestants.pop(name, None)
            self._console.print(f"{name} is left out: {error}", markup=False, soft_wrap=True)

    def _take_turn(self, what: str, contestant: Contestant, turn: Turn) -> Measured:
        began = time.perf_counter()
        if not self._setup.tiny:
            await_idle(self._pace.idle_seconds)
        measured = contestant.take_turn(turn)
        self._pace.tell(
            f"{what}, {turn.at_once} at once",
            f"{measured.tokens_per_second:,.0f} tokens/s",
            time.perf_counter() - began,
        )
        return measured

    def _turn(self, at_once: int, new_tokens: int, number: int) -> Turn:
        """Return a turn with new answers: our engine repeats known ones faster."""
        waves = _ALONE_WAVES if at_once == 1 else 1
        seed = 10_000_000 * number + 100_000 * at_once + 100 * new_tokens
        return Turn(at_once=at_once, waves=waves, new_tokens=new_tokens, seed=seed)


def _await_first(worker: Worker) -> tuple[tuple[float, float], dict[str, str]]:
    """Return the times of a start, to the first token and the first answer, and what the peer says about
    itself."""
    first = worker.read()
    whole = time.perf_counter() - worker.began
    about = {key: str(first[key]) for key in ("version", "precision")}
    return (whole - first["seconds"] + first["first_tokens"][0], whole), about
