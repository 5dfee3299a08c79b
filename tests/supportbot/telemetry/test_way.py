"""The number of a question in whatever is logged while it is worked on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from supportbot.config import Settings
from supportbot.telemetry import way
from supportbot.telemetry.logs import configure_logging

pytestmark = pytest.mark.usefixtures("restored_logging")

Lines = Callable[[], dict[str, Any]]


@pytest.fixture
def numbers(tmp_path: Path) -> Lines:
    """The number in each line so far, by what was logged."""
    with redirect_stderr(StringIO()) as written:
        configure_logging(Settings(home=tmp_path, log_format="json"))
    return lambda: {
        line["event"]: line.get("question_id") for line in map(json.loads, written.getvalue().splitlines())
    }


async def test_what_was_heard_has_its_number_until_the_next_event(numbers: Lines) -> None:
    """A loop that reads back hears one event after the other: none has the number of the one before."""
    log = structlog.get_logger("bot.test")
    for event, number in (("first", 7), ("nothing", 0), ("second", 8)):
        with way.hearing():
            assert way.heard_at() is not None
            way.kept(number)
            log.info(event)
        log.info(f"after {event}")
    way.kept(9)  # nobody hears an event
    log.info("without an event")
    assert way.heard_at() is None
    assert numbers() == {
        "first": 7,
        "after first": None,
        "nothing": None,
        "after nothing": None,
        "second": 8,
        "after second": None,
        "without an event": None,
    }


async def test_questions_at_once_have_their_own_numbers(numbers: Lines) -> None:
    """Tasks that work on questions at the same time, and what they start, log each their own number."""
    log = structlog.get_logger("bot.test")
    both = asyncio.Barrier(2)

    async def work(number: int) -> None:
        with way.working_on(number):
            await both.wait()
            await asyncio.create_task(tell(f"part of {number}"))
            await asyncio.to_thread(log.info, f"thread of {number}")
        log.info(f"after {number}")

    async def tell(event: str) -> None:
        log.info(event)

    await asyncio.gather(work(1), work(2))
    assert numbers() == {
        "part of 1": 1,
        "thread of 1": 1,
        "after 1": None,
        "part of 2": 2,
        "thread of 2": 2,
        "after 2": None,
    }
