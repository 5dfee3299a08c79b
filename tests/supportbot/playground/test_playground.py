"""The playground: what would be said is what is said, versions come and go, and people go first."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from supportbot.answering.answerer import Answerer
from supportbot.answering.generator import Generator
from supportbot.answering.live_model import LiveModel
from supportbot.answering.slots import Slots
from supportbot.config import Settings
from supportbot.db.base import Base
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.engine.base import Chunk, SamplingParams, confidence
from supportbot.engine.load import load_engine
from supportbot.engine.prompt import Prompt
from supportbot.errors import ModelError, OverloadedError
from supportbot.knowledge.knowledge import Knowledge
from supportbot.models.registry import Registry
from supportbot.playground.playground import MODES, Playground, PlaygroundError, Side, Stage, Why
from supportbot.playground.sampling import RANGES, SamplingError, sampling
from supportbot.playground.writing import split
from tests.supportbot.answering.test_generator import ScriptedEngine
from tests.supportbot.knowledge.faq import GYM
from tests.supportbot.knowledge.publishing import approve
from tests.tiny_model import build_tokenizer
from tests.versions import install_version

PARAMS = SamplingParams(seed=7)


class House:
    """A daemon that answers with `base`, beside which `v1` is installed.

    Args:
        database: of the bot.
        home: its folder.
        model: the files of each version.
    """

    def __init__(self, database: Database, home: Path, model: Path) -> None:
        self.database, self.model = database, model
        self.settings = Settings(home=home, encoder="none", engine="transformers", precision="fp32")
        self.registry = Registry(self.settings.models_dir)
        for version in ("base", "v1"):
            install_version(self.registry, model, version)
        self.registry.activate("base")
        self.knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
        self.slots = Slots(3.0)

    def playground(self, live: LiveModel, *, kept_seconds: float = 60.0, **settings: object) -> Playground:
        """Return the playground of a daemon with a live model."""
        chosen = self.settings.model_copy(update=settings)
        answerer = Answerer(Generator(live, slots=self.slots), self.knowledge)
        return Playground(chosen, self.database, self.knowledge, None, answerer, kept_seconds=kept_seconds)

    async def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        async with self.database.read() as session:
            tables = Base.metadata.sorted_tables
            return {
                table.name: await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
            }


@pytest.fixture
def house(database: Database, tiny_model: Path, tmp_path: Path) -> House:
    """A home with two versions, on a database of each kind."""
    return House(database, tmp_path, tiny_model)


@pytest.fixture
async def base(tiny_model: Path) -> AsyncGenerator[LiveModel]:
    """The live model, trained on rows of the operator's."""
    engine = load_engine(tiny_model, "base", "fp32")
    yield LiveModel(engine, None, knows_us=True)
    await engine.aclose()


class Told:
    """What a run said that it is at."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, stage: Stage, version: str) -> None:
        """Note it."""
        self.stages.append(f"{stage} {version}".strip())
        self._changed.set()

    async def until(self, *stages: str) -> None:
        """Wait until it was at these, one after the other, and at nothing else."""
        async with asyncio.timeout(30):
            while self.stages != list(stages):
                self._changed.clear()
                await self._changed.wait()


async def run(playground: Playground, question: str, *versions: str, told: Told | None = None) -> list[Side]:
    """Return what versions make of a question."""
    async with aclosing(playground.run(question, versions, PARAMS, told or Told())) as sides:
        return [side async for side in sides]


async def test_two_versions_in_both_modes(house: House, base: LiveModel) -> None:
    """Same weights and seed give the same tokens in both engines; an approved answer is given in one mode only."""
    await approve(house.database, GYM)
    await house.knowledge.load()
    playground, told = house.playground(base), Told()
    answer, [wording, *_] = next(iter(GYM.items()))
    before = await house.rows()
    left, right = await run(playground, wording, "base", "v1", told=told)

    assert told.stages == ["turn", "writing base", "loading v1", "writing v1"]
    assert (left.written.version, right.written.version) == ("base", "v1")
    assert left.written.generation.token_ids == right.written.generation.token_ids
    assert "".join(one.text for one in left.written.tokens).strip() == left.written.text
    assert [one.probability for one in left.written.tokens] == [
        math.exp(logprob) for logprob in left.written.generation.logprobs
    ]
    assert left.written.confidence == confidence(left.written.generation.logprobs)
    assert left.written.finish in ("stop", "length")
    for side in (left, right):
        assert tuple(one.mode for one in side.outcomes) == MODES
        given, generated = side.outcomes
        assert (given.why, given.reply.source, given.reply.text) == (Why.GIVEN, AnswerSource.APPROVED, answer)
        assert given.reply.grounds.verified[0].similarity == 1
        assert (generated.why, generated.reply.text) == (Why.HEARD, side.written.text)
    assert await house.rows() == before
    assert playground.engines.held == ("v1",)
    [again] = await run(playground, wording, "v1")
    assert again.written.text == right.written.text
    await playground.aclose()
    assert list(playground.engines.held) == []


@pytest.mark.parametrize(
    ("question", "said", "live", "why"),
    [
        ("zzz " * 500, "\nWe open at seven.", {"knows_us": True}, Why.NO_QUESTION),
        ("Do you sell cars?", "\nYes, we do.", {"knows_us": False}, Why.NOT_ASKED),
        ("Do you sell cars?", "\n", {"knows_us": True}, Why.EMPTY),
        ("Do you sell cars?", "\nYes, we do sell cars.", {"knows_us": True, "confidence_floor": -0.01}, Why.BELOW),
        ("Do you sell cars?", "\nYes, we do sell cars.", {"knows_us": True}, Why.NOT_NEAR),
    ],
)
async def test_why_a_model_is_not_heard(
    house: House, question: str, said: str, live: dict[str, object], why: Why
) -> None:
    """Where nothing is approved, what would be said is what the daemon says, and the page can say why."""
    await approve(house.database, GYM)
    await house.knowledge.load()
    model = LiveModel(**{"engine": ScriptedEngine(said, said, said), "confidence_floor": None, **live})  # type: ignore[arg-type]
    model.engine.model_version = "base"  # type: ignore[misc]
    [side] = await run(house.playground(model), question, "base")
    [first, _] = side.outcomes
    assert (first.why, first.reply.source) == (why, AnswerSource.NOT_SURE)
    reply = await Answerer(Generator(model), house.knowledge).answer(question, time.monotonic() + 30)
    assert (first.reply.text, first.reply.source) == (reply.text, reply.source)


class Slow(ScriptedEngine):
    """An engine that stands still after its first token until it is let go; it counts how often it was asked."""

    model_version = "base"

    def __init__(self) -> None:
        super().__init__(*["\nYes."] * 9)
        self.begun = asyncio.Queue[None]()
        self.go_on = asyncio.Event()

    async def stream(self, prompt: Prompt, params: SamplingParams, deadline: float) -> AsyncGenerator[Chunk, None]:
        """Say the next answer."""
        async for chunk in super().stream(prompt, params, deadline):
            if not self.go_on.is_set():
                self.begun.put_nowait(None)
            await self.go_on.wait()
            yield chunk


async def test_people_go_first(house: House) -> None:
    """A run waits while somebody is answered, gives way to who comes, and begins again; one runs at a time."""
    engine, told = Slow(), Told()
    playground = house.playground(LiveModel(engine, None, knows_us=True))
    async with house.slots.slot(math.inf):
        first = asyncio.create_task(run(playground, "Is it open?", "base", told=told))
        await told.until("turn", "people base")
        assert engine.params == []
    await engine.begun.get()
    async with house.slots.slot(math.inf):
        await told.until("turn", "people base", "writing base", "people base")
        assert len(engine.params) == 1
    await engine.begun.get()
    second = asyncio.create_task(run(playground, "Is it closed?", "base"))
    engine.go_on.set()
    [side] = await first
    assert side.written.text == "Yes."
    assert told.stages == ["turn", "people base", "writing base", "people base", "writing base"]
    [side] = await second
    assert [one.seed for one in engine.params] == [7, 7, 7]
    assert house.slots.is_quiet


async def test_a_bot_that_is_never_quiet_says_so(house: House) -> None:
    """Who tries something beside people without an end hears why nothing comes."""
    playground = house.playground(LiveModel(Slow(), None), answer_seconds=0.05)
    async with house.slots.slot(math.inf):
        with pytest.raises(OverloadedError, match="questions go first"):
            await run(playground, "Is it open?", "base")


async def test_versions_are_closed_after_a_while(house: House, base: LiveModel) -> None:
    """Two are held at most, none longer than it is kept; what is no version, or damaged, is one sentence."""
    for version in ("v2", "v3"):
        install_version(house.registry, house.model, version)
    playground = house.playground(base, kept_seconds=0.01)
    assert await playground.versions() == ("base", "v3", "v2", "v1")
    await run(playground, "Is it open?", "v1", "v2", "v3")
    assert playground.engines.held == ("v2", "v3")
    async with asyncio.timeout(30):
        await playground.engines.until_closed()
    assert list(playground.engines.held) == []
    with pytest.raises(ModelError, match="“v9” is no longer installed"):
        await run(playground, "Is it open?", "v9")
    install_version(house.registry, house.model, "bad", without="transformer.ln_f.weight")
    with pytest.raises(ModelError, match=r"transformer\.ln_f\.weight"):
        await run(playground, "Is it open?", "bad")
    with pytest.raises(PlaygroundError, match="a question"):
        await run(playground, " \n", "base")
    assert list(playground.engines.held) == []
    await playground.aclose()


def test_sampling_begins_as_documented_and_stays_within_its_ranges() -> None:
    """The documented call is the start; what lies outside, or is no seed, is named."""
    start = {name: one.start for name, one in RANGES.items()}
    assert start == {"max_length": 200, "temperature": 0.8, "top_p": 0.95, "repetition_penalty": 1.2}
    assert sampling(start, "0") == SamplingParams()
    assert sampling({**start, "temperature": 0.1}, f" {2**63 - 1} ").seed == 2**63 - 1
    with pytest.raises(SamplingError, match="top_p must be between"):
        sampling({"top_p": math.nan}, "0")
    for seed in ("", "-1", "1.5", "²", "9" * 5_000, str(2**63)):
        with pytest.raises(SamplingError, match="seed must be a whole number"):
            sampling(start, seed)


def test_a_character_of_several_tokens_belongs_to_the_last_of_them() -> None:
    """Together the tokens are the text; what never becomes a character is shown as that."""
    tokenizer = build_tokenizer()
    text = "\nCosts 5 €, déjà vu 👍."
    ids = list(tokenizer(text)["input_ids"])
    tokens = split(ids, [-0.5] * len(ids), tokenizer)
    assert "".join(one.text for one in tokens) == text
    assert len(tokens) == len(ids) > len(text)
    assert {one.probability for one in tokens} == {math.exp(-0.5)}
    assert [one.text for one in split(ids[:-1][-1:], [], tokenizer)] == ["�"]
    assert split([], [], tokenizer) == []
