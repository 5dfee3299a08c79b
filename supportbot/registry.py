"""Model versions on disk, and which of them is live.

``models/<version>/`` holds one model in Hugging Face format with a ``manifest.json`` that is written last: a
folder without one, or whose files do not match its digests, is no version. ``models/current`` is a one-line file
with the name of the live version, replaced atomically, so a reader sees the old name or the new one and nothing
in between.

The registry knows files only: whether a model is any good is for training and evaluation to say.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from supportbot.errors import ModelError

MANIFEST = "manifest.json"
STARTER = "starter"
_CURRENT = "current"


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
    """

    version: str
    files: Mapping[str, str]
    metrics: Mapping[str, float]
    training: Mapping[str, Any]
    confidence_floor: float | None = None
    parent: str | None = None
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What to load: a directory or hub id, the name that answers carry, and the model's own confidence floor."""

    location: str
    version: str
    confidence_floor: float | None


def write_manifest(
    directory: Path,
    *,
    version: str,
    metrics: Mapping[str, float],
    training: Mapping[str, object],
    confidence_floor: float | None,
    parent: str | None = None,
) -> None:
    """Describe a finished model directory; to be called last, since it makes the directory a version."""
    files = {path.name: _sha256(path) for path in sorted(directory.iterdir()) if path.name != MANIFEST}
    manifest = Manifest(
        version=version,
        files=files,
        metrics=metrics,
        training=training,
        confidence_floor=confidence_floor,
        parent=parent,
    )
    _write_text(directory / MANIFEST, json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n")


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
        ModelError: a file is missing, changed, or does not belong to the version.
    """
    manifest = read_manifest(directory)
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if extra := sorted(present - set(manifest.files)):
        raise ModelError(f"'{directory / extra[0]}' does not belong to version '{manifest.version}': remove it.")
    for name, digest in manifest.files.items():
        path = directory / name
        if path.is_symlink() or not path.is_file() or _sha256(path) != digest:
            raise ModelError(f"'{path}' is missing or was changed; install or train '{manifest.version}' again.")
    return manifest


class Registry:
    """The versions under one folder.

    Args:
        root: ``models`` in the home folder; it may not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def active(self) -> str | None:
        """Return the live version, or None before anything was installed."""
        try:
            return (self._root / _CURRENT).read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def versions(self) -> list[str]:
        """Return all finished versions, sorted by name."""
        return sorted(path.parent.name for path in self._root.glob(f"*/{MANIFEST}") if path.parent.name[0] != ".")

    def manifest(self, version: str) -> Manifest:
        """Return the manifest of an installed version.

        Raises:
            ModelError: there is no such version.
        """
        return read_manifest(self._root / version)

    def install(self, source: Path) -> Manifest:
        """Copy a finished model directory in under its own name; nothing half-made is ever visible.

        Raises:
            ModelError: the source is not whole, or the version exists with other content.
        """
        manifest = verify(source)
        target = self._root / manifest.version
        if _is_intact(target):
            if read_manifest(target).files != manifest.files:
                raise ModelError(f"Version '{manifest.version}' exists already with other content.")
            return manifest
        self._root.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{manifest.version}-", dir=self._root))
        try:
            for name in (*manifest.files, MANIFEST):  # the manifest last
                shutil.copyfile(source / name, staged / name)
                _fsync(staged / name)
            shutil.rmtree(target, ignore_errors=True)  # what is there is damaged
            staged.replace(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return manifest

    def activate(self, version: str) -> None:
        """Make a version the live one.

        Raises:
            ModelError: there is no such whole version.
        """
        verify(self._root / version)
        _write_text(self._root / _CURRENT, version + "\n")

    def resolve(self, setting: str | None) -> ModelSource:
        """Return what ``SUPPORTBOT_MODEL`` means: a version, a directory, a hub id, or the live version.

        Raises:
            ModelError: nothing is installed, or the version is damaged.
        """
        version = setting or self.active()
        if version is None:
            raise ModelError("There is no model yet: run `supportbot init`, or set SUPPORTBOT_MODEL.")
        if version in self.versions() or setting is None:
            manifest = verify(self._root / version)
            return ModelSource(str(self._root / version), version, manifest.confidence_floor)
        directory = Path(version)
        if directory.is_dir():
            floor = read_manifest(directory).confidence_floor if (directory / MANIFEST).exists() else None
            return ModelSource(str(directory.resolve()), _directory_version(directory), floor)
        return ModelSource(version, version, None)


def starter_directory() -> Path:
    """Return the starter model that ships with the package."""
    return Path(str(resources.files("supportbot") / STARTER))


def _directory_version(directory: Path) -> str:
    """Name a loose directory by its weights too, so that answers of two trainings can be told apart."""
    weights = sorted(directory.glob("*.safetensors"))
    if not weights:
        raise ModelError(f"'{directory}' holds no safetensors weights.")
    digest = hashlib.sha256("".join(_sha256(path) for path in weights).encode()).hexdigest()
    return f"{directory.resolve().name}@{digest[:12]}"


def _is_intact(directory: Path) -> bool:
    if not directory.is_dir():
        return False
    try:
        verify(directory)
    except ModelError:
        return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_text(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, never finds half of it."""
    staged = path.with_name(f".{path.name}.new")
    staged.write_text(text, "utf-8")
    _fsync(staged)
    staged.replace(path)


def _fsync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
