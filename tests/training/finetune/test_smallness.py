"""A small base and a short way for its weights are told of before a run begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.config import Settings
from training.finetune.arguments import parse_run
from training.finetune.machine import Machine
from training.finetune.smallness import objection

STARTER, GPT2 = 750_000, 124_000_000
CPU = Machine(cuda=False, bf16=True, processes=1)


@pytest.mark.parametrize(
    ("flags", "parameters", "objects"),
    [
        ([], STARTER, True),
        ([], GPT2, False),
        (["--learning-rate=2e-3", "--num-train-epochs=14"], STARTER, False),
        (["--learning-rate=2e-3", "--max-steps=20"], STARTER, True),
        (["--method=kto"], STARTER, False),
    ],
)
def test_run_that_would_teach_nothing_is_objected_to(
    flags: list[str], parameters: int, objects: bool, tmp_path: Path
) -> None:
    """The documented arguments move a starter-sized base too little; the sentence names the recipe."""
    run = parse_run(["--from-db", *flags], Settings(home=tmp_path), CPU)
    sentence = objection(run, parameters, 658)
    assert (sentence is not None) == objects
    if sentence is not None:
        assert "0.75 million parameters" in sentence
        assert "`--recipe faq`" in sentence
