"""Nothing about this installation leaves it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_engine_reports_to_nobody(tmp_path: Path) -> None:
    """OpenVINO, imported by the engine, gets no client id and loads no telemetry, nor what would use it."""
    code = (
        "import sys, supportbot.engine.openvino.graph; "
        "assert sys.modules['openvino_telemetry'] is sys.modules['openvino.tools.ovc'] is None; "
        "assert 'openvino' in sys.modules"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=tmp_path)
    assert not (tmp_path / "intel").exists()
