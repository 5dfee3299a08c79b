"""The real daemon follows promotions and rollbacks while people ask: nothing is lost on the way."""

from __future__ import annotations

import asyncio
import json
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from supportbot.config import Settings
from supportbot.models.registry import Registry, starter_directory
from tests.e2e.daemon import log_of, run_command, running, supportbot
from tests.slack_server import Envelope, LocalSlack
from tests.versions import install_version

QUESTION = "How do I return an item?"


async def _ask_until(slack: LocalSlack, stopped: asyncio.Event, asked: list[Envelope]) -> None:
    """Ask one question after the other, each as soon as its predecessor's answer is there."""
    while not stopped.is_set():
        asked.append(await slack.mention("C1", "U1", QUESTION))
        await slack.wait_for_message(thread_ts=asked[-1].ts, seconds=30)


async def _switch(home: Path, *arguments: str) -> None:
    status, _, errors = await supportbot(home, "models", *arguments, "--by", "ann")
    assert status == 0, errors


def _use_own(registry: Registry) -> None:
    """Make a version live that is not the starter, which is silent where there is a chat platform."""
    install_version(registry, starter_directory(), "own")
    registry.activate("own")


@pytest.mark.long
async def test_promote_and_roll_back_while_people_ask(home: Path) -> None:
    """Questions flow through a promotion and a rollback; a broken version never answers."""
    registry = Registry(Settings(home=home).models_dir)
    _use_own(registry)
    install_version(registry, starter_directory(), "better")
    asked: list[Envelope] = []
    stopped = asyncio.Event()
    async with LocalSlack() as slack, running(home, **slack.environment()) as daemon:
        await slack.wait_until_connected(seconds=30)
        asking = [asyncio.create_task(_ask_until(slack, stopped, asked)) for _ in range(3)]
        await slack.wait_until(partial(_has_replies, slack, 6), "some replies", seconds=30)

        await _switch(home, "promote", "better", "--force", "a test")
        swapped = await daemon.read_until("model.swapped")
        assert (swapped["from"], swapped["to"]) == ("own", "better")
        after_promotion = len(asked)
        await slack.wait_until(partial(_has_replies, slack, len(slack.replies) + 6), "more", seconds=30)

        registry.rollback()  # what the command does; its start alone takes seconds on a busy machine
        began = time.monotonic()
        assert (await daemon.read_until("model.swapped"))["to"] == "own"
        assert time.monotonic() - began < 5
        after_rollback = len(asked)
        await slack.wait_until(partial(_has_replies, slack, len(slack.replies) + 6), "more", seconds=30)

        stopped.set()
        await asyncio.gather(*asking)
        await slack.wait_for_acks(seconds=30)
        entries = (await log_of(home))[: len(asked)]
    answered = [reply.thread_ts or "" for reply in slack.replies]
    assert sorted(answered) == sorted(envelope.ts for envelope in asked)  # none lost, none twice
    assert {entry["state"] for entry in entries} == {"delivered"}
    assert all("return" in entry["answer"].lower() for entry in entries if entry["source"] == "generated")
    versions = [entry["model_version"] for entry in entries]
    assert set(versions) == {"own", "better"}
    assert versions[0] == versions[-1] == "own"
    assert set(versions[after_promotion : after_rollback - 3]) == {"better"}
    assert set(versions[after_rollback:]) == {"own"}


async def test_broken_version_never_answers(home: Path) -> None:
    """A damaged candidate is refused by the command; forced in by hand, the daemon refuses it and answers on."""
    registry = Registry(Settings(home=home).models_dir)
    norm = "transformer.ln_f.weight"
    width = json.loads((starter_directory() / "config.json").read_text())["n_embd"]
    nan = {norm: torch.full((width,), float("nan"), dtype=torch.float16)}
    _use_own(registry)
    install_version(registry, starter_directory(), "broken", weights=nan)
    install_version(registry, starter_directory(), "whole")
    async with LocalSlack() as slack, running(home, **slack.environment()) as daemon:
        await slack.wait_until_connected(seconds=30)
        status, _, errors = await supportbot(home, "models", "promote", "broken", "--force", "a test")
        assert status == 2
        assert norm in errors
        assert "Traceback" not in errors
        assert registry.active() == "own"

        registry.activate("broken")
        failed = await daemon.read_until("model.swap_failed")
        assert (failed["wanted"], failed["kept"], failed["level"]) == ("broken", "own", "error")
        first = await slack.mention("C1", "U1", QUESTION)
        await slack.wait_for_message(thread_ts=first.ts, seconds=30)
        registry.activate("whole")
        await daemon.read_until("model.swapped")
        second = await slack.mention("C1", "U1", QUESTION)
        await slack.wait_for_message(thread_ts=second.ts, seconds=30)
        await slack.wait_for_acks(seconds=30)
        assert [entry["model_version"] for entry in await log_of(home)] == ["own", "whole"]
    events = [line["event"] for line in daemon.lines]
    assert events.count("model.swap_failed") == 1


async def test_live_version_that_fails_stops_the_start(home: Path) -> None:
    """A live version that can't say anything is told before anybody asks, and a rollback fixes it."""
    registry = Registry(Settings(home=home).models_dir)
    width = json.loads((starter_directory() / "config.json").read_text())["n_embd"]
    huge = {"transformer.ln_f.weight": torch.full((width,), 60_000.0, dtype=torch.float16)}
    install_version(registry, starter_directory(), "huge", weights=huge)
    registry.activate("huge")
    status, _, errors = await run_command(home, "bot", SUPPORTBOT_PRECISION="fp16")
    assert status == 2, errors
    assert (
        "The live version 'huge' can't answer, so return to 'starter' with `supportbot models rollback`" in errors
    )
    assert "Traceback" not in errors
    await _switch(home, "rollback")
    async with running(home) as daemon:
        assert daemon.ready["model_version"] == "starter"


async def test_stop_in_the_middle_of_a_switch(home: Path) -> None:
    """SIGTERM while a version is being taken up ends the daemon as well as ever, and the next one starts on it."""
    registry = Registry(Settings(home=home).models_dir)
    install_version(registry, starter_directory(), "next")
    async with running(home) as daemon:  # which ends with SIGTERM, and must end with status 0
        registry.activate("next")
        assert (await daemon.read_until("engine.loaded"))["model_version"] == "next"
    assert "daemon.stopped" in [line["event"] for line in daemon.lines]
    async with running(home) as daemon:
        assert daemon.ready["model_version"] == "next"


def _has_replies(slack: LocalSlack, count: int) -> bool | None:
    return len(slack.replies) >= count or None
