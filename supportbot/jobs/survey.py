"""What a training would learn now, counted by a process of its own: the rules are those of ``training``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from supportbot.config import Settings
from supportbot.errors import JobError
from supportbot.jobs.commands import SURVEY
from supportbot.jobs.environment import environment
from supportbot.words import N_

_SECONDS = 120.0
"""A million rows take about a minute."""

_TOO_LONG = N_("Counting the rows took longer than two minutes. Try again when fewer people are asking.")
_FAILED = N_("The rows couldn't be counted. Run `python -m training.survey` on the bot's machine to see why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What there is to learn.

    Attributes:
        train: rows to train on.
        held_out: rows to measure on.
        left_out: rows by the reason against them.
        answers: different ones to train on; no more than one above ``most_answers`` are counted.
        most_answers: that the FAQ recipe learns.
        has_base: whether the documented base is here, or can be fetched.
    """

    train: int
    held_out: int
    left_out: Mapping[str, int]
    answers: int
    most_answers: int
    has_base: bool


async def survey(settings: Settings) -> Survey:
    """Count.

    Raises:
        JobError: it can't be counted; the sentence says what to do.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", SURVEY),
        env=environment(settings, os.environ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            said, errors = await process.communicate()
    except TimeoutError:
        raise JobError(_TOO_LONG) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise JobError(lines[-1] if process.returncode == 2 and lines else _FAILED)
    return Survey(**json.loads(said))
