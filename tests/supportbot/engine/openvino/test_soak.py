"""A short soak; ``make soak`` runs the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.supportbot.engine.openvino.soak import soak

pytestmark = pytest.mark.long


async def test_no_question_is_lost_while_processes_die_and_models_change(tmp_path: Path) -> None:
    """Of 300 questions each is answered, cancelled by its asker, or too late for its own deadline."""
    report = await soak(tmp_path, 300)
    assert sum(report.ended.values()) == 300
    assert set(report.ended) <= {"answered", "cancelled", "too late"}
    assert report.ended["answered"] > 150
    assert min(report.kills, report.swaps) > 0
    assert report.asked_again < 30
