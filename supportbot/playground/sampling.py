"""How tokens may be drawn here: the documented values to begin with, and how far each may be moved."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from supportbot.engine.base import SamplingParams
from supportbot.errors import SupportBotError
from supportbot.words import N_, Sentence

_DOCUMENTED = SamplingParams()
SEED_BITS = 63  # what a signed 64-bit column holds, as for answers in chat


@dataclass(frozen=True, slots=True)
class Range:
    """How far a parameter may be moved, and by what step; ``start`` is its documented value."""

    start: float
    least: float
    most: float
    step: float


RANGES: Mapping[str, Range] = {
    "max_length": Range(_DOCUMENTED.max_length, 120, 1_000, 10),
    "temperature": Range(_DOCUMENTED.temperature, 0.1, 2, 0.05),
    "top_p": Range(_DOCUMENTED.top_p, 0.05, 1, 0.05),
    "repetition_penalty": Range(_DOCUMENTED.repetition_penalty, 1, 2, 0.05),
}
"""120 tokens are the 80 that an answer always has, the instruction, and a short question."""

_OUTSIDE = N_("{name} must be between {least} and {most}. Change it, or reset to the defaults.")
_NO_SEED = N_("The seed must be a whole number from 0 to {most}.")


class SamplingError(SupportBotError):
    """Tokens can't be drawn so."""


def new_seed() -> int:
    """Return a seed at random."""
    return secrets.randbits(SEED_BITS)


def sampling(values: Mapping[str, float], seed: str) -> SamplingParams:
    """Return parameters; what is not named is as documented.

    Args:
        values: by the names of ``RANGES``.
        seed: as somebody typed it.

    Raises:
        SamplingError: names what lies outside its range.
    """
    for name, value in values.items():
        wanted = RANGES[name]
        if not wanted.least <= value <= wanted.most:
            raise SamplingError(Sentence(_OUTSIDE, name=name, least=wanted.least, most=wanted.most))
    typed = seed.strip()
    most = 2**SEED_BITS - 1
    # ``int`` would take digits of any script, and longer ones for seconds.
    if not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(most)) and int(typed) <= most):
        raise SamplingError(Sentence(_NO_SEED, most=most))
    chosen = {name: RANGES[name].start for name in RANGES} | dict(values)
    return SamplingParams(
        max_length=int(chosen["max_length"]),
        temperature=chosen["temperature"],
        top_p=chosen["top_p"],
        repetition_penalty=chosen["repetition_penalty"],
        seed=int(typed),
    )
