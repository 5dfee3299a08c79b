"""Where a version comes from, and what became of it: the rows that trained it, and the votes in chat."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from supportbot.db.models import Example, ModelVersion, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ExampleLabel, ExampleSource, ExampleStatus, Split
from supportbot.errors import ModelError
from supportbot.feedback.votes import Vote, Votes
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from supportbot.models.publishing import Publishing
from supportbot.models.registry import Registry
from tests.supportbot.conftest import MakeQuestion
from tests.versions import install_version

_numbers = itertools.count()


async def add_examples(database: Database, count: int) -> list[int]:
    """Add approved rows; return their numbers."""
    async with database.write() as session:
        rows = [
            Example(
                origin=f"test:{next(_numbers)}",
                source=ExampleSource.IMPORT,
                prompt="Where?",
                completion="There.",
                label=ExampleLabel.GOOD,
                conversation="import",
                split=Split.TRAIN,
                sort_key="where",
                status=ExampleStatus.APPROVED,
                created_at=datetime.now(UTC),
            )
            for _ in range(count)
        ]
        session.add_all(rows)
        await session.flush()
        return [row.id for row in rows]


async def link_run(database: Database, version: str, example_ids: list[int]) -> int:
    """Record that a run with these rows made a version; return the run's number."""
    async with database.write() as session:
        row = await session.scalar(select(ModelVersion).where(ModelVersion.name == version))
        assert row is not None
        run = TrainingRun(
            model_version_id=row.id,
            arguments={},
            dataset_fingerprint="f",
            started_at=datetime.now(UTC),
        )
        session.add(run)
        await session.flush()
        session.add_all(RunExample(run_id=run.id, example_id=number) for number in example_ids)
        return run.id


async def test_rows_that_trained_a_version_stay_known_after_an_erasure(
    publishing: Publishing, registry: Registry, database: Database, tiny_model: Path
) -> None:
    """`show` lists the rows, those that were erased since, and the other versions that were trained on these."""
    ids = await add_examples(database, 5)
    install_version(registry, tiny_model, "v1")
    install_version(registry, tiny_model, "v2", training={"data": {"example_ids": ids[:1]}})  # of elsewhere
    await publishing.versions()
    run_id = await link_run(database, "v1", ids)
    await link_run(database, "v2", ids[3:])
    report = await publishing.show("v1")
    assert (report.training.run_ids, report.training.example_ids) == ((run_id,), tuple(ids))
    assert (report.training.erased_ids, report.erased_in) == ((), {})
    async with database.write() as session:
        await session.execute(delete(Example).where(Example.id.in_(ids[3:])))
    v1, v2 = await publishing.show("v1"), await publishing.show("v2")
    assert (v1.training.example_ids, v1.training.erased_ids) == (tuple(ids), tuple(ids[3:]))
    assert (v2.training.example_ids, v2.training.erased_ids) == (tuple(ids[3:]), tuple(ids[3:]))
    assert (v1.erased_in, v2.erased_in) == ({"v2": tuple(ids[3:])}, {"v1": tuple(ids[3:])})


async def test_votes_in_chat_come_with_their_uncertainty(
    publishing: Publishing, database: Database, inbox: Inbox, question: MakeQuestion
) -> None:
    """`show` counts the answers of a version and gives its share of thumbs up with Wilson's interval."""
    votes = Votes(database)
    assert (await publishing.show("base")).up_rate is None
    for number in range(10):
        accepted = await inbox.accept(question())
        await inbox.claim_one(accepted.question_id)
        reply = Reply(text="There.", source=AnswerSource.GENERATED, model_version="base" if number else "other")
        answer_id = await inbox.finish(accepted.question_id, reply)
        assert answer_id is not None
        await votes.cast(answer_id, "slack:T1:U1", Vote.UP if number > 1 else Vote.DOWN)
    report = await publishing.show("base")
    assert (report.summary.answers, report.summary.votes_up, report.summary.votes_down) == (9, 8, 1)
    assert report.up_rate is not None
    # Wilson (1927) for 8 of 9: centre (p + z²/2n) / (1 + z²/n), half-width z·√(p(1-p)/n + z²/4n²) / (1 + z²/n).
    assert report.up_rate == pytest.approx((0.8889, 0.5650, 0.9801), abs=1e-3)


async def test_unknown_version_is_named(publishing: Publishing) -> None:
    """A version that never was is a sentence."""
    with pytest.raises(ModelError, match="no version 'v9'"):
        await publishing.show("v9")
