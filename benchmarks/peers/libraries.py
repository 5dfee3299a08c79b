"""Libraries that decode in the calling process, each used as its documentation says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peers.base import Answer, Peer, Setup
from benchmarks.peers.ours import OpenVINO
from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import MAX_LENGTH, Prompt

_BATCH, _BLOCK_TOKENS, _STEP_TOKENS = 32, 32, 4_096
"""Of the bare pipeline: as many answers as ours decodes together, and a cache for their maximum length."""


class BarePipeline(Peer):
    """``ContinuousBatchingPipeline`` of OpenVINO GenAI, alone, with the export that ours loads.

    It gets the same requests and uses its own defaults: on a CPU bf16, with a cache in 8 bits.
    """

    weight_bits = 8
    with_logprobs: ClassVar[bool] = True
    precision = "int8 weights"

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if find_spec("openvino_genai") else "the package 'openvino-genai' is not installed"

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Export the model."""
        OpenVINO.prepare(setup)

    def __init__(self, setup: Setup) -> None:
        from supportbot.engine.openvino.export import export  # first: it blocks the library's reporting
        from supportbot.engine.tokenizer import load_tokenizer

        import openvino_genai as genai  # isort: skip

        super().__init__(setup)
        self.version = version("openvino-genai")
        graph = export(Path(setup.model), Path(setup.scratch) / "exports", "int8")
        self._eos_token_id = load_tokenizer(Path(setup.model)).eos_token_id
        scheduler = genai.SchedulerConfig()
        scheduler.num_kv_blocks = _BATCH * -(-MAX_LENGTH // _BLOCK_TOKENS)
        scheduler.max_num_seqs = _BATCH
        scheduler.max_num_batched_tokens = _STEP_TOKENS
        scheduler.dynamic_split_fuse = False
        self._pipeline = genai.ContinuousBatchingPipeline(str(graph), scheduler, "CPU", {})

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        handles = [self._submit(place, prompt, params) for place, prompt in enumerate(prompts)]
        tokens, first_tokens = [0] * len(handles), [0.0] * len(handles)
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
            for place, handle in enumerate(handles):
                if handle.can_read():
                    (output,) = handle.read().values()
                    first_tokens[place] = first_tokens[place] or time.perf_counter()
                    tokens[place] += len(output.generated_ids)
        return [Answer(tokens=made, first_token=first) for made, first in zip(tokens, first_tokens, strict=True)]

    def _submit(self, place: int, prompt: Prompt, params: SamplingParams) -> Any:
        import numpy as np
        import openvino as ov
        import openvino_genai as genai

        config = genai.GenerationConfig()
        config.set_eos_token_id(self._eos_token_id)
        for name, value in params.as_record().items():
            setattr(config, name, value)
        config.rng_seed = params.seed + place
        config.logprobs = int(self.with_logprobs)
        return self._pipeline.add_request(place, ov.Tensor(np.array([prompt.token_ids], dtype=np.int64)), config)


class PlainPipeline(BarePipeline):
    """The bare pipeline asked for tokens only: the difference is the cost of log-probabilities."""

    with_logprobs = False


class Transformers(Peer):
    """``generate`` of Hugging Face transformers on the whole batch, in bf16; on a GPU in fp16, as documented."""

    weight_bits = 16

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``; the library is a dependency of ours."""
        return None

    def __init__(self, setup: Setup) -> None:
        import torch
        from transformers.utils import logging

        from supportbot.engine.pretrained import open_model

        super().__init__(setup)
        self.version = version("transformers")
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(setup.threads)
        cuda = torch.cuda.is_available()
        self.precision = "fp16" if cuda else "bf16"
        self._model = open_model(
            setup.model, device_map="auto", dtype=torch.float16 if cuda else torch.bfloat16
        ).eval()

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        import torch

        torch.manual_seed(params.seed)
        ids = torch.tensor([prompt.token_ids for prompt in prompts], device=self._model.device)
        first = _FirstTokens()
        options = params.as_record()
        with torch.inference_mode():
            made = self._model.generate(ids, attention_mask=torch.ones_like(ids), streamer=first, **options)
        return [Answer(tokens=made.shape[1] - ids.shape[1], first_token=first.at) for _ in prompts]


class _FirstTokens:
    """A streamer for ``generate``: it gets the prompt, then the tokens of each step."""

    def __init__(self) -> None:
        self.at = 0.0
        self._calls = 0

    def put(self, tokens: object) -> None:
        """Record when the first tokens come."""
        self._calls += 1
        if self._calls == 2:
            self.at = time.perf_counter()

    def end(self) -> None:
        """Nothing is left to do."""


class CTranslate2(Peer):
    """``Generator.generate_batch`` of CTranslate2 with int8 weights."""

    weight_bits = 8
    precision = "int8 weights"

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        return None if find_spec("ctranslate2") else "the package 'ctranslate2' is not installed"

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Convert the model."""
        from ctranslate2.converters import TransformersConverter

        converter = TransformersConverter(setup.model, load_as_float16=True)
        converter.convert(cls._directory(setup), quantization="int8", force=True)

    def __init__(self, setup: Setup) -> None:
        import ctranslate2
        from tokenizers import Tokenizer

        super().__init__(setup)
        self.version = ctranslate2.__version__
        self._tokenizer = Tokenizer.from_file(str(Path(setup.model) / "tokenizer.json"))
        self._set_seed = ctranslate2.set_random_seed
        self._generator = ctranslate2.Generator(
            self._directory(setup), device="cpu", compute_type="int8", intra_threads=setup.threads
        )

    def answer(self, prompts: Sequence[Prompt], params: SamplingParams) -> list[Answer]:
        """Continue prompts; see ``Peer.answer``."""
        self._set_seed(params.seed)
        first_tokens = [0.0] * len(prompts)

        def note(step: Any) -> bool:
            first_tokens[step.batch_id] = first_tokens[step.batch_id] or time.perf_counter()
            return False  # don't stop

        results = self._generator.generate_batch(
            [[str(self._tokenizer.id_to_token(number)) for number in prompt.token_ids] for prompt in prompts],
            max_length=params.max_length - len(prompts[0].token_ids),  # of the answer only
            include_prompt_in_result=False,  # else the prompt is computed token by token
            repetition_penalty=params.repetition_penalty,
            sampling_temperature=params.temperature,
            sampling_topk=params.top_k,
            sampling_topp=params.top_p,
            return_scores=True,
            callback=note,
        )
        return [
            Answer(tokens=len(result.sequences_ids[0]), first_token=first)
            for result, first in zip(results, first_tokens, strict=True)
        ]

    @classmethod
    def _directory(cls, setup: Setup) -> str:
        return str(Path(setup.scratch) / "ctranslate2")
