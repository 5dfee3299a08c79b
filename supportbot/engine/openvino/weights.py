"""The tensors of a model directory, whole and as fp16, which is how the reference engine reads them as well.

A requested tensor is refused if it is missing, has another shape than the configuration says, or contains a NaN or
an infinity. Other tensors, such as the masks in old GPT-2 files, are ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from supportbot.errors import ModelError

_FLOATS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


class Tensors:
    """What the files of a model hold.

    Args:
        stored: by name: kind of number, shape and bytes, as safetensors says it.
    """

    def __init__(self, stored: dict[str, dict[str, Any]]) -> None:
        self._stored = stored

    def __contains__(self, name: str) -> bool:
        """Return whether there is a tensor of that name."""
        return name in self._stored

    def get(self, name: str, *shape: int) -> NDArray[np.float16]:
        """Return a tensor.

        Raises:
            ModelError: it is missing, has another shape, or is not finite in fp16.
        """
        if name not in self._stored:
            raise ModelError(f"the tensor '{name}' is missing")
        stored = self._stored[name]
        if tuple(stored["shape"]) != shape:
            raise ModelError(f"the tensor '{name}' has the shape {stored['shape']} instead of {list(shape)}")
        with np.errstate(over="ignore"):  # values too large for fp16 are refused below
            values = _numbers(name, stored).astype(np.float16).reshape(shape)
        if not np.isfinite(values).all():
            raise ModelError(f"the tensor '{name}' has values that are not numbers")
        return values


def read_tensors(files: list[Path], digests: Mapping[str, str] | None = None) -> Tensors:
    """Read safetensors files into memory.

    Args:
        files: which.
        digests: sha256 of each by its name, from an earlier check; None without one.

    Raises:
        OSError: a file cannot be read.
        ModelError: a file is damaged, or is not the checked one.
    """
    try:
        return Tensors(
            {
                name: stored
                for file in files
                for name, stored in deserialize(_read(file, digests))  # type: ignore[no-untyped-call]
            }
        )
    except SafetensorError as error:
        raise ModelError("a file of weights is damaged") from error


def _read(file: Path, digests: Mapping[str, str] | None) -> bytes:
    content = file.read_bytes()
    if digests is not None and hashlib.sha256(content).hexdigest() != digests.get(file.name):
        raise ModelError(f"'{file.name}' was changed while it was read")
    return content


def _numbers(name: str, stored: dict[str, Any]) -> NDArray[Any]:
    if stored["dtype"] == "BF16":
        # The upper half of an fp32; numpy lacks this type.
        return (np.frombuffer(stored["data"], np.uint16).astype(np.uint32) << 16).view(np.float32)
    if stored["dtype"] not in _FLOATS:
        raise ModelError(f"the tensor '{name}' holds {stored['dtype']} and no floating-point numbers")
    return np.frombuffer(stored["data"], _FLOATS[stored["dtype"]])
