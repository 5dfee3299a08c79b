"""What a version is made of: its files with their digests, how it was trained, and how well it did.

A manifest is written last, so a directory that has one is finished. It knows nothing of other versions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from supportbot.errors import ModelError
from supportbot.models.registry._files import sha256, write_text

MANIFEST = "manifest.json"

RESERVED = frozenset({"current", "history"})
"""Files of the registry itself."""

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
"""What a version may be called: it becomes a folder, and is recorded with every answer."""

_PICKLES = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})
"""Endings of files that run code when they are loaded the usual way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a version is made of and how well it did.

    Attributes:
        version: its name, which every answer stores.
        files: sha256 of each file, by name.
        metrics: figures measured after training.
        training: where it comes from: digests of data and recipe, seed, arguments.
        confidence_floor: below it (nats, see ``engine.base.confidence``) an answer is not to be trusted.
        parent: the version it was fine-tuned from.
        created_at: ISO 8601, UTC.
        evaluation: how it compared with the version that was live then; None if nobody measured.
        beside_knowledge: its ``floor`` for questions that knowledge refused (nats; None for its own), and the
            figures behind it; None if nobody measured that.
    """

    version: str
    files: Mapping[str, str]
    metrics: Mapping[str, float]
    training: Mapping[str, Any]
    confidence_floor: float | None = None
    parent: str | None = None
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    evaluation: Mapping[str, Any] | None = None
    beside_knowledge: Mapping[str, Any] | None = None

    @property
    def floor_beside(self) -> float | None:
        """Its floor for questions that knowledge refused, in nats."""
        return None if self.beside_knowledge is None else self.beside_knowledge["floor"]

    @property
    def digest(self) -> str:
        """One sha256 that stands for all files of the version."""
        return hashlib.sha256(json.dumps(dict(self.files), sort_keys=True).encode()).hexdigest()


def write_manifest(
    directory: Path,
    *,
    version: str,
    metrics: Mapping[str, float],
    training: Mapping[str, object],
    confidence_floor: float | None,
    parent: str | None = None,
    evaluation: Mapping[str, object] | None = None,
    beside_knowledge: Mapping[str, object] | None = None,
) -> None:
    """Describe a finished model directory; to be called last, since it makes the directory a version.

    Raises:
        ModelError: the name can't be that of a version, or the directory holds a folder.
    """
    check_name(version)
    if folder := next((path for path in sorted(directory.iterdir()) if path.is_dir()), None):
        raise ModelError(f"'{folder}' is a folder, but a version contains only files: remove it.")
    files = {path.name: sha256(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST}
    manifest = Manifest(
        version=version,
        files=files,
        metrics=metrics,
        training=training,
        confidence_floor=confidence_floor,
        parent=parent,
        evaluation=evaluation,
        beside_knowledge=beside_knowledge,
    )
    write_text(directory / MANIFEST, json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n")


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a version.

    Raises:
        ModelError: there is none, or it is damaged.
    """
    try:
        return Manifest(**json.loads((directory / MANIFEST).read_text("utf-8")))
    except FileNotFoundError:
        raise ModelError(f"'{directory}' is not a finished model version: it has no {MANIFEST}.") from None
    except (ValueError, TypeError) as error:
        raise ModelError(f"'{directory / MANIFEST}' is damaged; install or train that version again.") from error


def verify(directory: Path) -> Manifest:
    """Read a manifest and compare every file with it.

    Raises:
        ModelError: a file is missing, changed, a pickle, or does not belong to the version.
    """
    manifest = read_manifest(directory)
    check_name(manifest.version)
    check_kinds(directory, manifest)
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if extra := sorted(present - set(manifest.files)):
        raise ModelError(f"'{directory / extra[0]}' does not belong to version '{manifest.version}': remove it.")
    for name, digest in manifest.files.items():
        path = directory / name
        if path.is_symlink() or not path.is_file() or sha256(path) != digest:
            raise ModelError(f"'{path}' is missing or was changed; install or train '{manifest.version}' again.")
    return manifest


def check_name(version: str) -> None:
    """Refuse a name that can't be that of a version.

    Raises:
        ModelError: it can't; the sentence says what can.
    """
    if not _NAME.fullmatch(version) or version in RESERVED:
        raise ModelError(
            f"'{version}' can't be the name of a version: use up to 100 letters, digits, dots, dashes and "
            f"underscores, other than {' and '.join(sorted(RESERVED))}."
        )


def check_kinds(directory: Path, manifest: Manifest) -> None:
    """Refuse a version with a file that may run code, lies outside of its folder, or is no weights at all.

    Raises:
        ModelError: it has one.
    """
    names = {path.name for path in directory.iterdir()} | set(manifest.files)
    for name in sorted(names):
        if Path(name).suffix.lower() in _PICKLES:
            raise ModelError(
                f"'{directory / name}' may be a pickle, which runs code when it is loaded; the "
                "weights of a version must be safetensors: remove that file and write the manifest again."
            )
        if Path(name).name != name:
            raise ModelError(
                f"'{directory / MANIFEST}' names '{name}', which is outside its "
                "folder: remove the version, and install it again."
            )
    if not any(name.endswith(".safetensors") for name in manifest.files):
        raise ModelError(f"'{directory}' contains no safetensors weights.")
