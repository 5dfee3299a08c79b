"""The folder of versions, and the switch between them."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from filelock import FileLock

from supportbot.errors import ModelError
from supportbot.models.registry._files import fsync, sha256, write_text
from supportbot.models.registry.manifest import MANIFEST, Manifest, check_name, read_manifest, verify

STARTER = "starter"
INT8_LOSS_RISE = "int8_loss_rise"
"""Among the metrics of a manifest: by which share of itself the held-out loss rises with int8 weights."""

_CURRENT = "current"
_HISTORY = "history"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """What to load, and what is known of it.

    Attributes:
        location: a directory or hub id.
        version: the name that answers carry.
        confidence_floor: the model's own, if it has one.
        floor_beside: its floor for questions that knowledge refused, if there is one.
        int8_loss_rise: what int8 weights cost it on held-out rows, as a share of the loss, if it was measured.
        digests: sha256 of its files by name, if it is an installed version: nothing else may be read as it.
    """

    location: str
    version: str
    confidence_floor: float | None
    floor_beside: float | None = None
    int8_loss_rise: float | None = None
    digests: Mapping[str, str] | None = None

    @property
    def is_starter(self) -> bool:
        """Whether it is the demonstration that ships with the package, or was made of the same FAQ by `init`."""
        return self.version == STARTER or self.version.startswith(f"{STARTER}-")


class Registry:
    """The versions under one folder.

    Attributes:
        root: ``models`` in the home folder; it may not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def active(self) -> str | None:
        """Return the live version, or None before anything was installed."""
        try:
            return (self.root / _CURRENT).read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None

    def stamp(self) -> tuple[int, int] | None:
        """Return a mark that differs after every switch, to the same version too; None before the first."""
        try:
            status = (self.root / _CURRENT).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def previous(self) -> str | None:
        """Return the version that was live before the live one and is still installed: where a rollback leads."""
        history = self.history()
        place = self._place_of_previous(history)
        return None if place is None else history[place]

    def history(self) -> list[str]:
        """Return what was live before the live version, the latest last; what was taken back is not among it."""
        try:
            return (self.root / _HISTORY).read_text("utf-8").split()
        except FileNotFoundError:
            return []

    def versions(self) -> list[str]:
        """Return all finished versions, sorted by name."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{MANIFEST}") if path.parent.name[0] != ".")

    def manifest(self, version: str) -> Manifest:
        """Return the manifest of an installed version.

        Raises:
            ModelError: there is no such version.
        """
        manifest = read_manifest(self.directory(version))
        if manifest.version != version:
            raise ModelError(f"'{self.root / version}' is a copy of version '{manifest.version}': remove it.")
        return manifest

    def directory(self, version: str) -> Path:
        """Return where a version's files are, or would be.

        Raises:
            ModelError: no version can have this name.
        """
        check_name(version)
        return self.root / version

    def install(self, source: Path) -> Manifest:
        """Copy a finished model directory in under its own name; nothing half-made is ever visible.

        The same files again bring only their manifest: that is how a version gets a newer evaluation.

        Raises:
            ModelError: the source is not whole, or the version exists, damaged or not, with other content.
        """
        manifest = verify(source)
        target = self.root / manifest.version
        known = _is_intact(target)
        there = _described(target)
        if there is not None and there.files != manifest.files:
            raise ModelError(
                f"Version '{manifest.version}' already exists with other content: choose another name."
            )
        self.root.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(prefix=f".{manifest.version}-", dir=self.root))
        try:
            for name in (*(() if known else manifest.files), MANIFEST):  # the manifest last
                shutil.copyfile(source / name, staged / name)
                fsync(staged / name)
                if manifest.files.get(name, "") not in ("", sha256(staged / name)):
                    raise ModelError(f"'{source / name}' was changed while it was copied: install it again.")
            if known:
                (staged / MANIFEST).replace(target / MANIFEST)
            else:
                shutil.rmtree(target, ignore_errors=True)  # what is there is damaged
                staged.replace(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return manifest

    def activate(self, version: str, *, instead_of: str | None = None) -> None:
        """Make a version the live one.

        Args:
            version: an installed one.
            instead_of: the version that the decision was made against; None for whichever is live.

        Raises:
            ModelError: there is no such whole version, or another one than ``instead_of`` is live by now.
        """
        directory = self.directory(version)
        verify(directory)
        with self._lock():
            if not (directory / MANIFEST).is_file():  # removed while its digests were being checked
                raise ModelError(f"Version '{version}' was retired meanwhile.")
            active = self.active()
            _check_unchanged(active, instead_of)
            # The history first: a crash in between leaves the live version at its end, which `previous` skips.
            if active not in (None, version):
                self._write_history([*self.history(), str(active)])
            write_text(self.root / _CURRENT, version + "\n")

    def rollback(self, *, instead_of: str | None = None) -> tuple[str | None, str]:
        """Make the previous live version live again; return the one before and the one after.

        Args:
            instead_of: as for ``activate``.

        Raises:
            ModelError: there is none, it is damaged, or another one than ``instead_of`` is live by now.
        """
        with self._lock():
            history, active = self.history(), self.active()
            _check_unchanged(active, instead_of)
            place = self._place_of_previous(history)
            if place is None:
                raise ModelError("There is no earlier version to return to: promote one that is installed.")
            verify(self.directory(history[place]))
            write_text(self.root / _CURRENT, history[place] + "\n")  # first, as above
            self._write_history(history[:place])
        return active, history[place]

    def follow(self, version: str) -> None:
        """Make live here what was made live elsewhere; a way back that was taken there is taken here, too.

        Raises:
            ModelError: there is no such whole version here.
        """
        if version == self.previous():
            self.rollback()
        elif version != self.active():
            self.activate(version)

    def remove(self, version: str) -> None:
        """Delete the files of a version.

        Raises:
            ModelError: it is live.
        """
        directory = self.directory(version)
        with self._lock():
            if version == self.active():
                raise ModelError(f"Version '{version}' is live: promote another one or roll back first.")
            if not directory.exists():
                return
            # Renamed first, so that no reader finds half of it.
            waste = Path(tempfile.mkdtemp(prefix=f".{version}-", dir=self.root))
            directory.replace(waste / version)
        shutil.rmtree(waste)

    def resolve(self, setting: str | None) -> ModelSource:
        """Return what ``SUPPORTBOT_MODEL`` means: a version, a directory, a hub id, or the live version.

        Raises:
            ModelError: nothing is installed, or the version is damaged.
        """
        version = setting or self.active()
        if version is None:
            raise ModelError("There is no model yet: run `supportbot init`, or set SUPPORTBOT_MODEL.")
        if version in self.versions() or setting is None:
            manifest = verify(self.root / version)
            return replace(_source(self.root / version, version, manifest), digests=manifest.files)
        directory = Path(version)
        if directory.is_dir():
            known = read_manifest(directory) if (directory / MANIFEST).exists() else None
            return _source(directory.resolve(), _directory_version(directory), known)
        return ModelSource(version, version, None)

    def _place_of_previous(self, history: list[str]) -> int | None:
        active, installed = self.active(), set(self.versions())
        places = (place for place in reversed(range(len(history))) if history[place] != active)
        return next((place for place in places if history[place] in installed), None)

    def _write_history(self, versions: list[str]) -> None:
        write_text(self.root / _HISTORY, "".join(f"{version}\n" for version in versions))

    def _lock(self) -> FileLock:
        """Let one process at a time switch; it is held for milliseconds, and a killed process gives it back."""
        self.root.mkdir(parents=True, exist_ok=True)
        return FileLock(self.root / _LOCK)


def starter_directory() -> Path:
    """Return the starter model that ships with the package."""
    return Path(str(resources.files("supportbot") / STARTER))


def _check_unchanged(active: str | None, instead_of: str | None) -> None:
    if instead_of not in (None, active):
        raise ModelError(f"'{active}' went live meanwhile instead of '{instead_of}': look again, then decide.")


def _source(directory: Path, version: str, manifest: Manifest | None) -> ModelSource:
    if manifest is None:
        return ModelSource(str(directory), version, None)
    return ModelSource(
        str(directory),
        version,
        manifest.confidence_floor,
        manifest.floor_beside,
        manifest.metrics.get(INT8_LOSS_RISE),
    )


def _directory_version(directory: Path) -> str:
    """Name a loose directory by its weights too, so that answers of two trainings can be told apart."""
    weights = sorted(directory.glob("*.safetensors"))
    if not weights:
        raise ModelError(f"'{directory}' contains no safetensors weights.")
    digest = hashlib.sha256("".join(sha256(path) for path in weights).encode()).hexdigest()
    return f"{directory.resolve().name}@{digest[:12]}"


def _described(directory: Path) -> Manifest | None:
    """Return what is said to be in a directory, whole or not; None where nothing is said."""
    try:
        return read_manifest(directory)
    except ModelError:
        return None


def _is_intact(directory: Path) -> bool:
    if not directory.is_dir():
        return False
    try:
        verify(directory)
    except ModelError:
        return False
    return True
