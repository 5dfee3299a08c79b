"""A machine's limits, and the tokens a second that follow: memory for one answer, arithmetic for 32.

A step reads every weight once for any number of answers, so the bandwidth of memory limits a single answer. Every
token needs one multiplication and addition per weight, so the speed of matrix products limits many answers.
Attention and the cache are left out: they are small for answers as short as ours.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

_TIMES = 10
_READ_BYTES, _TINY_READ_BYTES = 512 * 2**20, 32 * 2**20
"""Well above a processor's cache; the tiny size only shows that it runs."""

_MATRIX, _TINY_MATRIX = 2_048, 256


def measure_limits(*, tiny: bool) -> dict[str, float]:
    """Return the best of a few tries: reading and copying in GB/s, products of matrices in GFLOP/s."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    values = torch.ones((_TINY_READ_BYTES if tiny else _READ_BYTES) // 4, device=device)
    gigabytes = values.nbytes / 1e9
    copied = torch.empty_like(values)
    limits = {
        "read_gb_s": gigabytes / _fastest(lambda: values.sum()),
        "copy_gb_s": 2 * gigabytes / _fastest(lambda: copied.copy_(values)),
    }
    width = _TINY_MATRIX if tiny else _MATRIX
    for name, dtype in {"fp32": torch.float32, "fp16" if device == "cuda" else "bf16": _half(device)}.items():
        matrix = torch.ones(width, width, dtype=dtype, device=device)
        limits[f"gemm_{name}_gflops"] = 2 * width**3 / 1e9 / _fastest(partial(torch.mm, matrix, matrix))
    return limits


def build_ceilings(limits: Mapping[str, float], weights: int) -> dict[str, Any]:
    """Return the tokens a second that a model cannot exceed on a machine.

    Args:
        limits: as measured.
        weights: number of them that a step reads.
    """
    products = {name: rate for name, rate in limits.items() if name.startswith("gemm")}
    return {
        "one_at_once": {f"{bits}-bit weights": memory_ceiling(limits, weights, bits) for bits in (8, 16, 32)},
        "many_at_once": {name.split("_")[1]: rate * 1e9 / (2 * weights) for name, rate in products.items()},
    }


def memory_ceiling(limits: Mapping[str, float], weights: int, bits: int) -> float:
    """Return how often a second all weights can be read."""
    return limits["read_gb_s"] * 1e9 / (weights * bits / 8)


def _half(device: str) -> torch.dtype:
    return torch.float16 if device == "cuda" else torch.bfloat16


def _fastest(work: Callable[[], object]) -> float:
    work()
    took = []
    for _ in range(_TIMES):
        _synchronize()
        began = time.perf_counter()
        work()
        _synchronize()
        took.append(time.perf_counter() - began)
    return min(took)


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
