"""What is said: the model's answer under the documented sampling, or "I am not sure"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Chunk, SamplingParams, confidence
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import Prompt, encode_prompt
from supportbot.engine.transformers import TransformersEngine
from supportbot.intake.questions import NOT_SURE_TEXT
from tests.tiny_model import build_tokenizer


class ScriptedEngine:
    """An engine that says what it is told, one word a chunk, and notes the parameters it was given."""

    model_version = "scripted"
    capacity = 4
    arithmetic = "scripted"

    def __init__(self, *answers: str, logprob: float = -0.1) -> None:
        self.tokenizer: PreTrainedTokenizerBase = build_tokenizer()
        self.answers = list(answers)
        self.logprob = logprob
        self.params: list[SamplingParams] = []
        self.produced = 0

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Say the next answer."""
        self.params.append(params)
        for token in self.tokenizer(self.answers.pop(0))["input_ids"]:
            self.produced += 1
            yield Chunk((token,), (self.logprob,), str(self.tokenizer.decode([token])))
        yield Chunk((), (), "", "stop")

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Nothing to free."""


@pytest.fixture
async def tiny_engine(tiny_model: Path) -> AsyncIterator[TransformersEngine]:
    """A real engine on random weights."""
    engine = load_engine(tiny_model, "tiny", "fp32")
    yield engine
    await engine.aclose()


async def answer(engine: ScriptedEngine, floor: float | None = None) -> tuple[str, AnswerSource, list[str]]:
    """Answer one question; return text, source and what was shown while it was written."""
    shown: list[str] = []
    generator = Generator(LiveModel(engine, floor))
    reply = await generator.answer("Where is my order?", time.monotonic() + 10, shown.append)
    return reply.text, reply.source, shown


async def test_newline_of_the_format_is_stripped() -> None:
    """The newline that the model emits first is not part of the answer, nor of what is shown."""
    text, source, shown = await answer(ScriptedEngine("\nYour order arrives tomorrow morning at nine. "))
    assert text == "Your order arrives tomorrow morning at nine."
    assert source is AnswerSource.GENERATED
    assert "".join(shown).strip() == text
    assert not shown[0].startswith("\n")


async def test_short_answers_are_shown_too() -> None:
    """An answer of fewer tokens than the confidence needs is shown when it ends."""
    text, _, shown = await answer(ScriptedEngine("\nNo."))
    assert text == "".join(shown) == "No."


async def test_low_confidence_becomes_not_sure_before_anything_is_shown() -> None:
    """Below the floor the asker hears the honest sentence, generation stops, and no guess was shown."""
    engine = ScriptedEngine("\nWe were founded in 1823 by a family of lighthouse keepers." * 3, logprob=-2.0)
    text, source, shown = await answer(engine, floor=-1.0)
    assert (text, source, shown) == (NOT_SURE_TEXT, AnswerSource.NOT_SURE, [])
    assert engine.produced <= 9


async def test_draft_that_was_not_shown_is_kept_for_the_record() -> None:
    """What the model began to say is stored beside the answer, for curators."""
    generator = Generator(LiveModel(ScriptedEngine("\nWe were founded in 1823.", logprob=-2.0), -1.0))
    reply = await generator.answer("Who founded you?", time.monotonic() + 10)
    assert reply.draft
    assert reply.confidence == -2.0


async def test_confidence_above_the_floor_passes() -> None:
    """An answer that the model is sure of is not held back by the floor."""
    text, source, _ = await answer(ScriptedEngine("\nYes, we do.", logprob=-0.5), floor=-1.0)
    assert (text, source) == ("Yes, we do.", AnswerSource.GENERATED)


async def test_empty_generation_is_tried_again_with_another_seed() -> None:
    """Nothing but white space is no answer: the second try has another seed and its answer counts."""
    engine = ScriptedEngine("\n \n", "\nTomorrow.")
    text, source, _ = await answer(engine)
    assert (text, source) == ("Tomorrow.", AnswerSource.GENERATED)
    assert engine.params[0].seed != engine.params[1].seed


async def test_two_empty_generations_become_not_sure() -> None:
    """After the second empty generation the asker hears the honest sentence."""
    engine = ScriptedEngine("\n", "")
    text, source, _ = await answer(engine)
    assert (text, source) == (NOT_SURE_TEXT, AnswerSource.NOT_SURE)
    assert len(engine.params) == 2


async def test_reply_records_all_that_reproduces_it(tiny_engine: TransformersEngine) -> None:
    """With the record of an answer, the same engine gives the same answer again."""
    reply = await Generator(LiveModel(tiny_engine, None)).answer("Where?", time.monotonic() + 60)
    assert reply.prompt is not None
    assert reply.sampling is not None
    assert reply.seed is not None
    assert reply.model_version == "tiny"
    assert 0 <= reply.seed < 2**63
    prompt = encode_prompt(tiny_engine.tokenizer, "Where?")
    how = dict(reply.sampling)
    assert (how.pop("candidates"), how.pop("engine")) == (1, "transformers fp32 cpu")
    params = SamplingParams(**how, seed=reply.seed)
    chunks = [chunk async for chunk in tiny_engine.stream(prompt, params, time.monotonic() + 60)]
    tokens = [token for chunk in chunks for token in chunk.token_ids]
    logprobs = [logprob for chunk in chunks for logprob in chunk.logprobs]
    assert str(tiny_engine.tokenizer.decode(tokens, skip_special_tokens=True)).strip() == reply.text
    assert (reply.prompt_tokens, reply.answer_tokens) == (len(prompt.token_ids), len(tokens))
    assert reply.confidence == pytest.approx(confidence(logprobs), abs=1e-4)
    assert reply.mean_logprob is not None
    assert reply.finish == chunks[-1].finish
    assert reply.latency_ms is not None


async def test_reply_says_that_the_question_was_shortened(tiny_engine: TransformersEngine) -> None:
    """The row of an answer to a question that was too long says so."""
    generator = Generator(LiveModel(tiny_engine, None))
    reply = await generator.answer("why " * 500, time.monotonic() + 60)
    assert reply.shortened
    assert reply.prompt is not None
    assert reply.prompt_tokens is not None
    assert reply.prompt_tokens <= 120


class WaitingEngine(ScriptedEngine):
    """A scripted engine that waits to be let go after its first words, and knows whether it was closed."""

    def __init__(self, version: str, answer: str) -> None:
        super().__init__(*[answer] * 10)
        self.model_version = version
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.closed = False

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Begin, wait, and end; a closed engine says nothing."""
        async for chunk in super().stream(prompt, params, deadline):
            assert not self.closed
            yield chunk
            self.started.set()
            await self.go_on.wait()

    def expect(self, answers: Sequence[str]) -> None:
        """Be told what answers may repeat."""

    async def aclose(self) -> None:
        """Note it."""
        self.closed = True


async def test_answer_under_way_ends_on_the_model_that_it_began_with() -> None:
    """After a replacement old answers go on undisturbed, new ones come from the new model, the old one closes."""
    old, new = WaitingEngine("v1", "\nThe old answer."), WaitingEngine("v2", "\nThe new answer.")
    generator = Generator(LiveModel(old, None))
    first = asyncio.create_task(generator.answer("Where?", time.monotonic() + 30))
    await old.started.wait()
    ending = asyncio.create_task(generator.replace_model(LiveModel(new, -1e-9)).end())
    new.go_on.set()
    second = await generator.answer("Where?", time.monotonic() + 30)
    assert (second.model_version, second.source) == ("v2", AnswerSource.NOT_SURE)  # with its own floor
    assert (old.closed, ending.done()) == (False, False)
    old.go_on.set()
    reply = await first
    assert (reply.text, reply.model_version, reply.source) == ("The old answer.", "v1", AnswerSource.GENERATED)
    await ending
    assert old.closed
    assert generator.engine is new
    await generator.aclose()
    assert new.closed


async def test_replaced_model_is_closed_at_a_stop() -> None:
    """A model that still has answers when the bot is stopped is closed all the same."""
    old = WaitingEngine("v1", "\nNever.")
    generator = Generator(LiveModel(old, None))
    waiting = asyncio.create_task(generator.answer("Where?", time.monotonic() + 30))
    await old.started.wait()
    ending = asyncio.create_task(generator.replace_model(LiveModel(ScriptedEngine(), None)).end())
    for task in (waiting, ending):
        await asyncio.sleep(0)  # lets it begin
        task.cancel()
    await asyncio.gather(waiting, ending, return_exceptions=True)
    assert old.closed
