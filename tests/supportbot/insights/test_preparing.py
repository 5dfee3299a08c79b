"""What gaps need is encoded before anybody looks, once for each question, and forgotten with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import delete, update

from supportbot.db.models import Question
from supportbot.db.session import Database
from supportbot.insights.gaps import Gaps
from supportbot.insights.period import Days, Period
from supportbot.insights.preparing import Prepared, prepare_ahead
from supportbot.knowledge.encoder.open import open_encoder
from supportbot.knowledge.features import Floats, TextEncoder, Tokens
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.unmet import read_unmet
from tests.digests import ask
from tests.supportbot.feedback.curation.rows import add_workspace

WRAP = "do you gift wrap"


class Counting:
    """The encoder that ships, and the texts that it was given."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.digest = encoder.digest
        self.dimensions = encoder.dimensions
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        """Encode, and remember what."""
        self.texts += texts
        return self._encoder.encode(texts)

    def is_word(self, word: str) -> bool:
        """Return what the encoder says."""
        return self._encoder.is_word(word)

    @property
    def token_width(self) -> int:
        """Return the real one's."""
        return self._encoder.token_width

    def encode_with_tokens(self, texts: Sequence[str]) -> tuple[Floats, list[Tokens]]:
        """Return what the real one makes of them."""
        self.texts += texts
        return self._encoder.encode_with_tokens(texts)


shipped = cache(lambda: open_encoder(""))


async def test_whoever_looks_finds_everything_encoded(database: Database) -> None:
    """Periods and workspaces share it, and a question that is edited is encoded anew."""
    here = await add_workspace(database, "slack", consents=False)
    there = await add_workspace(database, "discord", consents=False)
    texts = [f"{WRAP} {number}" for number in range(20)]
    numbers = [await ask(database, here, text, days_ago=3) for text in texts]
    await ask(database, there, "where is my parcel", days_ago=20)
    encoder = Counting(shipped())
    knowledge = Knowledge(database, lambda: encoder, wrong_rate=0.02)
    gaps = Gaps(database, knowledge, lambda: encoder)

    await gaps.prepare()
    assert sorted(encoder.texts) == sorted([*texts, "where is my parcel"])

    for period in (Period(days=Days.MONTH), Period(), Period(workspace_id=here), Period(days=Days.MONTH)):
        assert (await gaps.find(period)).gaps
    assert len(encoder.texts) == 21

    async with database.write() as session:
        await session.execute(update(Question).where(Question.id == numbers[0]).values(text="can it be wrapped"))
    found = await gaps.find(Period())
    assert "can it be wrapped" in {one.text for gap in found.gaps for one in gap.questions}
    assert encoder.texts[21:] == ["can it be wrapped"]
    await knowledge.aclose()


async def test_people_go_first_and_what_is_erased_is_forgotten(database: Database) -> None:
    """Before each few questions it is waited until nobody is answered; of one that is gone nothing is kept."""
    here = await add_workspace(database, "slack", consents=False)
    numbers = [await ask(database, here, f"{WRAP} {number}", days_ago=0) for number in range(20)]
    prepared = Prepared(lambda: None, ())
    waited: list[int] = []

    async def until_quiet() -> None:
        waited.append(len(prepared.ids))

    await prepare_ahead(database, prepared, Days.ONE, until_quiet)
    assert waited == [0, 8, 16]
    assert sorted(prepared.ids) == numbers

    async with database.write() as session:
        await session.execute(delete(Question).where(Question.id == numbers[3]))
    await prepare_ahead(database, prepared, Days.ONE, until_quiet)
    assert waited == [0, 8, 16]
    assert sorted(prepared.ids) == [number for number in numbers if number != numbers[3]]
    async with database.read() as session:
        unmet = await read_unmet(session, None, datetime.now(UTC) - timedelta(days=1))
    assert prepared.missing(unmet) == []
