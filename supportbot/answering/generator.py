"""What the model says, or that it is not sure.

The model is asked under the documented sampling. Its first tokens tell how sure it is; below the confidence floor
generation stops at once, and the reply is "not sure" with the draft beside it, instead of a fluent guess. An empty
generation is tried once more with another seed. Until the floor is passed nothing is shown, so no text is ever
taken back. Where several candidates are wanted, the best of them is chosen first, and what is said of one holds
for that one.

The model may be replaced at any time by changing one reference, and another one may be loaded as well; see
``live_model``.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import replace
from typing import Any

from supportbot.answering.candidates import Generation, choose, generate_all
from supportbot.answering.live_model import Beside, LiveModel, Tenure, is_below
from supportbot.answering.slots import Slots
from supportbot.db.states import AnswerSource
from supportbot.engine.base import CONFIDENCE_TOKENS, Engine, SamplingParams, confidence, mean_logprob
from supportbot.engine.prompt import Prompt, encode_prompt, encode_same
from supportbot.intake.questions import NOT_SURE_TEXT, Reply
from supportbot.intake.samples import Drawn
from supportbot.telemetry import metrics, tracing

_SEED_BITS = 63  # what a signed 64-bit column holds


class Generator:
    """Turns the text of a question into a generated reply; see the module.

    Args:
        model: what continues the prompt, and its floor.
        sampling: how tokens are drawn; each question gets a seed of its own.
        candidates: answers generated at once, of which the most likely is taken; 1, as documented, shows the text
            while it is written, more show it when it is chosen. No more than the engine's capacity.
        slots: how many questions at once; by default as many as the engine holds.
    """

    def __init__(
        self,
        model: LiveModel,
        *,
        sampling: SamplingParams | None = None,
        candidates: int = 1,
        slots: Slots | None = None,
    ) -> None:
        self.slots = slots or Slots()
        self._tenure = Tenure(model)
        self._beside: tuple[Beside, Tenure] | None = None
        self._sampling = sampling or SamplingParams()
        self._candidates = candidates

    @property
    def model(self) -> LiveModel:
        """What the next question is answered with."""
        return self._tenure.model

    @property
    def engine(self) -> Engine:
        """What computes it."""
        return self._tenure.model.engine

    @property
    def capacity(self) -> int:
        """Questions that it makes sense to have in progress at once."""
        return self.engine.capacity // self._candidates

    def replace_model(self, model: LiveModel) -> Tenure:
        """Answer with another model from now on; return the old one's tenure, to be ended."""
        old, self._tenure = self._tenure, Tenure(model)
        return old

    def borrow(self) -> AbstractContextManager[LiveModel]:
        """Use the model for something else; it is not closed meanwhile, whatever goes live."""
        return self._tenure.answering()

    def model_for(self, conversation: int | None) -> LiveModel:
        """Return what the next question of a conversation is answered with; that of none gets the live model."""
        return self._tenure_for(conversation).model

    def stand_beside(self, beside: Beside) -> None:
        """Answer some conversations with another model from now on; there is none beside yet."""
        self._beside = beside, Tenure(beside.model)

    def step_aside(self) -> Tenure | None:
        """Answer all with the live model from now on; return the tenure of the one beside, to be ended."""
        beside, self._beside = self._beside, None
        return beside and beside[1]

    def _tenure_for(self, conversation: int | None) -> Tenure:
        if self._beside is None or conversation is None:
            return self._tenure
        beside, tenure = self._beside
        is_beside = beside.instead_of == self.engine.model_version and beside.takes(conversation)
        return tenure if is_beside else self._tenure

    async def aclose(self) -> None:
        """Close the models, dropping what is in progress."""
        await self.engine.aclose()
        if (tenure := self.step_aside()) is not None:
            await tenure.model.engine.aclose()

    async def answer(
        self,
        question: str,
        deadline: float,
        on_text: Callable[[str], None] = lambda text: None,
        *,
        earlier: Sequence[str] = (),
        begin_by: float | None = None,
        beside_knowledge: bool = False,
        before: Drawn | None = None,
        conversation: int | None = None,
    ) -> Reply:
        """Answer a question.

        Args:
            question: normalised.
            deadline: in seconds of ``time.monotonic()``.
            on_text: called with each piece of text that may be shown already.
            earlier: what was said before it, the newest last.
            begin_by: when it is too late to begin, likewise; by default the deadline.
            beside_knowledge: see ``LiveModel.floor``.
            before: what was drawn for it before; another sample is drawn from the same prompt.
            conversation: its number, by which a model beside may be the one that answers; None for the live one.

        Raises:
            EngineBusyError: the engine holds as much as it can.
            OverloadedError: there was no place to begin in time.
            DeadlineExceededError: there was not enough time.
            ModelError: the model is damaged.
        """
        async with self.slots.slot(deadline if begin_by is None else begin_by):
            with self._tenure_for(conversation).answering() as model:
                max_length, tokenizer = self._sampling.max_length, model.engine.tokenizer
                prompt = None
                if before is not None and before.prompt is not None:
                    prompt = encode_same(
                        tokenizer, before.prompt, shortened=before.shortened, max_length=max_length
                    )
                if prompt is None:
                    prompt = encode_prompt(tokenizer, question, earlier=earlier, max_length=max_length)
                floor = model.floor(beside_knowledge=beside_knowledge)
                with tracing.generation(
                    model.engine, self._sampling, len(prompt.token_ids), self._candidates
                ) as span:
                    reply = await self._answer(model.engine, prompt, floor, deadline, on_text)
                    span.generated(reply.answer_tokens, reply.finish)
                    span.note(confidence=reply.confidence, is_sure=reply.source is AnswerSource.GENERATED)
                if self._beside is not None:
                    arm = "candidate" if model is self._beside[0].model else "live"
                    metrics.TRIAL_ANSWERS.labels(arm).inc()
                return reply

    async def _answer(
        self, engine: Engine, prompt: Prompt, floor: float | None, deadline: float, on_text: Callable[[str], None]
    ) -> Reply:
        started = time.monotonic()
        record = self._sampling.as_record() | {"candidates": self._candidates}
        if self._candidates == 1:
            generation, unsure = await self._generate(engine, prompt, floor, deadline, on_text)
            if not generation.text(engine.tokenizer) and not unsure:
                generation, unsure = await self._generate(engine, prompt, floor, deadline, on_text)
        else:
            record["seeds"] = seeds = [secrets.randbits(_SEED_BITS) for _ in range(self._candidates)]
            candidates = await generate_all(engine, prompt, self._sampling, seeds, deadline)
            generation = choose(candidates, engine.tokenizer)
            unsure = is_below(confidence(generation.logprobs), floor)
        text = generation.text(engine.tokenizer)
        sure = bool(text) and not unsure
        if sure and self._candidates > 1:
            on_text(text)
        milliseconds = round((time.monotonic() - started) * 1000)
        return as_reply(engine, prompt, generation, record, sure=sure, milliseconds=milliseconds)

    async def _generate(
        self, engine: Engine, prompt: Prompt, floor: float | None, deadline: float, on_text: Callable[[str], None]
    ) -> tuple[Generation, bool]:
        """Generate once; return what came, and whether it was stopped below the floor."""
        generation = Generation(secrets.randbits(_SEED_BITS))
        held_back: str | None = ""  # None once the floor is passed and text flows
        params = replace(self._sampling, seed=generation.seed)
        async with aclosing(engine.stream(prompt, params, deadline)) as chunks:
            async for chunk in chunks:
                generation.add(chunk)
                if held_back is None:
                    on_text(chunk.text)
                    continue
                held_back += chunk.text
                if len(generation.token_ids) < CONFIDENCE_TOKENS and not chunk.finish:
                    continue
                if is_below(confidence(generation.logprobs), floor):
                    return generation, True
                if held_back.strip():
                    on_text(held_back.lstrip())
                    held_back = None
        return generation, False


def as_reply(
    engine: Engine,
    prompt: Prompt,
    generation: Generation,
    sampling: Mapping[str, Any],
    *,
    sure: bool,
    milliseconds: int,
) -> Reply:
    """Return what a model wrote as a reply.

    Args:
        engine: that wrote it.
        prompt: what it was given.
        generation: what came out.
        sampling: how tokens were drawn, for the record.
        sure: whether it may be shown; if not, it is recorded with the reply that the bot is not sure.
        milliseconds: that it took.
    """
    text = generation.text(engine.tokenizer)
    return Reply(
        text=text if sure else NOT_SURE_TEXT,
        source=AnswerSource.GENERATED if sure else AnswerSource.NOT_SURE,
        model_version=engine.model_version,
        sampling=dict(sampling) | {"engine": engine.arithmetic},
        seed=generation.seed,
        prompt=prompt.text,
        shortened=prompt.shortened,
        draft=None if sure else text,
        prompt_tokens=len(prompt.token_ids),
        answer_tokens=len(generation.token_ids),
        finish=generation.finish,
        confidence=confidence(generation.logprobs),
        mean_logprob=mean_logprob(generation.logprobs),
        latency_ms=milliseconds,
    )


def hold_back(reply: Reply, floor: float | None) -> Reply:
    """Return a generated reply as it would be with a floor: below it not sure, with the draft beside that."""
    if reply.source is not AnswerSource.GENERATED or not is_below(reply.confidence, floor):
        return reply
    return replace(reply, text=NOT_SURE_TEXT, source=AnswerSource.NOT_SURE, draft=reply.text)
