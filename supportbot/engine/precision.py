"""The arithmetic of a model, and why; used before either engine is imported.

fp16 is how weights are stored everywhere. Arithmetic in fp16 belongs to a GPU: on a CPU it measured 0.2 GFLOP/s
against 520 in bf16, so there the fp16 weights are computed in bf16 where the processor has it, else in fp32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PrecisionSetting = Literal["auto", "fp16", "bf16", "fp32", "int8"]


@dataclass(frozen=True, slots=True)
class Precision:
    """The arithmetic of a model (``fp16``, ``bf16`` or ``fp32``), and why."""

    name: str
    reason: str


def choose_precision(setting: PrecisionSetting, *, cuda: bool, cpu_has_bf16: bool) -> Precision:
    """Return the precision of torch's arithmetic for a setting and a machine.

    ``int8`` only concerns the weights of the openvino engine; for torch it means ``auto``.
    """
    if setting not in ("auto", "int8"):
        return Precision(setting, "set by SUPPORTBOT_PRECISION")
    if cuda:
        return Precision("fp16", "the documented precision, computed on the GPU")
    if cpu_has_bf16:
        return Precision("bf16", "no GPU, and this processor computes bf16 natively and fp16 hardly at all")
    return Precision("fp32", "no GPU, and this processor computes neither fp16 nor bf16 natively")
