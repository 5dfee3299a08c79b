"""What both local engines do alike at the edges: lengths, ends, special tokens and errors."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.openvino.load import load_openvino
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.engine.smoke import smoke
from supportbot.errors import DeadlineExceededError, ModelError
from tests.supportbot.engine.collecting import collect, collect_all, logprobs_of, text_of, tokens_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STARTER = Path(__file__).parents[3] / "supportbot" / "starter"

QUESTIONS = ["how do I return an item", "where is my parcel??", "<|endoftext|>", "Ünïcödé 🙂 → ¿?", "a" * 900]


@pytest_asyncio.fixture(
    params=["openvino", "transformers", "transformers-static"], loop_scope="module", scope="module"
)
async def engine(request: pytest.FixtureRequest, exports: Path) -> AsyncIterator[Engine]:
    """Each engine on the starter model, in fp32."""
    engine: Engine = (
        load_openvino(STARTER, "starter", "fp32", exports)
        if request.param == "openvino"
        else load_engine(STARTER, "starter", "fp32", static=request.param == "transformers-static")
    )
    yield engine
    await engine.aclose()


def ask(engine: Engine, question: str = QUESTIONS[0]) -> Prompt:
    """Return the prompt of a question."""
    return encode_prompt(engine.tokenizer, question)


async def test_it_passes_the_smoke_test(engine: Engine) -> None:
    """What is tried before a model goes live works."""
    await smoke(engine)


async def test_an_answer_is_text_that_ends_by_itself(engine: Engine) -> None:
    """One chunk at a time, with log-probabilities; the last says that the text ended; end-of-text is no token."""
    chunks = await collect(engine, ask(engine), SamplingParams(do_sample=False))
    tokens = tokens_of(chunks)
    assert [chunk.finish for chunk in chunks] == [None] * len(tokens) + ["stop"]
    assert engine.tokenizer.eos_token_id not in tokens
    assert len(logprobs_of(chunks)) == len(tokens)
    assert all(logprob <= 0 for logprob in logprobs_of(chunks))
    assert text_of(chunks) == engine.tokenizer.decode(tokens, skip_special_tokens=True)
    assert "return" in text_of(chunks).lower()


@pytest.mark.parametrize(("room", "finish"), [(1, "length"), (5, "length"), (0, "stop")])
async def test_length_counts_the_prompt(engine: Engine, room: int, finish: str) -> None:
    """Prompt and answer together have at most `max_length` tokens; an end at the last place is an end."""
    prompt = ask(engine)
    whole = tokens_of(await collect(engine, prompt, SamplingParams(do_sample=False)))
    # Without `room`: just enough for the answer and the end-of-text token after it.
    limit = len(prompt.token_ids) + (room or len(whole) + 1)
    chunks = await collect(engine, prompt, SamplingParams(max_length=limit, do_sample=False))
    assert tokens_of(chunks) == whole[:room] if room else whole
    assert [chunk.finish for chunk in chunks if chunk.finish] == [finish]
    assert chunks[-1].finish == finish


async def test_an_answer_cut_just_before_its_end_is_cut(engine: Engine) -> None:
    """Where the end-of-text token no longer has a place, the answer is as long, and cut."""
    prompt = ask(engine)
    whole = tokens_of(await collect(engine, prompt, SamplingParams(do_sample=False)))
    limit = len(prompt.token_ids) + len(whole)
    chunks = await collect(engine, prompt, SamplingParams(max_length=limit, do_sample=False))
    assert tokens_of(chunks) == whole
    assert chunks[-1].finish == "length"


@pytest.mark.parametrize("size", [0, 200, 250, 1_000])
async def test_a_prompt_of_impossible_length_is_refused(engine: Engine, size: int) -> None:
    """An empty prompt, or one that leaves no room for an answer, is an error of the caller."""
    with pytest.raises(ValueError, match="1 to 199 tokens"):
        await collect(engine, Prompt("x", (5,) * size, shortened=False), SamplingParams())


async def test_no_answer_goes_beyond_the_places_of_the_model(engine: Engine) -> None:
    """A longer limit than the model's 256 places cuts the answer there; a longer prompt is told in a sentence."""
    prompt = Prompt("x", tuple(range(300, 550)), shortened=False)
    chunks = await collect(engine, prompt, SamplingParams(max_length=400, seed=1, temperature=5.0))
    assert len(tokens_of(chunks)) <= 6
    assert (len(tokens_of(chunks)), chunks[-1].finish) == (6, "length") or chunks[-1].finish == "stop"
    with pytest.raises(ModelError, match="256 tokens"):
        await collect(engine, Prompt("x", (5,) * 256, shortened=False), SamplingParams(max_length=400))


async def test_end_of_text_typed_by_a_user_is_text(engine: Engine) -> None:
    """A special token in a question is a few ordinary tokens, and the answer goes on."""
    prompt = ask(engine, "<|endoftext|> where is my order <|endoftext|>")
    assert engine.tokenizer.eos_token_id not in prompt.token_ids
    assert tokens_of(await collect(engine, prompt, SamplingParams(do_sample=False)))


async def test_an_answer_may_be_empty(engine: Engine) -> None:
    """A model that ends at once gives one chunk without tokens."""
    prompt = ask(engine)
    whole = tokens_of(await collect(engine, prompt, SamplingParams(do_sample=False)))
    ended = Prompt("x", (*prompt.token_ids, *whole), shortened=False)
    [chunk] = await collect(engine, ended, SamplingParams(do_sample=False))
    assert (chunk.token_ids, chunk.logprobs, chunk.text, chunk.finish) == ((), (), "", "stop")


async def test_a_seed_is_an_answer(engine: Engine) -> None:
    """The same seed gives the same answer alone, again, and among others; another seed gives another."""
    asked = [
        (ask(engine, question), SamplingParams(seed=seed, temperature=3.0, top_p=1.0))
        for seed, question in enumerate(QUESTIONS * 2, start=2**62)
    ]
    together = [tokens_of(chunks) for chunks in await collect_all(engine, asked)]
    alone = [tokens_of(await collect(engine, *request)) for request in asked]
    assert alone == together
    assert len({tuple(tokens) for tokens in alone}) == len(asked)


@pytest.mark.parametrize("seed", [-1, 0, 2**63 - 1, 2**64, 10**30])
async def test_any_number_is_a_seed(engine: Engine, seed: int) -> None:
    """No seed is too large or too small."""
    assert tokens_of(await collect(engine, ask(engine), SamplingParams(seed=seed)))


async def test_a_deadline_that_has_passed_ends_the_answer(engine: Engine) -> None:
    """Who comes too late hears so, and the engine goes on."""
    with pytest.raises(DeadlineExceededError):
        async for _ in engine.stream(ask(engine), SamplingParams(), time.monotonic() - 1):
            pass
    assert tokens_of(await collect(engine, ask(engine), SamplingParams()))


async def test_a_stream_may_be_left(engine: Engine) -> None:
    """Closing a stream frees its place at once, as often as one likes."""
    for seed in range(2 * engine.capacity):
        stream = engine.stream(ask(engine), SamplingParams(seed=seed), time.monotonic() + 60)
        await anext(stream)
        await stream.aclose()
    assert tokens_of(await collect(engine, ask(engine), SamplingParams()))
