"""A logged answer, generated once more: does the record really hold all that made it?

The row has the prompt as the model saw it, the parameters and the seeds; the version that gave the answer comes
from the registry and is loaded as the daemon would load it. A seed means something only to the engine and the
precision that it was drawn for, so anything else is refused rather than compared.

In fp32 an answer is the same in any company. In 16 bits a batch of another size rounds otherwise, which may change
a token: candidates are therefore generated together again; the other questions of that moment are not known.

The engine is one of its own, beside the daemon's, so nothing that others ask meanwhile is in its batch. This
module neither judges an answer nor writes anything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from itertools import takewhile
from typing import Any

from supportbot.answering.candidates import Generation, generate, generate_all
from supportbot.config import Settings
from supportbot.db.base import storable
from supportbot.db.models import Answer
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Engine, SamplingParams
from supportbot.engine.prompt import Prompt, encode_text
from supportbot.errors import ModelError, SupportBotError
from supportbot.models.apart import engine_apart, find_version
from supportbot.models.loading import make_engine
from supportbot.models.registry import ModelSource


class Stage(StrEnum):
    """What takes its time, in this order."""

    LOADING = "loading"
    """The version that gave the answer is loaded."""
    WRITING = "writing"
    """It writes."""


_HOW_TO_FIND = "`supportbot log --json` shows the numbers of answers as `answer_id`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An answer twice.

    Attributes:
        answer_id: its number.
        model_version: what gave it.
        engine: what it was computed with, see ``engine.base.Engine.arithmetic``.
        recorded: what the model wrote then; where it was not sure enough, what nobody was shown.
        replayed: what it wrote now.
    """

    answer_id: int
    model_version: str
    engine: str
    recorded: str
    replayed: str

    @property
    def differs_at(self) -> int | None:
        """Number of the first character, from 0, that is not in both; None if they are the same."""
        if self.recorded == self.replayed:
            return None
        pairs = zip(self.recorded, self.replayed, strict=False)  # one may be longer
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What the log says about an answer that a model gave."""

    answer_id: int
    written: str
    model_version: str
    engine: str
    prompt: str
    params: SamplingParams
    seeds: tuple[int, ...]
    """Of all candidates; that of ``params`` is the chosen one's."""
    stopped_after: int | None
    """Tokens after which it was stopped because the model was not sure."""


async def replay(
    database: Database, settings: Settings, answer_id: int, told: Callable[[Stage], None] = lambda stage: None
) -> Replayed:
    """Generate an answer of the log again.

    Args:
        database: where the log is.
        settings: of this process; they must choose the engine and precision that gave the answer.
        answer_id: its number in the log.
        told: is told how far this is.

    Raises:
        SupportBotError: it can't be done; the sentence says why, and what would help.
    """
    record = await _read(database, answer_id)
    told(Stage.LOADING)
    source = await asyncio.to_thread(_find_version, settings, record)
    async with engine_apart(partial(make_engine, settings, source)) as engine:
        told(Stage.WRITING)
        generation = await _generate(engine, record, time.monotonic() + settings.answer_seconds)
        if engine.arithmetic != record.engine:
            raise SupportBotError(
                f"Answer {answer_id} was computed with '{record.engine}', not with '{engine.arithmetic}': set "
                "SUPPORTBOT_ENGINE and SUPPORTBOT_PRECISION as they were, on a machine of that kind."
            )
        replayed = storable(generation.text(engine.tokenizer))  # as the recorded text was
    return Replayed(
        answer_id=answer_id,
        model_version=record.model_version,
        engine=record.engine,
        recorded=record.written,
        replayed=replayed,
    )


async def _read(database: Database, answer_id: int) -> _Record:
    """Return what the log says about an answer.

    Raises:
        SupportBotError: there is no such answer, or no model gave it, or too little is known.
    """
    async with database.read() as session:
        answer = await session.get(Answer, answer_id)
    if answer is None:
        raise SupportBotError(f"There is no answer {answer_id}: {_HOW_TO_FIND}.")
    if answer.source is AnswerSource.HUMAN:
        raise SupportBotError(f"Answer {answer_id} was written by a person: choose one that a model gave.")
    if answer.source is AnswerSource.APPROVED:
        raise SupportBotError(
            f"Answer {answer_id} was approved by a person and given word for word: `supportbot knowledge show "
            f"{answer.entry_id}` shows it."
        )
    if answer.source is AnswerSource.QUOTED and answer.draft is None:
        raise SupportBotError(f"Answer {answer_id} was quoted from a document: choose one that a model gave.")
    if answer.model_version is None or answer.prompt is None or answer.seed is None:
        raise SupportBotError(f"Answer {answer_id} is a fixed sentence: choose one that a model gave.")
    if not answer.sampling or "engine" not in answer.sampling:
        raise SupportBotError(
            f"Answer {answer_id} was given before engines were recorded: choose a later one, "
            "or ask the question again."
        )
    return _Record(
        answer_id=answer_id,
        written=answer.text if answer.draft is None else answer.draft,
        model_version=answer.model_version,
        engine=str(answer.sampling["engine"]),
        prompt=answer.prompt,
        params=_params(answer.sampling, answer.seed),
        seeds=tuple(answer.sampling.get("seeds", [answer.seed])),
        stopped_after=answer.answer_tokens if answer.finish is None else None,
    )


def _params(sampling: Mapping[str, Any], seed: int) -> SamplingParams:
    names = [field.name for field in fields(SamplingParams) if field.name != "seed"]
    return SamplingParams(**{name: sampling[name] for name in names}, seed=seed)


def _find_version(settings: Settings, record: _Record) -> ModelSource:
    """Return the version that gave an answer: an installed one, or what the daemon would answer with.

    Raises:
        ModelError: it is neither, or damaged.
    """
    if (source := find_version(settings, record.model_version)) is not None:
        return source
    raise ModelError(
        f"The version '{record.model_version}' that gave answer {record.answer_id} is no longer "
        "installed: publish its files again under that name, or set SUPPORTBOT_MODEL to where they are."
    )


async def _generate(engine: Engine, record: _Record, deadline: float) -> Generation:
    ids = encode_text(engine.tokenizer, record.prompt)
    prompt = Prompt(record.prompt, tuple(ids), shortened=False)
    if len(record.seeds) > 1:
        candidates = await generate_all(engine, prompt, record.params, record.seeds, deadline)
        return next(candidate for candidate in candidates if candidate.seed == record.params.seed)
    stopped_after = record.stopped_after
    generation = await generate(engine, prompt, record.params, deadline, most_tokens=stopped_after)
    if stopped_after is not None:  # a chunk may hold more tokens than the one that was the last then
        del generation.token_ids[stopped_after:]
    return generation
