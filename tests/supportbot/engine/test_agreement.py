"""The openvino engine and the reference say the same: tokens, probabilities and distributions."""

from __future__ import annotations

import itertools
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from supportbot.engine._sampling import build_processors
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.load import load_engine
from supportbot.engine.openvino.load import load_openvino
from supportbot.engine.prompt import Prompt, encode_prompt
from tests.supportbot.engine.collecting import collect_all, logprobs_of, tokens_of
from tests.supportbot.engine.distributions import exact, variation
from training.starter.data import load_faq

pytestmark = pytest.mark.asyncio(loop_scope="module")

STARTER = Path(__file__).parents[3] / "supportbot" / "starter"

SEEDS = 3_000
BOUND = 0.03
"""Total variation between what 3,000 seeds gave and what the processors say. For the distributions below chance
alone makes about .016 of it, and the nearest wrong order of the processors makes .14."""

SPREAD = SamplingParams(temperature=2.0, top_k=8, top_p=0.7, repetition_penalty=2.0)
"""With these and this question every wrong order of the processors shows, on the tiny model."""
QUESTION = "Where is order 84?"


def both(model: Path, exports: Path) -> list[Engine]:
    """Load a model into both engines, in fp32: openvino, and the reference with both its ways to decode."""
    references = [load_engine(model, "model", "fp32", static=static) for static in (False, True)]
    return [load_openvino(model, "model", "fp32", exports), *references]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def starters(exports: Path) -> AsyncIterator[list[Engine]]:
    """Both engines on the starter model."""
    engines = both(STARTER, exports)
    yield engines
    for engine in engines:
        await engine.aclose()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tinies(tiny_model: Path, exports: Path) -> AsyncIterator[list[Engine]]:
    """Both engines on the tiny model, which finds many tokens likely."""
    engines = both(tiny_model, exports)
    yield engines
    for engine in engines:
        await engine.aclose()


async def first_tokens(engine: Engine, prompt: Prompt, params: SamplingParams) -> list[float]:
    """Return how often each token came first, over all seeds."""
    record = {**params.as_record(), "max_length": len(prompt.token_ids) + 1}
    asked = ((prompt, SamplingParams(**record, seed=seed)) for seed in range(SEEDS))
    counts = [0] * len(engine.tokenizer)  # type: ignore[arg-type]
    for chunks in await collect_all(engine, asked):
        [token] = tokens_of(chunks) or [engine.tokenizer.eos_token_id]
        counts[token] += 1
    return [count / SEEDS for count in counts]


@pytest.mark.long
async def test_greedy_answers_are_equal_over_200_real_prompts(starters: list[Engine]) -> None:
    """Token for token, with log-probabilities within 0.0001, for wordings that people type."""
    wordings = [wording for topic in load_faq().topics for wording in topic.held_out][:200]
    assert len(wordings) == 200
    answers = []
    for engine in starters:
        prompts = [encode_prompt(engine.tokenizer, wording) for wording in wordings]
        answers.append(
            await collect_all(engine, [(prompt, SamplingParams(do_sample=False)) for prompt in prompts])
        )
    openvino, *references = answers
    for reference in references:
        assert [tokens_of(one) for one in openvino] == [tokens_of(one) for one in reference]
        assert [one[-1].finish for one in openvino] == [one[-1].finish for one in reference]
        apart = [
            abs(left - right)
            for one, other in zip(openvino, reference, strict=True)
            for left, right in zip(logprobs_of(one), logprobs_of(other), strict=True)
        ]
        assert max(apart) < 1e-4


@pytest.mark.parametrize("number", [30, pytest.param(100, marks=pytest.mark.long)])
async def test_a_seed_gives_the_same_answer_on_every_engine(starters: list[Engine], number: int) -> None:
    """Drawn with the documented sampling, token for token: all of them use the same random numbers alike."""
    wordings = [wording for topic in load_faq().topics for wording in topic.held_out][200 : 200 + number]
    assert len(wordings) == number
    answers = [
        await collect_all(
            engine,
            [
                (encode_prompt(engine.tokenizer, wording), SamplingParams(seed=seed))
                for seed, wording in enumerate(wordings)
            ],
        )
        for engine in starters
    ]
    first, *others = [[tokens_of(one) for one in drawn] for drawn in answers]
    assert all(drawn == first for drawn in others)


async def test_documented_sampling_reports_the_same_probabilities(
    starters: list[Engine], tinies: list[Engine], tiny_model: Path
) -> None:
    """What an engine reports for a drawn token is what the model itself gives it, before any processor."""
    engine = tinies[0]
    prompt = encode_prompt(engine.tokenizer, QUESTION)
    raw = exact(tiny_model, prompt, [])
    limit = len(prompt.token_ids) + 1
    for each in tinies:
        for chunks in await collect_all(
            each, [(prompt, SamplingParams(max_length=limit, seed=n)) for n in range(20)]
        ):
            for token, logprob in zip(tokens_of(chunks), logprobs_of(chunks), strict=True):
                assert logprob == pytest.approx(math.log(raw[token]), abs=1e-4)


async def test_wrong_orders_of_the_processors_are_far_away(tinies: list[Engine], tiny_model: Path) -> None:
    """Every order that is not equivalent is so far from the right one that the next test would notice it."""
    prompt = encode_prompt(tinies[0].tokenizer, QUESTION)
    processors = list(build_processors(SPREAD))
    right = exact(tiny_model, prompt, processors)
    others = [variation(right, exact(tiny_model, prompt, order)) for order in itertools.permutations(processors)]
    # Temperature commutes with the penalty and with top-k: three orders are the same one.
    assert sum(other < 1e-6 for other in others) == 3
    assert min(other for other in others if other > 1e-6) > 4 * BOUND
    noise = sum(math.sqrt(p * (1 - p) / (math.tau * SEEDS)) for p in right)
    assert noise < 0.6 * BOUND


@pytest.mark.long
@pytest.mark.parametrize(
    "params",
    [SPREAD, SamplingParams(temperature=1.0, top_k=0, top_p=0.35, repetition_penalty=1.0)],
    ids=["all processors", "top_p alone"],
)
async def test_first_tokens_over_3000_seeds_have_the_exact_distribution(
    tinies: list[Engine], tiny_model: Path, params: SamplingParams
) -> None:
    """What either engine draws is distributed as transformers' processors say."""
    prompt = encode_prompt(tinies[0].tokenizer, QUESTION)
    right = exact(tiny_model, prompt, build_processors(params))
    assert sum(one > 0 for one in right) > 2
    for engine in tinies:
        seen = await first_tokens(engine, prompt, params)
        assert variation(seen, right[: len(seen)]) <= BOUND, engine.arithmetic
