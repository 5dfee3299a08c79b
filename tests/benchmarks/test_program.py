"""A benchmark that is ended takes along what it started."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio
from benchmarks.program import open_scratch

async def measure(scratch):
    server = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        print(server.pid, scratch, flush=True)
        await server.wait()
    finally:
        server.kill()
        await server.wait()
        print("closed", flush=True)

with open_scratch() as scratch:
    asyncio.run(measure(scratch))
"""


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_benchmark_and_what_it_started(ended_by: signal.Signals) -> None:
    """Also one that was started in the background, where a shell has it ignore SIGINT."""
    command = ["sh", "-c", 'trap "" INT; exec "$0" -c "$1"', sys.executable, PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        server, scratch = process.stdout.readline().split()
        process.send_signal(ended_by)
        assert process.stdout.read() == "closed\n"
    assert process.returncode != 0
    assert not Path(scratch).exists()
    assert not Path("/proc", server).exists()
