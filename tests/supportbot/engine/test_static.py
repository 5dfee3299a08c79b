"""Decoding in steps of constant shape: the answers are those of the growing cache, in bounded memory.

All but the recording of CUDA graphs runs here as it does on a GPU; for those see ``check_cuda``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from structlog.testing import capture_logs
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from supportbot.engine._decoding import Decoder, DynamicDecoder
from supportbot.engine._graphs import Recorder
from supportbot.engine._request import Request
from supportbot.engine._static import COLUMNS, StaticDecoder, allows_static, suits_static
from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import encode_prompt
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError
from tests.supportbot.engine.collecting import collect_all, logprobs_of, tokens_of
from tests.tiny_model import build_model, build_tokenizer

TOKENIZER = build_tokenizer()
GREEDY = SamplingParams(do_sample=False)


def build_llama() -> LlamaForCausalLM:
    """Make another architecture: rotary positions, and fewer heads for keys than for queries."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(TOKENIZER),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        initializer_range=0.3,
    )
    model = LlamaForCausalLM(config)
    model.train(False)
    return model


def build_eager() -> GPT2LMHeadModel:
    """Make a GPT-2 whose attention is written out."""
    model = build_gpt2()
    model.set_attn_implementation("eager")
    return model


def build_gpt2() -> GPT2LMHeadModel:
    """Make the tiny GPT-2, in fp32."""
    model = build_model(len(TOKENIZER))
    model.train(False)
    return model


@pytest.fixture
def model() -> PreTrainedModel:
    """The tiny GPT-2, in fp32."""
    return build_gpt2()


def ask(size: int, length: int = 200, params: SamplingParams = GREEDY, seconds: float = 60.0) -> Request:
    """Return a request with a prompt of so many tokens, which depend on their number."""
    prompt = tuple((17 * size + 5 * place) % 300 + 1 for place in range(size))
    loop, tokenizer = asyncio.get_running_loop(), TOKENIZER
    assert isinstance(tokenizer, PreTrainedTokenizerFast)
    return Request(prompt, params, length, time.monotonic() + seconds, loop, tokenizer, threading.Event())


def waiting(rows: Iterable[Request]) -> Callable[[int], list[Request]]:
    """Return what lets these rows join in their order."""
    line = list(rows)

    def more(room: int) -> list[Request]:
        taken, line[:] = line[:room], line[room:]
        return taken

    return more


async def decode(
    decoder: Decoder, rows: list[Request], later: Iterable[Request] = ()
) -> list[list[Chunk | Exception]]:
    """Decode rows, and those that come later; return what each one was sent."""
    later = list(later)
    decoder.decode(rows, waiting(later))
    await asyncio.sleep(0)  # what was posted is delivered by now
    return [[row.received.get_nowait() for _ in range(row.received.qsize())] for row in (*rows, *later)]


async def alone(model: PreTrainedModel, row: Request) -> list[Chunk | Exception]:
    """Return what the growing cache gives for a request by itself."""
    [received] = await decode(DynamicDecoder(model), [row])
    return received


def told(received: list[Chunk | Exception]) -> tuple[list[int], str | None]:
    """Return the tokens of an answer, and how it ended."""
    chunks = [item for item in received if isinstance(item, Chunk)]
    assert chunks == received
    return tokens_of(chunks), chunks[-1].finish


async def test_a_busy_engine_answers_as_the_dynamic_one(tiny_model: Path) -> None:
    """Many requests of many lengths, greedy and drawn: the same tokens, ends and probabilities."""
    answers = []
    for static in (False, True):
        engine = load_engine(tiny_model, "tiny", "fp32", static=static)
        prompts = [encode_prompt(engine.tokenizer, f"Where is {n}? {'please ' * (n % 9)}") for n in range(40)]
        limits = [len(prompt.token_ids) + 1 + 7 * n % 40 for n, prompt in enumerate(prompts)]
        asked = [
            (prompt, SamplingParams(seed=n, max_length=limit, do_sample=sampled))
            for sampled in (True, False)
            for n, (prompt, limit) in enumerate(zip(prompts, limits, strict=True))
        ]
        answers.append(await collect_all(engine, asked))
        await engine.aclose()
    dynamic, static_ = answers
    assert [tokens_of(one) for one in dynamic] == [tokens_of(one) for one in static_]
    assert [one[-1].finish for one in dynamic] == [one[-1].finish for one in static_]
    for one, other in zip(dynamic, static_, strict=True):
        assert logprobs_of(one) == pytest.approx(logprobs_of(other), abs=1e-4)


@pytest.mark.parametrize("build", [build_llama, build_eager])
async def test_other_models_are_decoded_alike(build: Callable[[], PreTrainedModel]) -> None:
    """Other architectures, and attention that is written out, give the same tokens as well."""
    model = build()
    assert allows_static(model)
    sizes = [3, 60, 17, 125, 4]
    together = await decode(
        StaticDecoder(model, 3), [ask(size) for size in sizes[:3]], [ask(n) for n in sizes[3:]]
    )
    for size, received in zip(sizes, together, strict=True):
        assert told(received) == told(await alone(model, ask(size)))


async def test_waiting_rows_take_free_slots(model: PreTrainedModel) -> None:
    """As rows end others join, never more at once than there is room for, and nobody's answer changes."""
    lengths = [(5, 9), (9, 60), (20, 23), (7, 70), (30, 33), (4, 5), (150, 170), (100, 130), (8, 40)]
    rows = [ask(size, length, SamplingParams(seed=size)) for size, length in lengths]
    together = await decode(StaticDecoder(model, 3), rows[:3], rows[3:])
    for (size, length), received in zip(lengths, together, strict=True):
        assert told(received) == told(await alone(model, ask(size, length, SamplingParams(seed=size))))


async def test_rows_end_for_reasons_of_their_own(model: PreTrainedModel) -> None:
    """Cancelled, late and closed rows leave the batch; those beside them are not disturbed."""
    rows = [ask(5, 40), ask(6), ask(7, seconds=-1.0), ask(8), ask(9, 40)]
    rows[1].cancelled.set()
    rows[3].closing.set()
    received = await decode(StaticDecoder(model, 8), rows)
    assert received[1] == []
    assert [type(item) for item in received[2]] == [DeadlineExceededError]
    assert [type(item) for item in received[3]] == [EngineBusyError]
    for index in (0, 4):
        assert told(received[index]) == told(await alone(model, ask(5 + index, 40)))


async def test_memory_and_shapes_are_bounded(model: PreTrainedModel) -> None:
    """The cache has a slot a row, as long as the longest request needs, and steps have few shapes."""
    decoder = StaticDecoder(model, 6)
    values_a_token = 2 * model.config.n_layer * model.config.n_embd
    for _ in range(2):
        await decode(decoder, [ask(10 * size, 68) for size in range(1, 7)])
        assert decoder.cache_bytes == 4 * values_a_token * 8 * COLUMNS
        assert set(decoder.buckets) <= {(slots, COLUMNS) for slots in (1, 2, 4, 8)}
    for _ in range(2):
        await decode(decoder, [ask(10 * size, 68) for size in range(1, 7)], [ask(240, 256)])
        assert decoder.cache_bytes == 4 * values_a_token * 8 * 2 * COLUMNS
        assert set(decoder.buckets) <= {(slots, n * COLUMNS) for slots in (1, 2, 4, 8) for n in (1, 2)}


async def test_the_cache_grows_while_rows_are_decoded(model: PreTrainedModel) -> None:
    """A longer request that joins makes the cache longer, and those under way go on as if alone."""
    rows = [ask(5, 100), ask(6, 10)]
    received = await decode(StaticDecoder(model, 2), rows, [ask(140, 256)])
    for (size, length), one in zip([(5, 100), (6, 10), (140, 256)], received, strict=True):
        assert told(one) == told(await alone(model, ask(size, length)))


async def test_the_last_place_of_the_model_is_used(model: PreTrainedModel) -> None:
    """An answer may fill all 256 places, and the step after it harms nobody."""
    params = SamplingParams(seed=1, temperature=5.0)
    received = await decode(StaticDecoder(model, 2), [ask(250, 256, params), ask(225, 256, params)])
    assert told(received[0]) == told(await alone(model, ask(250, 256, params)))
    assert told(received[1]) == told(await alone(model, ask(225, 256, params)))


async def test_what_is_not_a_number_stays_with_its_batch(model: PreTrainedModel) -> None:
    """After a batch that ended in NaN the same slots answer as before."""
    damaged: torch.nn.Embedding = model.get_submodule("transformer.wpe")  # type: ignore[assignment]
    torch.nn.init.constant_(damaged.weight[40:], torch.nan)
    decoder = StaticDecoder(model, 2)
    for rows in ([ask(60), ask(9, 40)], [ask(9), ask(39, 42)]):
        with pytest.raises(ModelError, match="not a number"):
            await decode(decoder, rows)
    received = await decode(decoder, [ask(9, 38), ask(5, 38)])
    assert told(received[0]) == told(await alone(model, ask(9, 38)))
    assert told(received[1]) == told(await alone(model, ask(5, 38)))


def test_only_plain_attention_is_static(model: PreTrainedModel) -> None:
    """A GPT-2 qualifies; layers that see a window only, or a model spread over devices, do not."""
    assert allows_static(model)
    window = MistralConfig(
        vocab_size=50, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, sliding_window=8,
    )  # fmt: skip
    assert not allows_static(MistralForCausalLM(window))
    model.hf_device_map = {"transformer": 0, "lm_head": "cpu"}  # type: ignore[assignment] # as accelerate does
    assert not allows_static(model)


def test_a_cpu_keeps_the_growing_cache(model: PreTrainedModel) -> None:
    """Where a new shape costs nothing, no step computes for slots that nobody uses."""
    assert model.device.type == "cpu"
    assert not suits_static(model)


class Watching(Recorder):
    """Runs each step several times, as a recording does, and notes what a capture could not take."""

    def __init__(self) -> None:
        super().__init__(torch.device("cpu"))
        self.operations: set[str] = set()
        self.outputs: set[tuple[int, ...]] = set()

    def record(self, step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
        """Return the watched step."""

        def watched() -> torch.Tensor:
            step()
            with _Operations(self.operations):
                logits = step()
            self.outputs.add(tuple(logits.shape))
            return logits

        return watched


class _Operations(TorchDispatchMode):
    def __init__(self, names: set[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._names = names

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._names.add(func._schema.name.removeprefix("aten::"))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("build", [build_gpt2, build_llama])
async def test_a_step_can_be_captured(build: Callable[[], PreTrainedModel]) -> None:
    """It asks the device for nothing and sends it nothing, has few shapes, and run again it does no harm."""
    model = build()
    recorder = Watching()
    rows = [ask(size, size + 12) for size in (3, 9, 120, 5)]
    received = await decode(StaticDecoder(model, 3, recorder), rows[:3], rows[3:])
    for size, one in zip((3, 9, 120, 5), received, strict=True):
        assert told(one) == told(await alone(model, ask(size, size + 12)))
    assert recorder.outputs <= {(slots, len(TOKENIZER)) for slots in (1, 2, 4)}
    assert "scaled_dot_product_attention" in " ".join(recorder.operations)
    # What reads a value (`item`), makes a shape of values, or a tensor of a Python number, waits for the device.
    waits = {"_local_scalar_dense", "item", "is_nonzero", "equal", "nonzero", "masked_select", "_unique2"}
    copies = {"lift_fresh", "lift_fresh_copy", "scalar_tensor"}
    assert not recorder.operations & (waits | copies)


def test_what_cannot_be_recorded_is_run_as_it_is() -> None:
    """Without CUDA, or if the capture fails, steps are left alone, and the log says so once."""

    def step() -> torch.Tensor:
        raise RuntimeError("not on this device")

    recorder = Recorder(torch.device("cuda", 0))
    with capture_logs() as logs:
        assert recorder.record(step) is step
        recorder.forget()
        assert recorder.record(step) is step
    assert [entry["event"] for entry in logs] == ["engine.graph_failed"]
