"""A process that is told to stop is gone in time, whatever holds it up."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

HELD_UP = """
import asyncio, os
from bot import stopping
stopping.STOP_SECONDS, stopping._AGAIN_SECONDS = {seconds}, {again}

async def main():
    told = stopping.hear_signals()
    print("ready", flush=True)
    await told.wait()
    print("told", flush=True)
    await asyncio.to_thread(os.read, os.pipe()[0], 1)  # for ever

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("signals", "seconds", "again", "reason"),
    [
        ([signal.SIGTERM], 0.3, 60, "something held it up"),
        ([signal.SIGINT, signal.SIGINT], 0.3, 60, "something held it up"),  # one Ctrl-C, heard twice
        ([signal.SIGINT, signal.SIGTERM], 60, 0, "told twice"),
    ],
)
async def test_what_holds_the_process_up_is_left(
    signals: list[signal.Signals], seconds: float, again: float, reason: str
) -> None:
    """A thread that cannot be stopped does not keep the process: status 0, and one line that says so."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HELD_UP.format(seconds=seconds, again=again),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.send_signal(signals[0])
    assert await process.stdout.readline() == b"told\n"
    for number in signals[1:]:
        process.send_signal(number)
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert "daemon.cut_short" in output.decode()
    assert reason in output.decode()
