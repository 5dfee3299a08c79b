"""A model directory as OpenVINO reads it, made once and kept under the digest of what it was made of.

An export holds the graph (``openvino_model.xml`` and ``.bin``) and ``export.json``, which is written last and
knows their checksums: what is half-made or damaged is made again. Another version of this module or of OpenVINO,
other weights or another width of them make another export; a whole one is never changed, so several processes may
share them. Beside it stands a note of its last use (``use``), by which ``prune`` knows what nobody needs.

This module knows no process and no prompt. OpenVINO and numpy are imported only to make an export: whoever finds
one is spared their time and memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from filelock import FileLock

from supportbot.engine.openvino.layout import ABOUT, CONFIG, GRAPH, NUMBERS, find_weights
from supportbot.engine.openvino.shape import Shape, parse_shape
from supportbot.engine.openvino.use import note_use
from supportbot.errors import ModelError

log = structlog.get_logger(__name__)

Weights = Literal["16bit", "int8"]

_FORMAT = 2
"""Of exports; a newer one makes all of them anew."""

LOCK = ".lock"

_PIECE = 2**20
"""Bytes that are read at once for a checksum."""


class About(msgspec.Struct, frozen=True):
    """What an export says of itself.

    Attributes:
        model: name of the directory that it was made of.
        weights: see ``export``.
        vocabulary: number of tokens that the model knows.
        positions: tokens of prompt and answer together that it has places for.
        checksums: CRC-32 of each file.
        maker: see ``maker``; empty in exports of earlier versions of this program.
    """

    model: str
    weights: str
    vocabulary: int
    positions: int
    checksums: dict[str, int]
    maker: str = ""


def export(model: Path, cache: Path, weights: Weights) -> Path:
    """Return the export of a model directory, made now if there is no whole one yet.

    Args:
        model: in Hugging Face format, with safetensors weights.
        cache: where exports are kept.
        weights: ``16bit`` keeps them in fp16; ``int8`` rounds each row of a matrix to 256 steps.

    Raises:
        ModelError: the model is damaged, or no GPT-2 that the graph can be built for, or there is no room for it.
    """
    shape = parse_shape(_read_config(model))
    target = cache / f"{_digest([model / CONFIG, *find_weights(model)])}-{weights}"
    note_use(target, model)  # before it is looked at, lest it is deleted as unused meanwhile
    if is_whole(target):
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / LOCK):
            if not is_whole(target):  # another process may have made it meanwhile
                _make(shape, model, target, weights)
    except OSError as error:
        raise ModelError(
            f"The exported model cannot be kept in '{cache}' ({error.strerror or error}): make room there and let "
            "this program write to it, or set SUPPORTBOT_ENGINE=transformers."
        ) from error
    return target


def read_about(directory: Path) -> About:
    """Return what an export says of itself.

    Raises:
        OSError: there is none.
        ValueError: it is damaged.
    """
    return msgspec.json.decode((directory / ABOUT).read_bytes(), type=About)


def is_whole(directory: Path) -> bool:
    """Return whether an export is complete and undamaged."""
    try:
        about = read_about(directory)
        return all(_checksum(directory / name) == about.checksums.get(name) for name in (GRAPH, NUMBERS))
    except (OSError, ValueError):
        return False


def is_exportable(model: Path) -> bool:
    """Return whether a graph can be built for a model directory."""
    try:
        parse_shape(_read_config(model))
    except ModelError:
        return False
    return True


def maker() -> str:
    """Return what makes exports here: the versions of this module and of OpenVINO; empty where that is missing."""
    try:
        return f"{_FORMAT} {version('openvino')}"
    except PackageNotFoundError:
        return ""


def _make(shape: Shape, model: Path, target: Path, weights: Weights) -> None:
    """Make an export beside its place and move it there; whoever calls this holds the lock."""
    log.info("engine.exporting", model=model.name, weights=weights)
    began = time.monotonic()
    staged = target.with_name(f".{target.name}")
    for remains in (staged, target):
        if remains.exists():
            shutil.rmtree(remains)
    staged.mkdir()
    _save_graph(shape, model, staged / GRAPH, weights)
    checksums = {name: _checksum(staged / name) for name in (GRAPH, NUMBERS)}
    about = About(model.name, weights, shape.vocabulary, shape.positions, checksums, maker())
    note_use(staged, model)
    # No fsync: what a power cut leaves half-written is told by its checksum.
    (staged / ABOUT).write_bytes(msgspec.json.encode(about))
    staged.replace(target)
    seconds = round(time.monotonic() - began, 3)
    log.info("engine.exported", model=model.name, weights=weights, seconds=seconds)


def _save_graph(shape: Shape, model: Path, path: Path, weights: Weights) -> None:
    import openvino as ov

    from supportbot.engine.openvino.graph import build_graph
    from supportbot.engine.openvino.weights import read_tensors

    try:
        graph = build_graph(shape, read_tensors(find_weights(model)), int8=weights == "int8")
    except ModelError as error:
        raise ModelError(f"The model at '{model}' cannot be used: {error}.") from error
    try:
        # The numbers are fp16: keeping them so loses nothing, and halves the file.
        ov.save_model(graph, path, compress_to_fp16=weights == "16bit")
    except RuntimeError as error:  # what the library makes of a full disk
        raise OSError(str(error)) from error


def _read_config(model: Path) -> dict[str, Any]:
    path = model / CONFIG
    if not path.is_file():
        raise ModelError(f"'{model}' is no model directory: it has no {CONFIG}.")
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"'{path}' is damaged: install or train that model again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"'{path}' is damaged: install or train that model again.")
    return config


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256(maker().encode())
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:32]


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            checksum = zlib.crc32(piece, checksum)
    return checksum
