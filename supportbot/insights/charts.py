"""What the charts show: questions by day and by channel, and what people think of each version of the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import BigInteger, and_, case, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Channel, Conversation, Question, Workspace
from supportbot.db.states import LOCAL_PLATFORMS, QuestionState
from supportbot.insights.counting import Counted
from supportbot.intake.people import DIRECT
from supportbot.statistics.asked import During
from supportbot.statistics.interval import wilson
from supportbot.statistics.kinds import Kind

MOST_CHANNELS = 10
"""Channels that have a bar of their own."""

MOST_VERSIONS = 10
"""Versions that are compared, those that wrote most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of UTC and its questions, by what became of them."""

    day: date
    kinds: Mapping[Kind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCount:
    """Where how much was asked.

    Attributes:
        platform: where; empty for all other channels together.
        channel: the platform's name of it; empty for all that is asked there of the bot alone.
        questions: how many.
    """

    platform: str
    channel: str
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionVotes:
    """What people think of a version of the model.

    Attributes:
        version: its name.
        answers: that it wrote and that stand for their questions.
        up: thumbs on what it wrote.
        down: likewise.
        up_rate: see ``wilson``.
    """

    version: str
    answers: int
    up: int
    down: int
    up_rate: tuple[float, float, float] | None


def days_of(counted: Counted, days: range, today: date) -> tuple[Day, ...]:
    """Return the days of a period, the first one first; it begins and ends within one, so it is one more.

    Args:
        counted: what happened.
        days: counted back from now.
        today: of UTC.
    """
    found: dict[date, Counter[Kind]] = {}
    for cell in counted.cells:
        if cell.days_ago in days and cell.kind is not Kind.REFUSED:
            found.setdefault(cell.day, Counter())[cell.kind] += cell.questions
    dates = [today - timedelta(days=ago) for ago in range(days.stop, -1, -1)]
    return tuple(Day(day=one, kinds=found.get(one, {})) for one in dates)


def versions_of(counted: Counted, days: range) -> tuple[VersionVotes, ...]:
    """Return the versions that answered in some days."""
    answers: Counter[str] = Counter()
    up: Counter[str] = Counter()
    down: Counter[str] = Counter()
    for cell in counted.cells:
        if cell.days_ago in days and cell.kind is Kind.GENERATED:
            answers[cell.version] += cell.questions
    for votes in counted.votes:
        if votes.days_ago in days:
            up[votes.version] += votes.up
            down[votes.version] += votes.down
    return tuple(
        VersionVotes(
            version=version,
            answers=number,
            up=up[version],
            down=down[version],
            up_rate=wilson(up[version], down[version]),
        )
        for version, number in answers.most_common(MOST_VERSIONS)
        if version
    )


async def read_channels(session: AsyncSession, during: During) -> tuple[ChannelCount, ...]:
    """Return where most was asked, the most first, and the rest as one; each question counts once."""
    # Counted before anything else is looked up: there are many questions to a channel.
    asked = (
        select(
            Question.platform,
            Conversation.workspace_id,
            Conversation.channel,
            func.count().label("questions"),
        )
        .select_from(Question)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .where(*during, Question.sample == 1, Question.state != QuestionState.REFUSED)
        .group_by(Question.platform, Conversation.workspace_id, Conversation.channel)
        .subquery()
        .c
    )
    # Each visitor of the page is a channel of their own, and so is each who writes to the bot alone.
    is_alone = or_(
        asked.platform.in_(LOCAL_PLATFORMS),
        and_(asked.platform == "slack", asked.channel.startswith("D")),
        Workspace.external_id.startswith(DIRECT),
    )
    channel = case((is_alone, null()), else_=func.coalesce(Channel.parent, asked.channel)).label("channel")
    questions = func.sum(asked.questions, type_=BigInteger).label("questions")
    within = (Channel.workspace_id == asked.workspace_id) & (Channel.channel == asked.channel)
    query = (
        select(asked.platform, channel, questions)
        .join(Workspace, asked.workspace_id == Workspace.id)
        .outerjoin(Channel, within)
        .group_by(asked.platform, channel)
        .order_by(questions.desc(), asked.platform, channel)
    )
    rows = (await session.execute(query)).all()
    found = [
        ChannelCount(platform=row.platform, channel=row.channel or "", questions=int(row.questions))
        for row in rows[:MOST_CHANNELS]
    ]
    if rest := sum(int(row.questions) for row in rows[MOST_CHANNELS:]):
        found.append(ChannelCount(platform="", channel="", questions=rest))
    return tuple(found)
