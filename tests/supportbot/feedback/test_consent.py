"""Consent to training, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from supportbot.db import audit
from supportbot.db.models import Example, Workspace
from supportbot.db.session import Database
from supportbot.db.states import LOCAL_WORKSPACE, PUBLIC_WORKSPACE
from supportbot.feedback.consent import (
    ConsentError,
    allow,
    counts_for_training,
    may_be_learned_from,
    workspaces,
)
from supportbot.intake.people import direct_messages_of
from tests.locks import begun, on_postgresql
from tests.supportbot.feedback.curation.rows import add_answer, add_examples, add_workspace, example


async def test_consent_is_given_and_taken_back(database: Database) -> None:
    """Who and when is kept, and both decisions are audited."""
    await add_answer(database, platform="slack", workspace="T1")
    given = await allow(database, "slack", "T1", "ada", allow=True)
    assert (given.counts, given.by) == (True, "ada")
    assert given.at is not None
    taken_back = await allow(database, "slack", "T1", "bob", allow=False)
    assert (taken_back.counts, taken_back.by, taken_back.at) == (False, None, None)
    assert len(await workspaces(database)) == 1
    assert [(entry.actor, entry.action, entry.subject) for entry in await audit.recent(database, 10)] == [
        ("bob", "consent.withdraw", "workspace:slack:T1"),
        ("ada", "consent.allow", "workspace:slack:T1"),
    ]


async def test_consent_may_come_before_the_first_question(database: Database) -> None:
    """A workspace that nothing was heard from yet is created; its first question finds it."""
    await allow(database, "discord", "123", "ada", allow=True)
    await add_answer(database, platform="discord", workspace="123")
    [known] = await workspaces(database)
    assert (known.platform, known.external_id, known.counts) == ("discord", "123", True)


@on_postgresql
async def test_consent_comes_with_the_first_question(database: Database) -> None:
    """Consent to a workspace from which something is heard for the first time at this moment is kept."""
    async with database.write() as session:
        now = datetime.now(UTC)
        session.add(Workspace(platform="slack", external_id="T1", settings={}, created_at=now))
        await session.flush()
        consenting = await begun(database, allow(database, "slack", "T1", "ada", allow=True))
    assert (await consenting).counts
    assert len(await workspaces(database)) == 1


async def test_what_counts(database: Database) -> None:
    """Imports and this machine count by themselves, any other workspace and a public page with consent."""
    places = {
        name: await add_workspace(database, platform, consents=consents, name=workspace)
        for name, platform, workspace, consents in (
            ("slack", "slack", "T1", False),
            ("slack with consent", "slack", "T2", True),
            ("slack's own local", "slack", LOCAL_WORKSPACE, False),
            ("discord", "discord", "1", False),
            ("web", "web", LOCAL_WORKSPACE, False),
            ("web for everybody", "web", PUBLIC_WORKSPACE, False),
            ("cli", "cli", LOCAL_WORKSPACE, False),
        )
    }
    rows = [example(name, workspace_id=place) for name, place in places.items()]
    await add_examples(database, *rows, example("import"))
    async with database.read() as session:
        query = select(Example.prompt).where(counts_for_training(Example.workspace_id))
        counting = set(await session.scalars(query))
    assert counting == {"import", "web", "cli", "slack with consent"}
    known = await workspaces(database)
    assert {(place.platform, place.external_id) for place in known if place.counts} == {
        ("slack", "T2"),
        ("web", LOCAL_WORKSPACE),
        ("cli", LOCAL_WORKSPACE),
    }
    for place in known:
        assert await may_be_learned_from(database, place.platform, place.external_id) is place.counts


async def test_page_that_other_machines_open_needs_consent(database: Database) -> None:
    """Its rows count from the moment that somebody allows it, and no more once that is taken back."""
    assert not await may_be_learned_from(database, "web", PUBLIC_WORKSPACE)
    assert (await allow(database, "web", PUBLIC_WORKSPACE, "ada", allow=True)).counts
    assert await may_be_learned_from(database, "web", PUBLIC_WORKSPACE)
    assert not (await allow(database, "web", PUBLIC_WORKSPACE, "ada", allow=False)).counts


async def test_direct_messages_are_allowed_by_each_person(database: Database) -> None:
    """A person's id names what they write to the bot alone; the id itself is kept nowhere, nor in the audit."""
    given = await allow(database, "discord", "dm:41771983423143937", "ada", allow=True)
    assert given.external_id == direct_messages_of("discord", "41771983423143937")
    assert await may_be_learned_from(database, "discord", given.external_id)
    assert not await may_be_learned_from(database, "discord", direct_messages_of("discord", "41771983423143938"))
    [entry] = await audit.recent(database, 10)
    assert "41771983423143937" not in f"{given.external_id}{entry.subject}{entry.details}"


@pytest.mark.parametrize(
    ("platform", "workspace", "by", "sentence"),
    [
        ("web", "local", "ada", "count without consent"),
        ("slack", "T1", " ", "add --by NAME"),
        ("slack", "", "ada", "the id of the workspace"),
        ("discord", "dm", "ada", "each person gives consent"),
    ],
)
async def test_consent_without_a_meaning_is_refused(
    database: Database, platform: str, workspace: str, by: str, sentence: str
) -> None:
    """Consent of nobody, or for what needs none, is a sentence and leaves no trace."""
    with pytest.raises(ConsentError, match=sentence):
        await allow(database, platform, workspace, by, allow=True)
    assert await workspaces(database) == []
    assert await audit.recent(database, 1) == []
