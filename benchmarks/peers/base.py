"""The protocol of a peer: it continues several prompts at once, in its own process.

All get the same prompts, the documented sampling and the same number of tokens to make, and report the time of
each answer's first token. Libraries are imported only when a peer starts, so that each process holds only its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What all peers get.

    Attributes:
        model: directory in Hugging Face format.
        scratch: folder for a peer's conversion of it.
        threads: number of cores to use.
        tiny: whether model and tokenizer are the small ones.
        remote_url: base URL of an OpenAI-compatible server, or empty.
        remote_model: name of the model there.
    """

    model: str
    scratch: str
    threads: int
    tiny: bool = False
    remote_url: str = ""
    remote_model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The number of tokens, and the time of the first one, in seconds of ``time.perf_counter()``."""

    tokens: int
    first_token: float


class Peer(ABC):
    """Starts when it is made; ``close`` ends it."""

    weight_bits: ClassVar[int | None] = None
    """Of each weight in memory; None if unknown."""

    is_local: ClassVar[bool] = True
    """Whether its processor time and memory are those of this process and its children."""

    precision: str = "unknown"
    """The arithmetic and the format of the weights."""

    version: str = "unknown"

    @classmethod
    @abstractmethod
    def missing(cls, setup: Setup) -> str | None:
        """Return what this peer lacks to run, or None."""

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Convert the model for the peer; called once, before any of its processes starts."""
        return

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    @abstractmethod
    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue all prompts at once; ``params.seed`` belongs to the first, the next number to the second."""

    def close(self) -> None:
        """Free what was started."""
        return
