"""What the machine decides about a run: its precision, and the processes that share the effective batch.

fp16 is for GPUs. On a CPU it measured 0.2 GFLOP/s against 522 in bf16, so a run there computes in bf16 if the
processor has it, else in fp32; either way weights stay in fp32 and autocast is used.

This module knows only the flags that it sets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from supportbot.engine.load import cpu_has_bf16
from supportbot.engine.precision import Precision

_CPU_WANTED = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The relevant properties of the machine.

    Attributes:
        cuda: whether there is a GPU that computes fp16.
        bf16: whether the CPU multiplies bf16 matrices natively.
        processes: that train together, as started by ``accelerate launch``.
    """

    cuda: bool
    bf16: bool
    processes: int

    @classmethod
    def here(cls) -> Machine:
        """Return this machine, as the launcher and its environment present it."""
        # `accelerate launch --cpu` says so in the environment.
        cpu_only = os.environ.get("ACCELERATE_USE_CPU", "").lower() in _CPU_WANTED
        return cls(
            cuda=torch.cuda.is_available() and not cpu_only,
            bf16=cpu_has_bf16(),
            processes=int(os.environ.get("WORLD_SIZE", "1")),
        )

    def adapt(
        self, given: Mapping[str, Any], effective_batch: int
    ) -> tuple[dict[str, Any], Precision, dict[str, str]]:
        """Return the values that this machine needs, its precision, and the reason for each value.

        Args:
            given: the flags of the command line, which always win.
            effective_batch: rows that one step of the optimizer learns from.
        """
        precision = self._precision(given)
        values: dict[str, Any] = {"fp16": precision.name == "fp16", "bf16": precision.name == "bf16"}
        reasons = {"fp16": precision.reason}
        if not self.cuda or given.get("use_cpu"):
            values["use_cpu"] = True
        if self.processes > 1 and "gradient_accumulation_steps" not in given:
            rows = given.get("per_device_train_batch_size", 2) * self.processes
            values["gradient_accumulation_steps"] = max(1, effective_batch // rows)
            reasons["gradient_accumulation_steps"] = (
                f"{self.processes} processes share the effective batch of {effective_batch} rows"
            )
        return values, precision, reasons

    def _precision(self, given: Mapping[str, Any]) -> Precision:
        if given.get("fp16"):
            return Precision("fp16", "it was set on the command line")
        if given.get("bf16"):
            return Precision("bf16", "it was set on the command line")
        if self.cuda and not given.get("use_cpu"):
            if given.get("fp16") is False:
                return Precision("fp32", "fp16 was turned off on the command line")
            return Precision("fp16", "the documented precision, computed on the GPU")
        if given.get("bf16") is False:
            return Precision("fp32", "bf16 was turned off on the command line")
        if self.bf16:
            return Precision("bf16", "there is no GPU, and this processor computes bf16 natively, but not fp16")
        return Precision("fp32", "there is no GPU, and this processor computes neither fp16 nor bf16 natively")
