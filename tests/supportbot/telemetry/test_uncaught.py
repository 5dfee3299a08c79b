"""What Python itself would print comes as lines of the log, without words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import gc, threading, warnings
from pathlib import Path
from supportbot.config import Settings
from supportbot.telemetry.logs import configure_logging
from supportbot.telemetry.uncaught import log_uncaught

class Leaky:
    def __del__(self):
        raise KeyError("Ann Miller")

def fail():
    raise ValueError("Ann Miller")

configure_logging(Settings(home=Path("home"), log_format="json"))
log_uncaught()
warnings.warn("Ann Miller", RuntimeWarning)
Leaky()
gc.collect()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""


def test_nothing_is_printed_past_the_log(tmp_path: Path) -> None:
    """A warning, an exception in a destructor, one in a thread and the last of all are one line each."""
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    ended = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "python.warning",
        "uncaught.unraisable",
        "uncaught.in_thread",
        "uncaught.exception",
    ]
    assert lines[-1]["exception"] == "ValueError\n    program.py:23:<module>\n    program.py:13:fail"
    assert "Ann Miller" not in ended.stderr
    assert ended.returncode == 1
