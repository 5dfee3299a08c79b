"""The graph as a step runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from supportbot.engine.openvino.export import export
from supportbot.engine.openvino.messages import Precision
from supportbot.engine.openvino.paged import PagedModel, Segment


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_log_sums_are_those_of_the_logits(tiny_model: Path, exports: Path, precision: Precision) -> None:
    """The graph sums up what it returns, in fp32 whatever else it computes in."""
    model = PagedModel(export(tiny_model, exports, "int8" if precision == "int8" else "16bit"), precision, 2)
    texts = [np.arange(3, 8), np.arange(9)]
    logits, log_sums = model.forward(
        [Segment(ids, 0, np.array([block], np.int32), wanted=2) for block, ids in enumerate(texts)]
    )
    assert logits.shape[0] == len(log_sums) == 4
    expected = torch.logsumexp(torch.from_numpy(logits.copy()).double(), dim=1)
    assert log_sums == pytest.approx(expected.numpy(), abs=1e-5)
