"""The real daemon tries a candidate on half of the conversations, until people's votes stop it."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import select

from supportbot.config import Settings
from supportbot.db.models import Answer, Audit
from supportbot.db.session import Database
from supportbot.models.registry import Registry, starter_directory
from tests.e2e.daemon import running, supportbot
from tests.slack_server import LocalSlack
from tests.versions import install_version

QUESTION = "How do I return an item?"
MOST = 60
"""Conversations after which the votes must have decided; some fifteen do, unless one arm gets hardly any."""


async def test_people_stop_a_candidate(home: Path) -> None:
    """Both versions answer, follow-ups on their own; votes against the candidate end its trial by the rule."""
    settings = Settings(home=home)
    registry = Registry(settings.models_dir)
    for name in ("own", "worse"):
        install_version(registry, starter_directory(), name)
    registry.activate("own")
    database = Database(settings.sqlalchemy_url)

    async def last_version() -> str | None:
        async with database.read() as session:
            version: str | None = await session.scalar(
                select(Answer.model_version).order_by(Answer.id.desc()).limit(1)
            )
            return version

    async with LocalSlack() as slack, running(home, **slack.environment()) as daemon:
        await slack.wait_until_connected(seconds=30)
        command = ("models", "trial", "start", "worse", "--share", "50", "--by", "ann", "--json")
        status, output, errors = await supportbot(home, *command)
        assert status == 0, errors
        trial = json.loads(output)["trial"]
        assert (await daemon.read_until("trial.joined"))["candidate"] == "worse"

        threads: dict[str | None, str] = {}
        asked = 0
        while not any(line["event"] == "trial.ended" for line in daemon.lines):
            assert asked < MOST, "The votes never decided."
            asked += 1
            said = await slack.mention("C1", "U1", QUESTION)
            shown = await slack.wait_for_message(thread_ts=said.ts, seconds=30)
            version = await last_version()
            if version not in threads:
                threads[version] = said.ts
                await slack.mention("C1", "U1", QUESTION, thread_ts=said.ts)
                await slack.wait_for_message(thread_ts=said.ts, count=2, seconds=30)
                assert await last_version() == version
            await slack.wait_for_ack(await slack.click(shown, "U2", positive=version == "own"), seconds=30)
        assert set(threads) == {"own", "worse"}
        await daemon.read_until("trial.left")
        await slack.mention("C1", "U1", QUESTION, thread_ts=threads["worse"])
        await slack.wait_for_message(thread_ts=threads["worse"], count=3, seconds=30)
        assert await last_version() == "own"
        await slack.wait_for_acks(seconds=30)
    status, output, errors = await supportbot(home, "models", "trial", "show", "--json")
    assert status == 0, errors
    shown_at_end = json.loads(output)
    assert (shown_at_end["trial"], shown_at_end["outcome"]) == (trial, "worse")
    assert shown_at_end["difference"]["high"] < 0
    assert shown_at_end["candidate"]["good"] == shown_at_end["live"]["bad"] == 0
    async with database.read() as session:
        deeds = (await session.execute(select(Audit.actor, Audit.action).order_by(Audit.id))).all()
    await database.aclose()
    assert [tuple(one) for one in deeds] == [("ann", "model.trial_start"), ("supportbot", "model.trial_end")]
