"""Model versions on disk."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from supportbot.errors import ModelError
from supportbot.registry import Registry, read_manifest, starter_directory, verify, write_manifest


@pytest.fixture
def finished(tiny_model: Path, tmp_path: Path) -> Path:
    """A finished model directory with its manifest."""
    directory = shutil.copytree(tiny_model, tmp_path / "finished")
    write_manifest(directory, version="v1", metrics={"loss": 1.5}, training={"seed": 42}, confidence_floor=-0.4)
    return directory


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """An empty registry."""
    return Registry(tmp_path / "models")


def test_installed_version_goes_live(registry: Registry, finished: Path) -> None:
    """What was installed and activated is what `SUPPORTBOT_MODEL` left empty means."""
    assert registry.active() is None
    registry.install(finished)
    assert registry.active() is None
    registry.activate("v1")
    source = registry.resolve(None)
    assert (registry.active(), source.version, source.confidence_floor) == ("v1", "v1", -0.4)
    assert verify(Path(source.location)).metrics == {"loss": 1.5}
    assert registry.versions() == ["v1"]
    assert registry.manifest("v1").training == {"seed": 42}


def test_installing_again_is_harmless(registry: Registry, finished: Path) -> None:
    """The same version may be installed twice; another content under its name may not."""
    registry.install(finished)
    registry.install(finished)
    (finished / "config.json").write_text((finished / "config.json").read_text() + " ")
    write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None)
    with pytest.raises(ModelError, match="exists already with other content"):
        registry.install(finished)


def test_damaged_installation_is_repaired(registry: Registry, finished: Path, tmp_path: Path) -> None:
    """Installing over a version that lost a file makes it whole again."""
    registry.install(finished)
    (tmp_path / "models" / "v1" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors.*missing or was changed"):
        registry.activate("v1")
    registry.install(finished)
    registry.activate("v1")


def test_nothing_half_made_is_a_version(registry: Registry, finished: Path, tmp_path: Path) -> None:
    """A folder without a manifest is no version and leaves nothing behind when its installation fails."""
    (finished / "manifest.json").unlink()
    with pytest.raises(ModelError, match="not a finished model version"):
        registry.install(finished)
    assert registry.versions() == []
    (tmp_path / "models" / "broken").mkdir(parents=True)
    with pytest.raises(ModelError, match="not a finished"):
        registry.activate("broken")


@pytest.mark.parametrize("damage", ["changed", "extra", "symlink", "manifest"])
def test_changed_files_are_refused(finished: Path, damage: str, tmp_path: Path) -> None:
    """A file that changed, was added, or points elsewhere is told by its name."""
    if damage == "changed":
        (finished / "config.json").write_text("{}")
    elif damage == "extra":
        (finished / "rng_state.pth").write_bytes(b"hostile")
    elif damage == "symlink":
        shutil.move(finished / "config.json", tmp_path / "outside.json")
        (finished / "config.json").symlink_to(tmp_path / "outside.json")
    else:
        (finished / "manifest.json").write_text('{"version": ')
    with pytest.raises(ModelError, match=r"config\.json|rng_state\.pth|manifest\.json"):
        verify(finished)


def test_setting_may_be_a_version_a_directory_or_a_hub_id(
    registry: Registry, finished: Path, tiny_model: Path
) -> None:
    """`SUPPORTBOT_MODEL` finds installed versions first, then directories, and leaves the rest to the hub."""
    registry.install(finished)
    assert registry.resolve("v1").version == "v1"
    loose = registry.resolve(str(tiny_model))
    assert loose.location == str(tiny_model.resolve())
    assert loose.version.startswith("model@")
    assert registry.resolve("gpt2").location == "gpt2"


def test_missing_model_names_both_remedies(registry: Registry, tmp_path: Path) -> None:
    """Without any model the sentence says what to run and what to set."""
    with pytest.raises(ModelError, match=r"supportbot init.*SUPPORTBOT_MODEL"):
        registry.resolve(None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no safetensors"):
        registry.resolve(str(tmp_path / "empty"))


def test_starter_that_ships_is_whole(registry: Registry) -> None:
    """The starter model of the package matches its own manifest and installs."""
    manifest = registry.install(starter_directory())
    assert manifest == read_manifest(starter_directory())
    assert manifest.version == "starter"
    json.dumps(dict(manifest.metrics))
