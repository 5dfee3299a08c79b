"""The graph as a step runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from openvino import opset13

from supportbot.engine.openvino.export import export
from supportbot.engine.openvino.messages import Precision
from supportbot.engine.openvino.paged import DEVICE, PagedModel, Segment, add_log_sums


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


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 17, 50_256])
def test_a_row_with_what_is_no_number_has_no_finite_sum(wrong: float, place: int) -> None:
    """Wherever in a row damage stands, its sum tells, and that of the rows beside it is as ever."""
    given = opset13.parameter([-1, -1, 50_257], ov.Type.f32)
    # Something to compute, as in a model; many other operations would make a number of NaN.
    graph = ov.Model([opset13.result(opset13.add(given, np.float32(1)))], [given])
    add_log_sums(graph)
    rows = np.random.default_rng(0).uniform(0, 8, (1, 3, 50_257)).astype(np.float32)
    expected = torch.logsumexp(torch.from_numpy(rows[0] + 1), dim=1).numpy()
    rows[0, 1, place] = wrong
    log_sums = ov.Core().compile_model(graph, DEVICE)([rows])[1].reshape(-1)
    assert not np.isfinite(log_sums[1])
    assert log_sums[[0, 2]] == pytest.approx(expected[[0, 2]], abs=1e-5)
