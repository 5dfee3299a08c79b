"""Best-of-n: several answers at once, of which the likeliest is given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from supportbot.answering.candidates import Generation, choose, generate
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Chunk, Engine, SamplingParams, mean_logprob
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.errors import DeadlineExceededError, EngineBusyError
from supportbot.intake.questions import NOT_SURE_TEXT
from tests.tiny_model import build_tokenizer

GOOD, POOR = -0.1, -2.0


class Script:
    """An engine whose n-th stream says the n-th text with its log-probability, or raises; None waits for ever."""

    model_version = "script"
    capacity = 8
    arithmetic = "script"

    def __init__(self, *answers: tuple[str, float] | Exception | None) -> None:
        self.tokenizer: PreTrainedTokenizerBase = build_tokenizer()
        self.answers = list(answers)
        self.seeds: list[int] = []
        self.waiting = asyncio.Event()
        self.under_way = 0

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Say the next answer."""
        self.seeds.append(params.seed)
        answer = self.answers.pop(0)
        self.under_way += 1
        try:
            if isinstance(answer, Exception):
                await asyncio.sleep(0)  # the others begin
                raise answer
            if answer is None:
                self.waiting.set()
                await asyncio.Event().wait()
            text, logprob = answer or ("", 0.0)
            for token in self.tokenizer(text)["input_ids"]:
                yield Chunk((token,), (logprob,), str(self.tokenizer.decode([token])))
            yield Chunk((), (), "", "stop")
        finally:
            self.under_way -= 1

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Nothing to free."""


@pytest.fixture
async def tiny_engine(tiny_model: Path) -> AsyncIterator[Engine]:
    """A real engine on random weights, exact enough to give the same alone and in a batch."""
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    await engine.aclose()


async def test_likeliest_of_four_is_given_and_its_seed_alone_repeats_it(tiny_engine: Engine) -> None:
    """The record is that of the best candidate: its seed gives its text and figures again, without the others."""
    shown: list[str] = []
    generator = Generator(LiveModel(tiny_engine, None), candidates=4)
    reply = await generator.answer("Where?", time.monotonic() + 60, shown.append)
    assert reply.sampling is not None
    assert reply.seed is not None
    seeds = reply.sampling["seeds"]
    assert (reply.sampling["candidates"], len(set(seeds))) == (4, 4)
    prompt = encode_prompt(tiny_engine.tokenizer, "Where?")
    alone = [
        await generate(tiny_engine, prompt, SamplingParams(seed=seed), time.monotonic() + 60) for seed in seeds
    ]
    best = max(alone, key=lambda one: mean_logprob(one.logprobs) or 0.0)
    assert (reply.seed, reply.text) == (best.seed, best.text(tiny_engine.tokenizer))
    assert reply.mean_logprob == pytest.approx(mean_logprob(best.logprobs), abs=1e-4)
    assert reply.answer_tokens == len(best.token_ids)
    assert shown == [reply.text]


async def test_candidates_are_generated_at_once() -> None:
    """All candidates are asked for before the first is done, each with a seed of its own."""
    engine = Script(("\nOne.", POOR), None, None, None)
    task = asyncio.create_task(Generator(LiveModel(engine, None), candidates=4).answer("Q?", _soon()))
    await engine.waiting.wait()
    assert len(set(engine.seeds)) == 4
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.under_way == 0  # a cancelled question leaves nothing running


async def test_empty_candidates_lose() -> None:
    """However likely nothing is, a candidate that says something is better."""
    engine = Script(("\n", GOOD), ("\nTomorrow.", POOR), ("", GOOD))
    reply = await Generator(LiveModel(engine, None), candidates=3).answer("Q?", _soon())
    assert (reply.text, reply.seed) == ("Tomorrow.", engine.seeds[1])


async def test_nothing_but_empty_candidates_becomes_not_sure() -> None:
    """Several seeds have been tried by then: the asker hears the honest sentence."""
    shown: list[str] = []
    engine = Script(("\n", GOOD), ("", GOOD))
    reply = await Generator(LiveModel(engine, None), candidates=2).answer("Q?", _soon(), shown.append)
    assert (reply.text, reply.source, shown, engine.answers) == (NOT_SURE_TEXT, AnswerSource.NOT_SURE, [], [])


@pytest.mark.parametrize(("floor", "source"), [(-1.0, AnswerSource.GENERATED), (-0.05, AnswerSource.NOT_SURE)])
async def test_floor_applies_to_the_chosen_one(floor: float, source: AnswerSource) -> None:
    """A poor candidate does no harm; if the best is not good enough, it is kept as a draft and not shown."""
    shown: list[str] = []
    engine = Script(("\nFounded in 1823.", POOR), ("\nFounded in 1999.", GOOD))
    reply = await Generator(LiveModel(engine, floor), candidates=2).answer("Q?", _soon(), shown.append)
    assert (reply.source, reply.seed) == (source, engine.seeds[1])
    sure = source is AnswerSource.GENERATED
    assert shown == (["Founded in 1999."] if sure else [])
    assert reply.draft == (None if sure else "Founded in 1999.")


@pytest.mark.parametrize("error", [DeadlineExceededError("late"), EngineBusyError("full")])
async def test_failure_of_one_ends_all(error: Exception) -> None:
    """One candidate's deadline or refusal is the question's, and the others stop."""
    engine = Script(None, error, None)
    with pytest.raises(type(error)):
        await Generator(LiveModel(engine, None), candidates=3).answer("Q?", _soon())
    assert engine.under_way == 0


@pytest.mark.parametrize(("candidates", "questions"), [(1, 8), (2, 4), (3, 2)])
def test_capacity_counts_questions(candidates: int, questions: int) -> None:
    """A question takes as many places in the engine as it has candidates."""
    assert Generator(LiveModel(Script(), None), candidates=candidates).capacity == questions


def test_longer_answer_does_not_lose_by_its_length() -> None:
    """The mean of a token decides, not the sum."""
    tokenizer = build_tokenizer()
    tokens = tokenizer("hello there")["input_ids"]
    short = Generation(1, tokens[:2], [-0.5] * 2, "stop")
    long = Generation(2, tokens, [-0.4] * len(tokens), "stop")
    assert choose([short, long], tokenizer) is long


def _soon() -> float:
    return time.monotonic() + 30
