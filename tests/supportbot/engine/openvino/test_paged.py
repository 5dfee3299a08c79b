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


def test_a_step_is_computed_from_its_own_inputs(tiny_model: Path, exports: Path) -> None:
    """Steps of the same size, of another and of the first again give what each gives as the first of a model."""
    directory = export(tiny_model, exports, "16bit")
    blocks = [np.array([block], np.int32) for block in range(3)]
    steps = [
        [Segment(np.array([5, 9, 2]), 0, blocks[0], wanted=1)],
        [Segment(np.array([7, 1, 8]), 0, blocks[1], wanted=2)],
        [Segment(np.array([4, 4]), 0, blocks[2], wanted=1), Segment(np.array([6]), 0, blocks[0], wanted=1)],
        [Segment(np.array([3, 2, 1]), 0, blocks[2], wanted=2)],
    ]
    model = PagedModel(directory, "fp32", 3)
    for step in steps:
        logits, log_sums = (found.copy() for found in model.forward(step))
        alone_logits, alone_sums = PagedModel(directory, "fp32", 3).forward(step)
        assert np.array_equal(logits, alone_logits)
        assert np.array_equal(log_sums, alone_sums)


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
