"""A period at a glance: what is counted, beside what, and that it adds up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import delete, update

from supportbot.db.models import Answer, Channel, Conversation, Handoff, OperatorAccount, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, QuestionState
from supportbot.insights.beginning import Beginning
from supportbot.insights.charts import ChannelCount
from supportbot.insights.gaps import Gaps
from supportbot.insights.period import Days, Period
from supportbot.insights.today import Today
from supportbot.knowledge.knowledge import Knowledge
from supportbot.statistics.interval import wilson
from supportbot.statistics.kinds import Kind
from tests.digests import ask, help_with
from tests.supportbot.feedback.curation.rows import add_workspace
from tests.supportbot.knowledge.publishing import approve


def today_of(database: Database, *platforms: str) -> Today:
    """Return what looks back, without an encoder."""
    knowledge = Knowledge(database, lambda: None, wrong_rate=0.02)
    return Today(database, Gaps(database, knowledge, lambda: None), lambda: "starter", platforms)


async def hand_off(database: Database, workspace_id: int, question_id: int, state: HandoffState) -> None:
    """Let people have been asked a question."""
    async with database.write() as session:
        session.add(
            Handoff(
                question_id=question_id,
                workspace_id=workspace_id,
                channel="C1",
                platform="slack",
                target="C9",
                state=state,
                asked_at=datetime.now(UTC),
            )
        )


async def test_period_stands_beside_the_one_before(database: Database) -> None:
    """Each question is once in its period, by what became of it; other workspaces are in another's figures."""
    here = await add_workspace(database, "slack", consents=False, name="T1")
    there = await add_workspace(database, "discord", consents=True, name="9")
    await ask(database, here, "a", AnswerSource.APPROVED, votes=(1, 1, -1))
    unsure = await ask(database, here, "b", AnswerSource.NOT_SURE, channel="D1", days_ago=1.5)
    await help_with(database, unsure, "digest of ada")  # a person's answer counts no question twice
    await hand_off(database, here, unsure, HandoffState.OPEN)
    written = await ask(database, here, "c", AnswerSource.GENERATED, channel="C7", days_ago=2.5, votes=(1,))
    gone = await ask(database, here, "d", AnswerSource.GENERATED)
    waiting = await ask(database, here, "e")
    earlier = await ask(database, here, "f", AnswerSource.APPROVED, days_ago=8, votes=(-1,))
    await hand_off(database, here, earlier, HandoffState.RESOLVED)
    await ask(database, there, "g", AnswerSource.QUOTED, platform="discord", channel="77")
    async with database.write() as session:
        await session.execute(update(Answer).where(Answer.question_id == written).values(model_version="v2"))
        await session.execute(update(Question).where(Question.id == gone).values(state=QuestionState.REFUSED))
        await session.execute(update(Question).where(Question.id == waiting).values(state=QuestionState.RECEIVED))
        await session.execute(delete(Answer).where(Answer.question_id == waiting))
        session.add(Channel(workspace_id=here, channel="C7", parent="C1"))
    glance = await today_of(database).glance(Period(days=Days.WEEK, workspace_id=here))
    assert +Counter(glance.now.kinds) == {
        Kind.VERIFIED: 1,
        Kind.NOT_SURE: 1,
        Kind.GENERATED: 1,
        Kind.REFUSED: 1,
        Kind.OPEN: 1,
    }
    assert (glance.now.questions, glance.now.handed_off) == (4, 1)
    assert (glance.now.votes_up, glance.now.votes_down) == (3, 1)
    assert glance.now.up_rate == wilson(3, 1)
    assert glance.now.median_seconds == 0
    assert (glance.before.questions, glance.before.handed_off, glance.before.votes_down) == (1, 1, 1)
    assert (glance.handoffs.count, glance.queue.count) == (1, 1)
    assert glance.queue.seconds > 60
    assert len(glance.days) == 8
    assert sum((Counter(day.kinds) for day in glance.days), Counter()) == Counter(
        {kind: number for kind, number in glance.now.kinds.items() if kind is not Kind.REFUSED}
    )
    assert glance.channels == (
        ChannelCount(platform="slack", channel="C1", questions=3),  # what was asked in its thread included
        ChannelCount(platform="slack", channel="", questions=1),
    )
    assert [(one.version, one.answers, one.up, one.down) for one in glance.versions] == [("v2", 1, 1, 0)]
    assert (glance.changes.questions.now, glance.changes.questions.before) == (4, 1)
    everywhere = await today_of(database).glance(Period(days=Days.MONTH))
    assert everywhere.now.questions == 6
    assert everywhere.now.kinds[Kind.QUOTED] == 1
    assert everywhere.before.up_rate is None
    short = await today_of(database).glance(Period(days=Days.ONE, workspace_id=here))
    assert (short.now.questions, short.before.questions) == (2, 1)


async def test_most_channels_are_one_bar(database: Database) -> None:
    """Beyond ten, channels are counted together; who writes to the bot alone is never named."""
    here = await add_workspace(database, "discord", consents=False, name="9")
    alone = await add_workspace(database, "discord", consents=False, name="dm:1f")
    page = await add_workspace(database, "web", consents=False, name="local")
    for number in range(11):
        await ask(database, here, "a", platform="discord", channel=f"{number:02}")
    for name in ("x", "y", "z"):
        await ask(database, page, "a", platform="web", channel=name)
        await ask(database, alone, "a", platform="discord", channel=name)
    found = (await today_of(database).glance(Period())).channels
    assert found[:2] == (
        ChannelCount(platform="discord", channel="", questions=3),
        ChannelCount(platform="web", channel="", questions=3),
    )
    assert found[-1] == ChannelCount(platform="", channel="", questions=3)
    assert len(found) == 11


async def test_how_far_somebody_has_come(database: Database) -> None:
    """Each step counts by what is there, whoever did it and how."""
    today = today_of(database)
    nothing = Beginning(has_questions=False, has_knowledge=False, has_platform=False, has_company=False)
    assert await today.beginning() == nothing
    today = today_of(database, "web", "slack")
    assert (await today.beginning()).has_platform
    for problem in ("slack", "readiness"):
        assert await today.beginning({problem: "so it is"}) == nothing
    today = today_of(database)
    await approve(database, {"We ship to Europe.": ["do you ship abroad"]})
    place = await add_workspace(database, "slack", consents=False)
    async with database.write() as session:
        for name in ("Ana", "Bo", "Cy"):
            ended = datetime.now(UTC) if name == "Cy" else None
            session.add(OperatorAccount(name=name, role="admin", created_at=datetime.now(UTC), ended_at=ended))
        session.add(Conversation(workspace_id=place, channel="C1", thread="1", created_at=datetime.now(UTC)))
    done = Beginning(has_questions=False, has_knowledge=True, has_platform=True, has_company=True)
    assert await today.beginning() == done
    await ask(database, place, "anybody there")
    assert (await today.beginning()).has_questions
    assert [one.external_id for one in await today.places()]
