"""One peer in its own process: it answers the requested number of prompts at once and times itself.

``python -m benchmarks.serving NAME SPEC`` communicates through ``benchmarks.turns``. It makes the first answer,
alone, unasked, because it is part of the measured start.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from benchmarks.peers import PEERS, Answer, Peer, Setup
from benchmarks.turns import Channel, own_stdout
from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import Prompt
from supportbot.errors import SupportBotError

_FAULT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The order for a turn.

    Attributes:
        at_once: prompts submitted together.
        waves: of these, one after the other.
        new_tokens: of each answer.
        seed: of the first answer; the others have the next ones.
    """

    at_once: int
    waves: int
    new_tokens: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """The times of a turn. ``first_tokens`` are the seconds from submitting to the first token, for each
    answer."""

    seconds: float
    tokens: int
    first_tokens: list[float]


class EndedEarlyError(SupportBotError):
    """An answer has another number of tokens than requested, so a rate would compare different work."""


def run_turn(peer: Peer, prompts: Sequence[Prompt], turn: Turn) -> Timed:
    """Have a peer answer.

    Raises:
        EndedEarlyError: it made more or fewer tokens than it was asked for.
    """
    took, tokens, first_tokens = 0.0, 0, []
    for wave in range(turn.waves):
        seed = turn.seed + wave * turn.at_once
        asked = [prompts[(seed + place) % len(prompts)] for place in range(turn.at_once)]
        params = SamplingParams(max_length=len(asked[0].token_ids) + turn.new_tokens, seed=seed)
        began = time.perf_counter()
        answers = peer.answer(asked, params)
        took += time.perf_counter() - began
        _check(answers, turn.new_tokens)
        tokens += sum(answer.tokens for answer in answers)
        first_tokens += [answer.first_token - began for answer in answers]
    return Timed(seconds=took, tokens=tokens, first_tokens=first_tokens)


def main(name: str, setup: Setup, prompts: Sequence[Prompt], first: Turn, channel: Channel) -> None:
    """Start a peer and let it take turns until there are no more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    peer = PEERS[name](setup)
    try:
        began = run_turn(peer, prompts, first)
        channel.send(asdict(began) | {"version": peer.version, "precision": peer.precision})
        for message in channel.messages():
            channel.send(asdict(run_turn(peer, prompts, Turn(**message))))
    finally:
        peer.close()


def _check(answers: Sequence[Answer], new_tokens: int) -> None:
    for answer in answers:
        if answer.tokens != new_tokens:
            raise EndedEarlyError(f"An answer has {answer.tokens} tokens in place of {new_tokens}.")


if __name__ == "__main__":
    spec = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    known = [Prompt(text=text, token_ids=tuple(ids), shortened=False) for text, ids in spec["prompts"]]
    with own_stdout() as lines_out:
        to_contest = Channel(sys.stdin, lines_out)
        try:
            main(sys.argv[1], Setup(**spec["setup"]), known, Turn(**spec["first"]), to_contest)
        except SupportBotError as error:
            to_contest.fail(str(error))
            sys.exit(_FAULT)
