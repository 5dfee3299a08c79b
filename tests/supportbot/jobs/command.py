"""A command in the place of training, as a process of its own: it tells its progress, then does as a file says.

The file is that of the run with ``.do`` behind its name: ``end``, ``fail``, ``crash`` or ``stay``. With the last
one it does not end when it is asked to.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from training.lines import Lines

_MOST_SECONDS = 300.0


def main(argv: list[str]) -> int:
    """Run the command; return its exit status."""
    values = dict(one.removeprefix("--").split("=", 1) for one in argv if "=" in one)
    run = Path(values.get("output-dir") or values["candidate"])
    if "progress" in values:
        lines = Lines(Path(values["progress"]))
        lines.done("train", 3, 4)
        for step in (1, 2, 3):
            lines.logged(step, loss=3.0 / step)
    tokens = sorted(name for name, value in os.environ.items() if "TOKEN" in name and value)
    sys.stdout.write(f"Learning {tokens}\n")
    try:
        deed = _wait(run.with_name(f"{run.name}.do"))
    except KeyboardInterrupt:
        sys.stdout.write("Interrupted: nothing was kept.\n")
        return 130
    if deed == "fail":
        sys.stderr.write("The database has no row to train on: approve some.\n")
        return 2
    if deed == "crash":
        raise ZeroDivisionError
    (run / "report").mkdir(parents=True, exist_ok=True)
    record = {"data": {"train_rows": 40, "held_out_rows": 4}, "train_seconds": 1.5, "final_loss": 1.0}
    (run / "report" / "run.json").write_text(json.dumps({**record, "loss_history": [{"step": 1, "loss": 3.0}]}))
    return 0


def _wait(path: Path) -> str:
    until = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < until:
        try:
            if path.is_file() and (deed := path.read_text()) != "stay":
                return deed
            time.sleep(0.02)
        except KeyboardInterrupt:
            if not path.is_file():
                raise
    raise TimeoutError


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
