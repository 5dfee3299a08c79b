"""Model versions on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from supportbot.errors import ModelError
from supportbot.models.registry import Registry, read_manifest, starter_directory, verify, write_manifest


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
    with pytest.raises(ModelError, match="already exists with other content"):
        registry.install(finished)


def test_damaged_installation_is_repaired(registry: Registry, finished: Path, tmp_path: Path) -> None:
    """Installing over a version that lost a file makes it whole again."""
    registry.install(finished)
    (tmp_path / "models" / "v1" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors.*missing or was changed"):
        registry.activate("v1")
    registry.install(finished)
    registry.activate("v1")


def test_damage_gives_no_name_away(registry: Registry, finished: Path, tmp_path: Path) -> None:
    """A version that lost a file is still the model that its manifest describes, and no other takes its place."""
    registry.install(finished)
    (tmp_path / "models" / "v1" / "model.safetensors").unlink()
    (finished / "config.json").write_text((finished / "config.json").read_text() + " ")
    write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None)
    with pytest.raises(ModelError, match="already exists with other content"):
        registry.install(finished)


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


def install(registry: Registry, tiny_model: Path, folder: Path, *versions: str) -> None:
    """Install the tiny model under several names."""
    for version in versions:
        directory = shutil.copytree(tiny_model, folder / version)
        write_manifest(directory, version=version, metrics={}, training={}, confidence_floor=None)
        registry.install(directory)


def test_rollback_walks_back_through_what_was_live(registry: Registry, tiny_model: Path, tmp_path: Path) -> None:
    """Each rollback leads to the version that was live before; versions that are gone are passed over."""
    install(registry, tiny_model, tmp_path, "a", "b", "c", "d")
    for version in ("a", "b", "c", "c", "d"):
        registry.activate(version)
    assert registry.previous() == "c"
    assert registry.rollback() == ("d", "c")
    registry.remove("b")
    assert registry.rollback() == ("c", "a")
    assert (registry.active(), registry.previous()) == ("a", None)
    with pytest.raises(ModelError, match="no earlier version"):
        registry.rollback()


def test_crash_between_history_and_switch_is_harmless(
    registry: Registry, tiny_model: Path, tmp_path: Path
) -> None:
    """The history may already, or still, end with the live version: a rollback never leads to itself."""
    install(registry, tiny_model, tmp_path, "a", "b")
    registry.activate("a")
    registry.activate("b")
    (tmp_path / "models" / "history").write_text("a\nb\n")
    assert registry.previous() == "a"
    assert registry.rollback() == ("b", "a")


def test_rollback_to_a_damaged_version_changes_nothing(
    registry: Registry, tiny_model: Path, tmp_path: Path
) -> None:
    """What was changed on disk since it was live does not come back."""
    install(registry, tiny_model, tmp_path, "a", "b")
    registry.activate("a")
    registry.activate("b")
    (tmp_path / "models" / "a" / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config\.json"):
        registry.rollback()
    assert (registry.active(), registry.previous()) == ("b", "a")


def test_switch_that_was_decided_against_another_version_is_refused(
    registry: Registry, tiny_model: Path, tmp_path: Path
) -> None:
    """Of two promotions at the same time, the second finds another version live and stops."""
    install(registry, tiny_model, tmp_path, "a", "b", "c")
    registry.activate("a")
    registry.activate("b", instead_of="a")
    with pytest.raises(ModelError, match="'b' went live meanwhile"):
        registry.activate("c", instead_of="a")
    assert registry.active() == "b"


def test_stamp_differs_after_every_switch(registry: Registry, tiny_model: Path, tmp_path: Path) -> None:
    """Also a switch to the same version can be told, so a refused one is tried again."""
    assert registry.stamp() is None
    install(registry, tiny_model, tmp_path, "a")
    registry.activate("a")
    first = registry.stamp()
    assert registry.stamp() == first
    registry.activate("a")
    assert registry.stamp() != first


def test_live_version_is_not_removed(registry: Registry, tiny_model: Path, tmp_path: Path) -> None:
    """The files of the live version stay; of another one nothing is left behind."""
    install(registry, tiny_model, tmp_path, "a", "b")
    registry.activate("a")
    with pytest.raises(ModelError, match="is live"):
        registry.remove("a")
    registry.remove("b")
    registry.remove("b")
    assert registry.versions() == ["a"]
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"a", "current", ".lock"}


@pytest.mark.parametrize("name", ["pytorch_model.bin", "training_args.bin", "optimizer.pt", "head.PKL", "x.ckpt"])
def test_pickles_are_refused(finished: Path, registry: Registry, name: str) -> None:
    """A file that could run code when it is loaded is no part of a version, digest or not."""
    (finished / name).write_bytes(b"\x80\x04.")
    write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None)
    with pytest.raises(ModelError, match=f"{name}.*pickle"):
        registry.install(finished)
    assert registry.versions() == []


def test_version_without_safetensors_is_refused(finished: Path, registry: Registry) -> None:
    """A version has weights."""
    (finished / "model.safetensors").unlink()
    write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None)
    with pytest.raises(ModelError, match="no safetensors"):
        registry.install(finished)


@pytest.mark.parametrize("name", ["", "..", "../evil", "a/b", "current", "history", ".hidden", "a b", "x" * 101])
def test_names_that_lead_elsewhere_are_refused(
    registry: Registry, finished: Path, tmp_path: Path, name: str
) -> None:
    """A version's name is a folder's name and nothing more, also in a manifest from elsewhere."""
    with pytest.raises(ModelError, match="can't be the name of a version"):
        write_manifest(finished, version=name, metrics={}, training={}, confidence_floor=None)
    manifest = json.loads((finished / "manifest.json").read_text())
    (finished / "manifest.json").write_text(json.dumps({**manifest, "version": name}))
    with pytest.raises(ModelError, match="can't be the name of a version"):
        registry.install(finished)
    with pytest.raises(ModelError, match="can't be the name of a version"):
        registry.activate(name)
    assert not (tmp_path / "evil").exists()


def test_file_outside_of_the_folder_is_refused(registry: Registry, finished: Path, tmp_path: Path) -> None:
    """A manifest can't make the registry copy what lies elsewhere."""
    (tmp_path / "secret").write_text("secret")
    manifest = json.loads((finished / "manifest.json").read_text())
    manifest["files"]["../secret"] = hashlib.sha256(b"secret").hexdigest()
    (finished / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"\.\./secret.*outside"):
        registry.install(finished)


def test_folder_in_a_version_is_refused(finished: Path) -> None:
    """Checkpoints and reports stay with the training run."""
    (finished / "checkpoint-10").mkdir()
    with pytest.raises(ModelError, match=r"checkpoint-10.*folder"):
        write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None)


def test_same_files_with_a_newer_evaluation_refresh_the_manifest(registry: Registry, finished: Path) -> None:
    """A version that was measured again is installed again, and only its manifest changes."""
    digest = registry.install(finished).digest
    evaluation = {"better": True, "against": {"version": "starter"}}
    write_manifest(finished, version="v1", metrics={}, training={}, confidence_floor=None, evaluation=evaluation)
    registry.install(finished)
    assert registry.manifest("v1").evaluation == evaluation
    assert registry.manifest("v1").digest == digest
    registry.activate("v1")


def test_manifest_of_before_evaluations_is_read(finished: Path) -> None:
    """Manifests that were written before versions had evaluations, or a floor beside knowledge, stay valid."""
    manifest = json.loads((finished / "manifest.json").read_text())
    del manifest["evaluation"], manifest["beside_knowledge"]
    (finished / "manifest.json").write_text(json.dumps(manifest))
    assert (verify(finished).evaluation, verify(finished).floor_beside) == (None, None)
