"""A folder with something in it is not overwritten, and a finished run is not begun again."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.config import Settings
from supportbot.errors import ConfigError
from training.finetune.arguments import parse_run
from training.finetune.machine import Machine
from training.finetune.output import RUN_RECORD, UNFINISHED, check_output


def test_finished_run_is_not_resumed(tmp_path: Path) -> None:
    """With --resume too: its record would no longer be that of the rows which trained it."""
    data = tmp_path / "rows.jsonl"
    data.write_text('{"question": "a", "answer": "b"}\n')
    out = tmp_path / "out"
    (out / RUN_RECORD).parent.mkdir(parents=True)
    (out / RUN_RECORD).write_text("{}")
    flags = ["--data", str(data), "--output-dir", str(out)]
    run = parse_run([*flags, "--resume"], Settings(home=tmp_path), Machine.here())
    with pytest.raises(ConfigError, match="is finished: name another"):
        check_output(run)
    (out / UNFINISHED).touch()
    check_output(run)
    with pytest.raises(ConfigError, match="add --resume"):
        check_output(parse_run(flags, Settings(home=tmp_path), Machine.here()))
