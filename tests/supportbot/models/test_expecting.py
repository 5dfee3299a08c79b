"""What a model is told that it may repeat, while the knowledge changes, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from supportbot.db.session import Database
from supportbot.db.states import ExampleSource, ExampleStatus
from supportbot.engine.base import Engine
from supportbot.feedback.consent import allow
from supportbot.feedback.curation.store import Decision, ExampleStore
from supportbot.intake.people import digest_of
from supportbot.models.expecting import Expectations
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from tests.supportbot.feedback.curation.rows import add_examples, add_workspace, example


class Listener:
    """Stands for an engine: it hears what it is told, and says nothing."""

    def __init__(self) -> None:
        self.told: list[Sequence[str]] = []

    def expect(self, answers: Sequence[str]) -> None:
        """Note what was said."""
        self.told.append(list(answers))


async def test_model_follows_consent_and_erasure(database: Database, tmp_path: Path) -> None:
    """An approval is told, and so is that a consent was withdrawn or somebody erased; nothing is told twice."""
    place = await add_workspace(database, "slack", consents=True, name="T1")
    pending: dict[str, Any] = {"status": ExampleStatus.PENDING}
    ids = await add_examples(
        database,
        example("Is it new?", "Of the shop.", **pending),
        example("Is it red?", "Of a team.", workspace_id=place, **pending),
        example(
            "Is it far?",
            "Of a colleague.",
            source=ExampleSource.HUMAN,
            author=digest_of("slack:T2:U7"),
            workspace_id=await add_workspace(database, "slack", consents=True, name="T2"),
            **pending,
        ),
    )
    engines = [Listener()]
    expectations = Expectations(database, lambda: cast("Engine", engines[-1]))
    await expectations.follow()
    await ExampleStore(database).decide(ids, Decision.APPROVE, "ada")
    await expectations.follow()
    await expectations.follow()
    await allow(database, "slack", "T1", "ada", allow=False)
    await expectations.follow()
    await Privacy(database, tmp_path).erase(Person(platform="slack", user="U7"), "ada", wait_seconds=0)
    await expectations.follow()
    told = engines[-1].told
    assert told == [
        [],
        ["Of the shop.", "Of a team.", "Of a colleague."],
        ["Of the shop.", "Of a colleague."],
        ["Of the shop."],
    ]
    engines.append(Listener())  # another version went live
    await expectations.follow()
    assert engines[-1].told == [["Of the shop."]]
