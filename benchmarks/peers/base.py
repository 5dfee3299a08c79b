"""What every peer is: something that continues prompts at once, all in a process of its own.

All of them get the same prompts, the same documented sampling and the same number of tokens to make, and say when
the first token of each answer was there. Nothing heavy is imported before a peer is started, so that each process
holds what its peer needs.
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
    """What peers start from.

    Attributes:
        model: directory in Hugging Face format.
        scratch: folder for what a peer makes of it.
        threads: processor cores that there are to use.
        tiny: whether model and tokenizer are the small ones.
        remote_url: base URL of an OpenAI-compatible server, or empty.
        remote_model: what it is asked for.
    """

    model: str
    scratch: str
    threads: int
    tiny: bool = False
    remote_url: str = ""
    remote_model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many tokens were made, and when the first of them was there, in seconds of ``time.perf_counter()``."""

    tokens: int
    first_token: float


class Peer(ABC):
    """Starts when it is made; ``close`` ends it."""

    weight_bits: ClassVar[int | None] = None
    """Of each weight in memory; None if nobody here knows."""

    is_local: ClassVar[bool] = True
    """Whether its processor time and memory are those of this process and its children."""

    precision: str = "unknown"
    """What is computed in, and how weights are kept."""

    version: str = "unknown"

    @classmethod
    @abstractmethod
    def missing(cls, setup: Setup) -> str | None:
        """Return what is not there for this peer to run, or None."""

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Make of the model what the peer reads; done once, before any of its processes starts."""
        return

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    @abstractmethod
    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue all prompts at once; ``params.seed`` belongs to the first, the next number to the second."""

    def close(self) -> None:
        """Free what was started."""
        return
