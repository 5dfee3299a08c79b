"""A model directory as OpenVINO reads it, exported once and stored under the digest of its sources.

An export holds the graph (``openvino_model.xml`` and ``.bin``) and ``export.json``. Their sha256 are stored apart
from them (``seal``): an incomplete, damaged or changed export is thrown away and made again. Another version of
this module or of OpenVINO, other weights or another width of them make another export. A complete one never
changes, so several processes may share it. A note of its last use (``use``) tells ``prune`` which ones nobody
needs.

This module knows no process and no prompt. It imports OpenVINO and numpy only to make an export, so finding one
costs neither their time nor their memory.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from filelock import FileLock

from supportbot.engine.openvino.layout import ABOUT, CONFIG, GRAPH, find_weights
from supportbot.engine.openvino.seal import find_change, read_seal, seal, sha256
from supportbot.engine.openvino.shape import Shape, parse_shape
from supportbot.engine.openvino.use import note_use
from supportbot.errors import ModelError

log = structlog.get_logger(__name__)

Weights = Literal["16bit", "int8"]

_FORMAT = 4
"""Of exports; a newer one replaces all of them."""

LOCK = ".lock"


class About(msgspec.Struct, frozen=True):
    """What an export says about itself.

    Attributes:
        model: name of the directory that it was made of.
        weights: see ``export``.
        vocabulary: number of tokens that the model knows.
        positions: tokens of prompt and answer together that it has places for.
        maker: see ``maker``; empty in exports of earlier versions of this program.
    """

    model: str
    weights: str
    vocabulary: int
    positions: int
    maker: str = ""


def export(model: Path, cache: Path, weights: Weights, digests: Mapping[str, str] | None = None) -> Path:
    """Return the export of a model directory; makes one unless there is a complete one.

    Args:
        model: in Hugging Face format, with safetensors weights.
        cache: where exports are kept.
        weights: ``16bit`` keeps them in fp16; ``int8`` rounds each row of a matrix to 255 steps.
        digests: sha256 of the model's files by name, as its manifest says; None where there is none.

    Raises:
        ModelError: the model is damaged, is not what its manifest says, or is no GPT-2 that the graph can be
            built for; or there is no room for it.
    """
    shape = parse_shape(_read_config(model))
    found = {file.name: sha256(file) for file in (model / CONFIG, *find_weights(model))}
    if digests is not None:
        _compare(model, found, digests)
    target = cache / f"{_digest(found)}-{weights}"
    note_use(target, model)  # before it is checked, or it might be deleted as unused meanwhile
    if is_whole(target):
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / LOCK):
            if not is_whole(target):  # another process may have made it meanwhile
                _make(shape, model, target, weights, found)
    except OSError as error:
        raise ModelError(
            f"The exported model cannot be kept in '{cache}' ({error.strerror or error}): make room there and let "
            "this program write to it, or set SUPPORTBOT_ENGINE=transformers."
        ) from error
    return target


def read_about(directory: Path) -> About:
    """Return what an export says about itself.

    Raises:
        OSError: there is none.
        ValueError: it is damaged.
    """
    return msgspec.json.decode((directory / ABOUT).read_bytes(), type=About)


def is_whole(directory: Path) -> bool:
    """Return whether an export is complete and unchanged."""
    known = read_seal(directory)
    if known is None or not directory.is_dir():
        return False
    return find_change(directory, known) is None


def changed_exports(cache: Path) -> list[str]:
    """Return which exports have changed since they were made; reads each file."""
    directories = sorted(path for path in cache.glob("[0-9a-f]*-*") if path.is_dir())
    sealed = ((directory, read_seal(directory)) for directory in directories)
    return [
        directory.name
        for directory, known in sealed
        if known is not None and find_change(directory, known, thorough=True) is not None
    ]


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


def _make(shape: Shape, model: Path, target: Path, weights: Weights, digests: Mapping[str, str]) -> None:
    """Make an export beside its place and move it there; the caller holds the lock."""
    log.info("engine.exporting", model=model.name, weights=weights)
    began = time.monotonic()
    staged = target.with_name(f".{target.name}")
    if target.exists() and read_seal(target) is not None:
        log.warning("engine.export_changed", export=target.name, model=model.name)
    for remains in (staged, target):
        if remains.exists():
            shutil.rmtree(remains)
    staged.mkdir()
    _save_graph(shape, model, staged / GRAPH, weights, digests)
    about = About(model.name, weights, shape.vocabulary, shape.positions, maker())
    note_use(staged, model)
    # No fsync: a digest shows what a power cut left half-written.
    (staged / ABOUT).write_bytes(msgspec.json.encode(about))
    seal(target, staged)
    staged.replace(target)
    seconds = round(time.monotonic() - began, 3)
    log.info("engine.exported", model=model.name, weights=weights, seconds=seconds)


def _save_graph(shape: Shape, model: Path, path: Path, weights: Weights, digests: Mapping[str, str]) -> None:
    import openvino as ov

    from supportbot.engine.openvino.graph import build_graph
    from supportbot.engine.openvino.weights import read_tensors

    try:
        graph = build_graph(shape, read_tensors(find_weights(model), digests), int8=weights == "int8")
    except ModelError as error:
        raise ModelError(f"The model at '{model}' cannot be used: {error}.") from error
    try:
        # The numbers are fp16: keeping them so loses nothing, and halves the file.
        ov.save_model(graph, path, compress_to_fp16=weights == "16bit")
    except RuntimeError as error:  # how the library reports a full disk
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


def _compare(model: Path, found: Mapping[str, str], digests: Mapping[str, str]) -> None:
    for name, digest in found.items():
        if digests.get(name) != digest:
            raise ModelError(f"'{model / name}' was changed meanwhile: install or train that model again.")


def _digest(digests: Mapping[str, str]) -> str:
    """Return one digest of a model's files, given their digests in order, and of the maker of exports."""
    return hashlib.sha256("".join([maker(), *digests.values()]).encode()).hexdigest()[:32]
