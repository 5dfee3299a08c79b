"""Making a backup: assembled under a temporary name, its manifest last, and renamed when all of it is on the
disk."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url

from supportbot.backup import postgresql, sqlite
from supportbot.backup.manifest import (
    FORMAT,
    MODELS,
    POSTGRESQL_FILE,
    SETTINGS,
    SQLITE_FILE,
    Manifest,
    Tell,
    fsync,
    sha256,
    write_manifest,
)
from supportbot.config import Settings, env_name
from supportbot.config.listing import without_secrets
from supportbot.db.session import sqlite_path
from supportbot.errors import BackupError, ModelError
from supportbot.models import registry
from supportbot.models.registry import Registry

PARTIAL = ".partial"
"""How the name of a backup ends that is being made, or whose making was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished backup."""

    path: Path
    size: int
    manifest: Manifest


def make_backup(settings: Settings, target: Path, tell: Tell) -> Made:
    """Write a backup; blocks for seconds or minutes, and keeps nobody waiting who writes.

    Args:
        settings: which bot.
        target: the folder to make, which must not exist; all above it is made too.
        tell: called with progress.

    Raises:
        BackupError: the target exists or cannot be written, or the database cannot be read.
    """
    target = target.absolute()
    staged = None
    try:
        if target.exists():
            raise BackupError(f"'{target}' exists already: give the backup another name.")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readable by nobody else: what people have asked is in it.
        staged = Path(tempfile.mkdtemp(prefix=f".{target.name}-", suffix=PARTIAL, dir=target.parent))
        manifest = _fill(settings, staged, tell)
        staged.rename(target)
        fsync(target.parent)
    except OSError as error:
        raise BackupError(f"'{target}' cannot be written: {error.strerror}.") from error
    finally:
        if staged is not None:
            shutil.rmtree(staged, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Made(path=target, size=size, manifest=manifest)


def _fill(settings: Settings, staged: Path, tell: Tell) -> Manifest:
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    schema = _copy_database(settings, staged, tell)
    files, left_out = _take_models(settings.models_dir, staged / MODELS, tell)
    settings_text = json.dumps(list_settings(settings), indent=2, ensure_ascii=False)
    (staged / SETTINGS).write_text(settings_text + "\n", "utf-8")
    for path in sorted(path for path in staged.rglob("*") if path.is_file()):
        name = path.relative_to(staged).as_posix()
        files[name] = files.get(name) or sha256(path)
        fsync(path)
    manifest = Manifest(
        format=FORMAT,
        created_at=created_at,
        schema=schema,
        live_model=Registry(staged / MODELS).active(),
        files=files,
        left_out=left_out,
    )
    write_manifest(staged, manifest)
    for folder in (*(path for path in staged.rglob("*") if path.is_dir()), staged):
        fsync(folder)
    return manifest


def _copy_database(settings: Settings, staged: Path, tell: Tell) -> str:
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() != "sqlite":
        tell("dumping the database", 0.0)
        schema = postgresql.dump(url, staged / POSTGRESQL_FILE)
        postgresql.check(staged / POSTGRESQL_FILE)
        return schema
    path = sqlite_path(url)
    if path is None or not path.exists():
        raise BackupError(f"There is no database at {url.database}: run `supportbot init`.")
    return sqlite.copy(path, staged / SQLITE_FILE, tell)


def _take_models(models: Path, target: Path, tell: Tell) -> tuple[dict[str, str], tuple[str, ...]]:
    """Link or copy every version that is whole.

    Returns:
        The digests that were found, by path in the backup; and the names of versions that are damaged.
    """
    target.mkdir()
    files: dict[str, str] = {}
    for name in registry.RESERVED:  # what is live, before the versions: so that version is among them
        if (models / name).exists():
            shutil.copyfile(models / name, target / name)
    left_out = []
    versions = Registry(models).versions()
    for number, version in enumerate(versions):
        tell("copying the models", number / len(versions))
        try:
            manifest = registry.verify(models / version)
            (target / version).mkdir()
            for name in (*manifest.files, registry.MANIFEST):
                _link_or_copy(models / version / name, target / version / name)
            files |= {f"{MODELS}/{version}/{name}": digest for name, digest in manifest.files.items()}
        except (ModelError, FileNotFoundError):  # damaged, or removed meanwhile
            shutil.rmtree(target / version, ignore_errors=True)
            left_out.append(version)
    return files, tuple(left_out)


def _link_or_copy(source: Path, target: Path) -> None:
    # A version's files are never changed, only removed; on the same disk a link keeps them for nothing.
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


def list_settings(settings: Settings) -> dict[str, str]:
    """Return what is set, by key; a secret is only said to be set."""
    return {env_name(name): _shown(getattr(settings, name)) for name in sorted(settings.model_fields_set)}


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(a secret, left out)"
    return without_secrets(value)
