"""llama.cpp: its converter and its server, both found on the PATH."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.peers._program import last_words
from benchmarks.peers.base import Setup
from benchmarks.peers.servers import AT_ONCE, POSITIONS, SERVED_NAME, LocalServer
from supportbot.engine.base import SamplingParams
from supportbot.errors import ConfigError

_SERVER, _CONVERT = "llama-server", "convert_hf_to_gguf.py"


class LlamaServer(LocalServer):
    """``llama-server`` of llama.cpp with q8_0 weights."""

    weight_bits = 8
    precision = "q8_0 weights"
    version_at = ("/props", "build_info")
    sampling: ClassVar[dict[str, Any]] = {
        "repeat_penalty": SamplingParams().repetition_penalty,
        "repeat_last_n": POSITIONS,  # all of prompt and answer
        "samplers": ["penalties", "top_k", "temperature", "top_p"],  # equivalent to setting both
        "cache_prompt": False,
    }

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """See ``Peer.missing``."""
        if setup.tiny:
            return "its converter takes no tokenizer but those of models that it knows"
        absent = [name for name in (_SERVER, _CONVERT) if not shutil.which(name)]
        return f"there is no '{absent[0]}' of llama.cpp on the PATH" if absent else None

    @classmethod
    def prepare(cls, setup: Setup) -> None:
        """Convert the model."""
        script = str(Path(shutil.which(_CONVERT) or _CONVERT).resolve())  # its imports are beside it
        command = [sys.executable, script, setup.model, "--outtype", "q8_0", "--outfile", cls._file(setup)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as named
        if done.returncode:
            raise ConfigError(f"'{_CONVERT}' cannot convert the model; it said last: {last_words(done.stderr)}")

    def command(self, setup: Setup, port: int) -> list[str]:
        """See ``LocalServer.command``."""
        return [
            *(shutil.which(_SERVER) or _SERVER, "--model", self._file(setup), "--port", str(port)),
            *("--parallel", str(AT_ONCE), "--ctx-size", str(AT_ONCE * POSITIONS)),
            *("--threads", str(setup.threads), "--alias", SERVED_NAME, "--no-webui"),
        ]

    def environment(self, setup: Setup) -> dict[str, str]:
        """See ``LocalServer.environment``."""
        return {"GGML_NO_BACKTRACE": "1"}  # its lines would follow the one with the reason

    @classmethod
    def _file(cls, setup: Setup) -> str:
        return str(Path(setup.scratch) / "llama.gguf")
