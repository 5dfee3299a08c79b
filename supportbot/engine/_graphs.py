"""A step of constant shape, recorded once as a CUDA graph and then replayed with a single call.

A step of GPT-2 is some 200 kernels of a few microseconds each: launched one by one from Python they take longer
to launch than to run. This module is the only one that needs a GPU; it knows nothing of models or caches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
import torch

log = structlog.get_logger(__name__)

_WARM_UPS = 3
"""Runs before the capture, as PyTorch's documentation advises: libraries choose kernels and allocate in the first
ones."""


class Recorder:
    """Records steps on one CUDA device; after a failure, steps run unrecorded.

    All graphs share one pool of memory, so they must not run at the same time.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream: torch.cuda.Stream | None = None
        self._pool: Any = None
        self._works = True

    def record(self, step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
        """Return a faster equivalent of a step.

        Args:
            step: reads and writes tensors that stay where they are, returns a tensor, never waits for the
                device, and does no harm if it is run again.

        Returns:
            A call with the same effect; its tensor is overwritten by the next call. The step itself, if it
            cannot be captured.
        """
        if not self._works:
            return step
        try:
            return self._capture(step)
        except RuntimeError:
            self._works = False
            log.warning("engine.graph_failed", why="decoding goes on without CUDA graphs, slower", exc_info=True)
            return step

    def forget(self) -> None:
        """Start again after all recordings were dropped."""
        if self._stream is not None:
            torch.cuda.synchronize(self._device)
        self._pool = None  # a pool ends with its last graph and cannot be reused

    def _capture(self, step: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
        pool = self._pool = self._pool or torch.cuda.graph_pool_handle()
        # One stream for all graphs, since libraries keep a workspace for each stream.
        stream = self._stream = self._stream or torch.cuda.Stream(self._device)
        usual = torch.cuda.current_stream(self._device)
        # The outer context restores the usual stream after a failure, which leaves the inner one open.
        with torch.cuda.device(self._device), torch.cuda.stream(usual):
            stream.wait_stream(usual)
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UPS):
                    step()
            usual.wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            # "thread_local": an engine that is being loaded on another thread may allocate meanwhile.
            with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                output = step()

        def replay() -> torch.Tensor:
            graph.replay()
            return output

        return replay
