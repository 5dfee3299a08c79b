"""What was decided, kept and put together, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from supportbot.db import audit
from supportbot.db.models import Channel, ChannelPolicy, Workspace
from supportbot.db.session import Database
from supportbot.errors import ConfigError
from supportbot.policies.errors import PolicyError
from supportbot.policies.form import submit
from supportbot.policies.layers import effective
from supportbot.policies.policy import AnswerOn, Hours, Policy
from supportbot.policies.store import Place, Policies

ALL = Place(platform="slack", workspace="T1")
HERE = Place(platform="slack", workspace="T1", channel="C1")
ADA = "slack:T1:UADA"


@pytest.fixture
def policies(database: Database) -> Policies:
    """Nothing is decided yet."""
    return Policies(database)


async def test_channel_follows_its_workspace_in_what_it_does_not_decide(policies: Policies) -> None:
    """Each layer decides what it names, and a layer that goes leaves what is below."""
    assert await policies.shown(HERE) == Policy()
    await policies.change(ALL, {"answer_on": "never", "language": "de"}, ADA)
    assert (await policies.change(HERE, {"answer_on": "questions"}, ADA)).language == "de"
    await policies.change(ALL, {"language": None, "verified_only": True}, ADA)
    assert await policies.shown(HERE) == Policy(answer_on=AnswerOn.QUESTIONS, verified_only=True)
    elsewhere = Place(platform="slack", workspace="T1", channel="C2")
    assert (await policies.shown(elsewhere)).answer_on is AnswerOn.NEVER
    for other in ({"workspace": "T2"}, {"platform": "discord"}):
        values: dict[str, Any] = {"platform": "slack", "workspace": "T1", "channel": "C1", **other}
        assert await policies.shown(Place(**values)) == Policy()
    assert (await policies.reset(HERE, ADA)).answer_on is AnswerOn.NEVER
    assert await policies.reset(ALL, ADA) == Policy()


async def test_thread_has_the_policy_of_its_channel(policies: Policies, database: Database) -> None:
    """Whether the platform has just said which channel that is, or it is known from before."""
    await policies.change(HERE, {"answer_on": "never"}, ADA)
    thread = Place(platform="slack", workspace="T1", channel="99", parent="C1")
    assert (await policies.shown(thread)).answer_on is AnswerOn.NEVER
    async with database.write() as session:
        workspace_id = await session.scalar(select(Workspace.id)) or 0
        session.add(Channel(workspace_id=workspace_id, channel="99", parent="C1"))
    async with database.read() as session:
        assert (await effective(session, workspace_id, "99")).answer_on is AnswerOn.NEVER
        assert await effective(session, None, "99") == Policy()
    await policies.change(thread, {"answer_on": "mention"}, ADA)
    assert (await policies.shown(thread)).answer_on is AnswerOn.MENTION


async def test_decisions_are_listed_and_audited(policies: Policies, database: Database) -> None:
    """Who decided what, and when, is in the list and in the audit."""
    hours = Hours(zone="Europe/Berlin")
    await policies.change(ALL, {"quiet_hours": hours}, "Ana")
    await policies.change(HERE, {"verified_only": True}, ADA)
    whole, channel = await policies.listed()
    assert (whole.place, whole.by, whole.policy.quiet_hours) == (ALL, "Ana", hours)
    assert (channel.place, channel.by, channel.settings) == (HERE, ADA, {"verified_only": True})
    assert channel.policy.quiet_hours == hours
    assert channel.at >= whole.at
    await policies.reset(HERE, ADA)
    await policies.reset(HERE, ADA)  # nothing is left to take back
    deeds = [(deed.actor, deed.action, deed.subject) for deed in await audit.recent(database, 10)]
    assert deeds == [
        (ADA, "policy.reset", "policy:slack:T1:C1"),
        (ADA, "policy.change", "policy:slack:T1:C1"),
        ("Ana", "policy.change", "policy:slack:T1"),
    ]


@pytest.mark.parametrize(
    ("settings", "by", "error"),
    [
        ({"answer_on": "sometimes"}, ADA, PolicyError),
        ({"colour": "blue"}, ADA, PolicyError),
        ({"digest": True}, " ", ConfigError),
    ],
)
async def test_what_is_refused_changes_nothing(
    policies: Policies, settings: dict[str, Any], by: str, error: type[Exception]
) -> None:
    """A setting that makes no sense, or a decision of nobody, leaves no row."""
    with pytest.raises(error):
        await policies.change(HERE, settings, by)
    assert await policies.listed() == []


async def test_two_who_decide_at_once_both_count(policies: Policies) -> None:
    """Neither takes away what the other one decided."""
    changes: list[dict[str, Any]] = [{"handoff_everywhere": True}, {"verified_only": True}, {"language": "de"}]
    await asyncio.gather(*(policies.change(HERE, settings, ADA) for settings in changes))
    assert await policies.shown(HERE) == Policy(handoff_everywhere=True, verified_only=True, language="de")


@pytest.mark.parametrize("settings", [{"colour": "blue"}, {"answer_on": 7}, {"quiet_hours": "at night"}])
async def test_policy_that_cannot_be_read_is_silence(
    policies: Policies, database: Database, settings: dict[str, Any]
) -> None:
    """What a newer program or a hand wrote is told in the log, and the bot does not speak where it may be off."""
    await policies.change(HERE, {"answer_on": "never"}, ADA)
    async with database.write() as session:
        await session.execute(update(ChannelPolicy).values(settings=settings))
    with capture_logs() as lines:
        assert (await policies.shown(HERE)).answer_on is AnswerOn.NEVER
    assert [(line["event"], line["settings"]) for line in lines] == [("policy.unreadable", list(settings))]


async def test_form_decides_what_its_sender_changed(policies: Policies) -> None:
    """What nobody touched still follows the workspace; what is wrong keeps all of it back, field by field."""
    await policies.change(ALL, {"language": "de", "answer_on": "threads"}, ADA)
    typed = {
        "answer_on": "questions",
        "verified_only": "no",
        "language": "de",
        "quiet_hours": "",
        "handoff_target": "",
    }
    assert (await submit(policies, HERE, typed, ADA)).answer_on is AnswerOn.QUESTIONS
    assert [one.settings for one in await policies.listed() if one.place == HERE] == [{"answer_on": "questions"}]
    wrong = {**typed, "language": "en", "quiet_hours": "at night", "handoff_target": "us all"}
    with pytest.raises(PolicyError) as raised:
        await submit(policies, HERE, wrong, ADA)
    assert set(raised.value.errors) == {"quiet_hours", "handoff_target"}
    assert (await policies.shown(HERE)).language == "de"
    assert (await submit(policies, HERE, {**typed, "language": ""}, ADA)).language is None
