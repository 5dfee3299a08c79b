"""Our own engines, through ``engine.base.Engine`` as the daemon uses them: streamed, with log-probabilities."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from benchmarks.peers.base import Answer, Peer, Setup
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.openvino.messages import Precision
from supportbot.engine.prompt import Prompt

_DEADLINE_SECONDS = 600.0


class EnginePeer(Peer):
    """An engine of ours in an event loop."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._runner = asyncio.Runner()
        self._engine = self.load()

    @abstractmethod
    def load(self) -> Engine:
        """Return the engine, ready for requests."""

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        return self._runner.run(self._gather(prompts, params))

    def close(self) -> None:
        """End the engine."""
        self._runner.run(self._engine.aclose())
        self._runner.close()

    async def _gather(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        streams = (
            self._stream(prompt, replace(params, seed=params.seed + place)) for place, prompt in enumerate(prompts)
        )
        return list(await asyncio.gather(*streams))

    async def _stream(self, prompt: Prompt, params: SamplingParams) -> Answer:
        tokens, first_token = 0, 0.0
        async for chunk in self._engine.stream(prompt, params, time.monotonic() + _DEADLINE_SECONDS):
            if not tokens:
                first_token = time.perf_counter()
            tokens += len(chunk.logprobs)  # there is one for each token
        return Answer(tokens=tokens, first_token=first_token)


class OpenVINO(EnginePeer):
    """The default engine on a CPU, with int8 weights."""

    setting: ClassVar[Precision] = "int8"
    weight_bits = 8

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if find_spec("openvino") else "the package 'openvino' is not installed"

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Export the model, as publishing a version does."""
        from supportbot.engine.openvino.export import export

        export(Path(setup.model), cls._exports(setup), "int8" if cls.setting == "int8" else "16bit")

    def load(self) -> Engine:
        """See ``EnginePeer.load``."""
        from supportbot.engine.openvino.load import load_openvino

        self.version = version("openvino")
        self.precision = f"{self.setting} weights"
        return load_openvino(Path(self.setup.model), "benchmark", self.setting, self._exports(self.setup))

    @classmethod
    def _exports(cls, setup: Setup) -> Path:
        return Path(setup.scratch) / "exports"


class OpenVINO16Bit(OpenVINO):
    """The default engine with the stored weights."""

    setting = "bf16"
    weight_bits = 16


class OpenVINOWithoutPrefix(OpenVINO):
    """The default engine, which computes the common first line again for each prompt."""

    def load(self) -> Engine:
        """See ``EnginePeer.load``."""
        from supportbot.engine.openvino.engine import OpenVINOEngine, build_load
        from supportbot.engine.openvino.export import export
        from supportbot.engine.tokenizer import load_tokenizer

        model = Path(self.setup.model)
        self.version = version("openvino")
        self.precision = f"{self.setting} weights"
        graph = export(model, self._exports(self.setup), "int8")
        return OpenVINOEngine(build_load(str(graph), self.setting), load_tokenizer(model), "benchmark")


class OurTransformers(EnginePeer):
    """The reference engine, which is the default on a GPU."""

    weight_bits = 16

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``; the library is a dependency of ours."""
        return None

    def load(self) -> Engine:
        """See ``EnginePeer.load``."""
        from supportbot.engine.load import load_engine

        self.version = version("transformers")
        engine = load_engine(self.setup.model, "benchmark", "auto")
        self.precision = str(engine.dtype).removeprefix("torch.")
        return engine
