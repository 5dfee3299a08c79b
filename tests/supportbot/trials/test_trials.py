"""Trials in the record: who is on which arm, what counts, and which rule ends them, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from supportbot.db.models import Audit, Feedback, ModelTrial, ModelVersion
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, ModelStatus, TrialOutcome, TrialState
from supportbot.errors import ConfigError, ModelError
from supportbot.trials.assignment import is_on_candidate
from supportbot.trials.judging import Judging
from supportbot.trials.rule import Rule
from supportbot.trials.sequence import Judged, interval
from supportbot.trials.store import Trial, begin
from supportbot.trials.tally import Judgement, history
from tests.supportbot.trials.records import Log


def test_assignment_is_stable_even_and_new_in_each_trial() -> None:
    """The same numbers give the same arm for ever; shares are kept, and no trial repeats another's arms."""
    assert [number for number in range(1, 31) if is_on_candidate(1, number, 20)] == [27, 29, 30]
    for share in (1, 20, 50):
        taken = sum(is_on_candidate(3, number, share) for number in range(20_000))
        assert taken / 20_000 == pytest.approx(share / 100, abs=0.01)
    both = sum(is_on_candidate(4, number, 50) and is_on_candidate(5, number, 50) for number in range(20_000))
    assert both / 20_000 == pytest.approx(0.25, abs=0.02)


async def test_a_conversation_counts_once_in_its_arm(database: Database) -> None:
    """One 👎 or correction among 👍 makes it bad; what is no answer of its arm's model counts nowhere."""
    log = await Log.open(database)
    good, mixed, corrected, silent = [await log.conversation(candidate=True) for _ in range(4)]
    await log.ask(good, votes=(1, 1))
    await log.ask(good, votes=(1,))
    await log.ask(mixed, votes=(1, 1, -1))
    await log.ask(corrected, votes=(-1,), correction="No, at nine.")
    await log.ask(silent)
    strayed, verified, early = [await log.conversation(candidate=True) for _ in range(3)]
    await log.ask(strayed, "v1", votes=(-1,))  # of a daemon that could not load the candidate
    await log.ask(verified, None, source=AnswerSource.APPROVED, votes=(-1,))
    await log.ask(early, votes=(-1,), at=log.started - timedelta(minutes=1))
    live = await log.conversation(candidate=False)
    await log.ask(live, "v1", votes=(1,))
    tally = await log.tally()
    assert (tally.candidate.conversations, tally.candidate.judged) == (4, Judged(1, 2))
    assert (tally.live.conversations, tally.live.judged) == (1, Judged(1, 0))
    assert len(tally.judgements) == 4
    async with database.write() as session:  # somebody takes their 👎 back
        await session.execute(update(Feedback).where(Feedback.vote < 0).values(vote=1, correction=None))
    assert (await log.tally()).candidate.judged == Judged(3, 0)


async def test_what_stands_beside_the_votes(database: Database) -> None:
    """A further question, a human, and a model that was never sure; another sample is no further question."""
    log = await Log.open(database)
    now = datetime.now(UTC)
    settled, again, asked_on, human, unsure = [await log.conversation(candidate=True) for _ in range(5)]
    await log.ask(settled)
    await log.ask(again, at=now)
    await log.ask(again, at=now + timedelta(seconds=1), sample=2)
    await log.ask(asked_on, at=now)
    await log.ask(asked_on, None, source=AnswerSource.APPROVED, at=now + timedelta(seconds=1))
    await log.ask(human, handoff=True)
    await log.ask(unsure, source=AnswerSource.NOT_SURE, votes=(-1,))
    arm = (await log.tally()).candidate
    assert (arm.conversations, arm.settled, arm.followed_up, arm.handed_off, arm.not_sure) == (5, 2, 1, 1, 1)
    assert arm.judged.number == 0  # a vote on "I am not sure" is none on what the model wrote


@pytest.mark.parametrize(
    ("good", "bad", "outcome"), [(0, 20, TrialOutcome.WORSE), (20, 0, TrialOutcome.BETTER), (10, 10, None)]
)
async def test_a_trial_ends_by_its_rule(
    database: Database, good: int, bad: int, outcome: TrialOutcome | None
) -> None:
    """As soon as a difference is beyond chance, once, with a line in the audit; not before."""
    log = await Log.open(database)
    judging = Judging(database, refuse)
    await log.judge(candidate=False, good=bad, bad=good)
    await log.judge(candidate=True, good=good, bad=bad)
    ended = [one for one in await asyncio.gather(*(judging.look() for _ in range(3))) if one is not None]
    assert await judging.look() is None
    async with database.read() as session:
        row = await session.get_one(ModelTrial, log.trial.trial_id)
        deeds = list(await session.scalars(select(Audit).order_by(Audit.id)))
    assert (row.outcome, [one.outcome for one in ended]) == (outcome, [outcome] if outcome else [])
    assert deeds[0].action == "model.trial_start"
    assert (deeds[0].actor, deeds[0].subject, deeds[0].details["share"]) == ("ann", "model:v2", 50)
    if outcome is None:
        assert (row.state, len(deeds)) == (TrialState.RUNNING, 1)
        return
    assert (row.state, row.ended_by) == (TrialState.DECIDED, "supportbot")
    assert row.figures is not None
    assert (row.figures["candidate"]["good"], row.figures["candidate"]["bad"]) == (good, bad)
    assert [deed.action for deed in deeds[1:]] == ["model.trial_end"]
    assert deeds[1].details["outcome"] == outcome.value


async def refuse(candidate: str, by: str, reason: str) -> None:
    """Put nothing live: no trial here was started with that choice."""
    raise AssertionError(f"{candidate} by {by}: {reason}")


@pytest.mark.parametrize("error", [ModelError("Version 'v2' is damaged."), OSError("No space left on device")])
async def test_a_better_candidate_goes_live_only_if_that_was_chosen(database: Database, error: Exception) -> None:
    """It is put live by who started the trial, with the reason; what can't be put live is told and stays."""
    log = await Log.open(database, Rule(share=50, promotes=True))
    asked: list[tuple[str, str, str]] = []

    async def fail(candidate: str, by: str, reason: str) -> None:
        asked.append((candidate, by, reason))
        raise error

    await log.judge(candidate=False, good=0, bad=20)
    await log.judge(candidate=True, good=20, bad=0)
    ended = await Judging(database, fail).look()
    assert ended is not None
    assert ended.outcome is TrialOutcome.BETTER
    reason = f"better than v1 in trial {log.trial.trial_id}, which was started with that choice"
    assert asked == [("v2", "ann", reason)]
    async with database.read() as session:
        last = await session.scalar(select(Audit.action).order_by(Audit.id.desc()).limit(1))
    assert last == "model.trial_unpromoted"


@pytest.mark.parametrize(
    ("rule", "days_ago"), [(Rule(share=50, most_conversations=10), 0.0), (Rule(share=50, most_days=3), 3.1)]
)
async def test_a_trial_without_a_difference_ends_all_the_same(
    database: Database, rule: Rule, days_ago: float
) -> None:
    """After so many conversations of both arms, or so many days."""
    log = await Log.open(database, rule, days_ago=days_ago)
    judging = Judging(database, refuse)
    await log.judge(candidate=False, good=4, bad=0)
    if not days_ago:
        await log.judge(candidate=True, good=5, bad=0)
        assert await judging.look() is None
        await log.judge(candidate=True, good=1, bad=0)
    ended = await judging.look()
    assert ended is not None
    assert (ended.outcome, ended.state) == (TrialOutcome.INCONCLUSIVE, TrialState.DECIDED)


@pytest.mark.parametrize(
    ("name", "status", "outcome"),
    [
        ("v1", ModelStatus.CANDIDATE, TrialOutcome.LIVE_CHANGED),
        ("v2", ModelStatus.RETIRED, TrialOutcome.CANDIDATE_GONE),
    ],
)
async def test_a_trial_of_what_is_no_more_ends(
    database: Database, name: str, status: ModelStatus, outcome: TrialOutcome
) -> None:
    """After a promotion or a rollback nothing is compared any more, nor without the candidate's files."""
    await Log.open(database)
    judging = Judging(database, refuse)
    assert await judging.look() is None
    async with database.write() as session:
        await session.execute(update(ModelVersion).where(ModelVersion.name == name).values(status=status))
    ended = await judging.look()
    assert ended is not None
    assert (ended.outcome, ended.state) == (outcome, TrialState.STOPPED)


async def test_one_trial_runs_at_a_time(database: Database) -> None:
    """Of those who start one at the same moment, one does; the others are told."""

    async def start() -> Trial:
        async with database.write() as session:
            return await begin(session, "v1", "v2", Rule(), "ann")

    found = await asyncio.gather(*(start() for _ in range(4)), return_exceptions=True)
    refused = [one for one in found if isinstance(one, ModelError)]
    assert (len(refused), sum(isinstance(one, Trial) for one in found)) == (3, 1)
    assert str(refused[0]) == "A trial is already running. Stop it first, or wait for it to end."


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"share": 0}, "share"),
        ({"share": 51}, "share"),
        ({"alpha": 0.5}, "probability"),
        ({"most_conversations": 9}, "conversations"),
        ({"most_days": 366}, "days"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any], part: str) -> None:
    """One sentence names the part, and what it may be."""
    with pytest.raises(ConfigError, match=part):
        Rule(**changes).check()


def test_history_ends_at_now() -> None:
    """However many judgements there are, few points are kept, in order, and the last one is the whole."""
    start = datetime(2026, 11, 30, tzinfo=UTC)
    judgements = [
        Judgement(at=start + timedelta(minutes=number), is_candidate=number % 3 == 0, is_good=number % 2 == 0)
        for number in range(250)
    ]
    points = history(judgements, 0.05)
    assert len(points) <= 60
    assert [one.judgements for one in points] == sorted({one.judgements for one in points})
    mine = [one.is_good for one in judgements if one.is_candidate]
    theirs = [one.is_good for one in judgements if not one.is_candidate]
    whole = interval(
        Judged(sum(theirs), len(theirs) - sum(theirs)), Judged(sum(mine), len(mine) - sum(mine)), 0.05
    )
    assert (points[-1].judgements, points[-1].at) == (250, judgements[-1].at)
    assert (points[-1].low, points[-1].high) == whole
    assert history([], 0.05) == ()
