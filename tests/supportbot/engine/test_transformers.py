"""The reference engine on a real, tiny GPT-2, against `generate()` where that has an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from supportbot.engine.base import Chunk, SamplingParams
from supportbot.engine.load import load_engine, load_model
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.engine.transformers import TransformersEngine
from supportbot.errors import DeadlineExceededError, EngineBusyError, ModelError

QUESTIONS = [f"Where is order {number}? {'please ' * (number % 7)}" for number in range(12)]

SHORT = 90
"""Tokens of a prompt and its answer where many are generated: some dozens are answer."""


@pytest.fixture(params=[False, True], ids=["dynamic", "static"])
def static(request: pytest.FixtureRequest) -> bool:
    """Whether steps have a constant shape: both ways to decode do all of this alike."""
    return bool(request.param)


@pytest.fixture
async def engine(tiny_model: Path, static: bool) -> AsyncIterator[TransformersEngine]:
    """An engine on the tiny model in fp32, where arithmetic is exact enough to compare token by token."""
    engine = load_engine(tiny_model, "tiny", "fp32", static=static)
    yield engine
    await engine.aclose()


async def collect(engine: TransformersEngine, prompt: Prompt, params: SamplingParams) -> list[Chunk]:
    """Return all chunks of one generation."""
    return [chunk async for chunk in engine.stream(prompt, params, time.monotonic() + 60)]


def tokens_of(chunks: list[Chunk]) -> list[int]:
    """Return the token ids of a generation."""
    return [token for chunk in chunks for token in chunk.token_ids]


async def test_greedy_tokens_are_those_of_generate(engine: TransformersEngine, tiny_model: Path) -> None:
    """Without sampling, a batch gives token for token what `generate()` gives for each prompt alone."""
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    prompts = [encode_prompt(engine.tokenizer, question) for question in QUESTIONS[:7]]  # of each length
    answers = await asyncio.gather(
        *(collect(engine, prompt, SamplingParams(do_sample=False)) for prompt in prompts)
    )
    for prompt, answer in zip(prompts, answers, strict=True):
        ids = torch.tensor([prompt.token_ids])
        wanted = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_length=200,
            repetition_penalty=1.2,
            pad_token_id=engine.tokenizer.eos_token_id,
        )[0].tolist()[len(prompt.token_ids) :]
        if wanted[-1] == engine.tokenizer.eos_token_id:
            wanted.pop()
        assert tokens_of(answer) == wanted


async def test_sampling_has_the_distribution_of_generate(engine: TransformersEngine, tiny_model: Path) -> None:
    """The first token, over many seeds, is distributed as in `generate()` with the documented parameters."""
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    params = {"temperature": 0.8, "top_p": 0.95, "repetition_penalty": 1.2}
    torch.manual_seed(0)
    ids = torch.tensor([prompt.token_ids] * 3_000)
    theirs = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        max_new_tokens=1,
        pad_token_id=engine.tokenizer.eos_token_id,
        **params,
    )[:, -1]
    ours: list[int] = []
    limit = len(prompt.token_ids) + 1
    for start in range(0, 3_000, engine.capacity):
        batch = [
            SamplingParams(max_length=limit, seed=seed)
            for seed in range(start, min(start + engine.capacity, 3_000))
        ]
        for chunks in await asyncio.gather(*(collect(engine, prompt, one) for one in batch)):
            ours += tokens_of(chunks) or [int(engine.tokenizer.eos_token_id)]
    size = len(engine.tokenizer)
    left = torch.bincount(torch.tensor(ours), minlength=size) / 3_000
    right = torch.bincount(theirs, minlength=size) / 3_000
    # Two samples of 3,000 over some 50 tokens differ by about .05 in total variation; another order of the
    # processors, or no top-k, differs by more than .1 on this model.
    assert float((left - right).abs().sum()) / 2 < 0.08


async def test_seed_reproduces_alone_and_in_a_batch(engine: TransformersEngine) -> None:
    """An answer depends on its own seed only, not on who else is in the batch."""
    prompts = [encode_prompt(engine.tokenizer, question) for question in QUESTIONS[:7]]  # of each length
    alone = [
        await collect(engine, prompt, SamplingParams(max_length=SHORT, seed=seed))
        for seed, prompt in enumerate(prompts)
    ]
    together = await asyncio.gather(
        *(
            collect(engine, prompt, SamplingParams(max_length=SHORT, seed=seed))
            for seed, prompt in enumerate(prompts)
        )
    )
    assert [tokens_of(one) for one in alone] == [tokens_of(one) for one in together]
    assert len({tuple(tokens_of(one)) for one in alone}) == len(prompts)


async def test_other_parameters_wait_for_their_own_batch(engine: TransformersEngine) -> None:
    """Requests of two kinds that come by turns are answered as each would be alone."""
    prompt = encode_prompt(engine.tokenizer, QUESTIONS[0])
    asked = [SamplingParams(max_length=SHORT, seed=seed, temperature=0.8 + seed % 2) for seed in range(12)]
    together = await asyncio.gather(*(collect(engine, prompt, params) for params in asked))
    alone = [await collect(engine, prompt, params) for params in asked[:6]]
    assert [tokens_of(one) for one in together[:6]] == [tokens_of(one) for one in alone]


async def test_length_counts_the_prompt(engine: TransformersEngine) -> None:
    """Prompt and answer together have at most `max_length` tokens, and the last chunk says why it ended."""
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    params = SamplingParams(max_length=len(prompt.token_ids) + 5, do_sample=False)
    chunks = await collect(engine, prompt, params)
    assert len(tokens_of(chunks)) == 5
    assert [chunk.finish for chunk in chunks] == [None, None, None, None, "length"]


async def test_text_of_the_chunks_is_the_text_of_the_tokens(engine: TransformersEngine) -> None:
    """Pieces of text add up to the decoded answer, as far as its last character is whole."""
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    chunks = await collect(engine, prompt, SamplingParams(seed=3))
    whole = str(engine.tokenizer.decode(tokens_of(chunks), skip_special_tokens=True))
    assert whole.startswith("".join(chunk.text for chunk in chunks).rstrip("\N{REPLACEMENT CHARACTER}"))
    assert all(logprob <= 0 for chunk in chunks for logprob in chunk.logprobs)


@pytest.mark.parametrize("size", [0, 200, 250, 1_000])
async def test_prompt_of_impossible_length_is_refused(engine: TransformersEngine, size: int) -> None:
    """An empty prompt, or one that leaves no room for an answer, is an error of the caller."""
    prompt = Prompt("x", (5,) * size, shortened=False)
    with pytest.raises(ValueError, match="1 to 199 tokens"):
        await collect(engine, prompt, SamplingParams())


async def test_deadline_ends_a_generation(engine: TransformersEngine) -> None:
    """A generation that is too late ends with an error, and the engine goes on working."""
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    with pytest.raises(DeadlineExceededError):
        async for _ in engine.stream(prompt, SamplingParams(), time.monotonic() - 1):
            pass
    assert tokens_of(await collect(engine, prompt, SamplingParams(do_sample=False)))


async def test_cancelled_request_leaves_the_batch(engine: TransformersEngine) -> None:
    """Closing the stream frees the engine at once for others."""
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    stream = engine.stream(prompt, SamplingParams(seed=1), time.monotonic() + 60)
    await anext(stream)
    await stream.aclose()
    assert tokens_of(await collect(engine, prompt, SamplingParams(seed=2)))


async def test_bounded_queue_says_busy(tiny_model: Path, static: bool) -> None:
    """Beyond its capacity the engine refuses at once instead of queueing without end."""
    model, tokenizer = load_model(tiny_model)
    engine = TransformersEngine(model, tokenizer, "tiny", max_batch=1, static=static)
    prompt = encode_prompt(tokenizer, "Where is my order?")
    outcomes = await asyncio.gather(
        *(collect(engine, prompt, SamplingParams(max_length=SHORT, seed=seed)) for seed in range(6)),
        return_exceptions=True,
    )
    await engine.aclose()
    assert any(isinstance(outcome, EngineBusyError) for outcome in outcomes)
    assert any(isinstance(outcome, list) for outcome in outcomes)


async def test_closing_tells_those_who_wait(tiny_model: Path, static: bool) -> None:
    """Closing the engine ends open requests with an error instead of leaving them waiting."""
    engine = load_engine(tiny_model, "tiny", "fp32", static=static)
    prompt = encode_prompt(engine.tokenizer, "Where is my order?")
    requests = [
        asyncio.create_task(collect(engine, prompt, SamplingParams(seed=seed))) for seed in range(engine.capacity)
    ]
    stream = engine.stream(prompt, SamplingParams(seed=1), time.monotonic() + 60)
    await asyncio.gather(asyncio.ensure_future(anext(stream)), return_exceptions=True)
    await engine.aclose()
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert all(isinstance(outcome, list | EngineBusyError) for outcome in outcomes)


@pytest.mark.parametrize("do_sample", [True, False])
async def test_weights_that_overflow_are_reported(tiny_model: Path, static: bool, do_sample: bool) -> None:
    """Log-probabilities that are not numbers end the request with an error, not with garbage."""
    model, tokenizer = load_model(tiny_model)
    for weight in model.parameters():
        torch.nn.init.constant_(weight, float("nan"))
    engine = TransformersEngine(model, tokenizer, "broken", static=static)
    with pytest.raises(ModelError, match="not a number"):
        await collect(engine, encode_prompt(tokenizer, "Where?"), SamplingParams(do_sample=do_sample))
    await engine.aclose()


def test_documented_loading_works_on_what_we_load(tiny_model: Path) -> None:
    """The plain documented calls load the same directory."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    model = AutoModelForCausalLM.from_pretrained(tiny_model, device_map="auto", torch_dtype=torch.float16)
    assert model.dtype == torch.float16
    assert len(tokenizer) == model.config.vocab_size
