"""The manifests: valid for Kubernetes, confined, and consistent with one another and with the program."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot.config.loading import env_name, load_settings
from supportbot.config.settings import Settings
from tests.deploy.image import image_environment

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
SHAPES = ("single", "cluster")

Manifest = dict[str, Any]


def files(folder: Path) -> Iterator[Path]:
    """Yield the files that a kustomization brings together."""
    for name in yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from files(path)
        else:
            yield path


@cache
def manifests(shape: str) -> list[Manifest]:
    """Return everything that a cluster is told of a shape."""
    return [document for path in files(FOLDER / shape) for document in yaml.safe_load_all(path.read_text("utf-8"))]


def of_kind(shape: str, *kinds: str) -> list[Manifest]:
    """Return the manifests of some kinds."""
    return [manifest for manifest in manifests(shape) if manifest["kind"] in kinds]


def pods(shape: str) -> list[Manifest]:
    """Return the templates of all pods."""
    return [manifest["spec"]["template"] for manifest in of_kind(shape, "Deployment", "StatefulSet")]


def containers(pod: Manifest) -> list[Manifest]:
    """Return all containers of a pod."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def has(labels: dict[str, str], wanted: dict[str, str]) -> bool:
    """Return whether labels are those that a selector wants."""
    return wanted.items() <= labels.items()


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("shape", SHAPES)
def test_manifests_meet_the_schema(shape: str, version: str) -> None:
    """Kubernetes' own schemas, of an old version and a new one, know every field."""
    # Here, since it takes a second, which each worker would spend.
    import kubernetes_validate

    for manifest in manifests(shape):
        assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_schema_is_that_strict() -> None:
    """A field that is misspelt is found."""
    import kubernetes_validate

    text = (FOLDER / "base" / "service.yaml").read_text("utf-8").replace("targetPort", "tragetPort")
    with pytest.raises(kubernetes_validate.ValidationError, match="tragetPort"):
        kubernetes_validate.validate(yaml.safe_load(text), "1.37", strict=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_file_is_used(shape: str) -> None:
    """No manifest lies about that no kustomization names."""
    assert {path.resolve() for folder in ("base", shape) for path in (FOLDER / folder).glob("*.yaml")} == {
        *files(FOLDER / shape),
        *((FOLDER / folder / "kustomization.yaml").resolve() for folder in ("base", shape)),
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_pods_are_restricted(shape: str) -> None:
    """Each pod meets the standard that its namespace enforces, and more: it writes to its volumes alone."""
    [namespace] = of_kind(shape, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for pod in pods(shape):
        confined = pod["spec"]["securityContext"]
        assert confined["runAsNonRoot"]
        assert confined["runAsUser"] > 0
        assert confined["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["spec"]["automountServiceAccountToken"]
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert ":" in container["image"]
            assert not container["image"].endswith(":latest")


@pytest.mark.parametrize("shape", SHAPES)
def test_kubernetes_adds_no_settings(shape: str) -> None:
    """A service named like the bot would add SUPPORTBOT_SERVICE_HOST, at which the bot refuses to start."""
    assert all(pod["spec"]["enableServiceLinks"] is False for pod in pods(shape))


@pytest.mark.parametrize("shape", SHAPES)
def test_selectors_find_what_they_are_for(shape: str) -> None:
    """Services, budgets and network policies choose pods that there are, and name ports that these have."""
    labels = [pod["metadata"]["labels"] for pod in pods(shape)]
    for manifest in of_kind(shape, "Deployment", "StatefulSet"):
        assert has(manifest["spec"]["template"]["metadata"]["labels"], manifest["spec"]["selector"]["matchLabels"])
    for manifest in of_kind(shape, "PodDisruptionBudget"):
        assert any(has(each, manifest["spec"]["selector"]["matchLabels"]) for each in labels)
    for manifest in of_kind(shape, "NetworkPolicy"):
        wanted = manifest["spec"]["podSelector"]["matchLabels"]
        assert any(has(each, wanted) for each in labels)
        for rule in manifest["spec"]["ingress"]:
            for peer in rule.get("from", []):
                assert any(has(each, peer["podSelector"]["matchLabels"]) for each in labels)
            for port in rule["ports"]:
                assert port["port"] in ports(shape, wanted)
    for manifest in of_kind(shape, "Service"):
        for port in manifest["spec"]["ports"]:
            assert port["targetPort"] in ports(shape, manifest["spec"]["selector"])


def ports(shape: str, wanted: dict[str, str]) -> set[str]:
    """Return the names of the ports of the pods that a selector chooses."""
    chosen = [pod for pod in pods(shape) if has(pod["metadata"]["labels"], wanted)]
    return {port["name"] for pod in chosen for each in containers(pod) for port in each.get("ports", [])}


@pytest.mark.parametrize("shape", SHAPES)
def test_what_pods_refer_to_is_there(shape: str) -> None:
    """Every config map, secret and key, volume, claim, service account and service that is named exists."""
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests(shape)}
    for manifest in of_kind(shape, "Deployment", "StatefulSet"):
        spec = manifest["spec"]["template"]["spec"]
        if "serviceAccountName" in spec:
            assert ("ServiceAccount", spec["serviceAccountName"]) in named
        if manifest["kind"] == "StatefulSet":
            assert ("Service", manifest["spec"]["serviceName"]) in named
        claims = manifest["spec"].get("volumeClaimTemplates", [])
        volumes = {volume["name"] for volume in spec["volumes"]} | {claim["metadata"]["name"] for claim in claims}
        for volume in spec["volumes"]:
            if "persistentVolumeClaim" in volume:
                assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in named
        for container in containers(manifest["spec"]["template"]):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
            for source in container.get("envFrom", []):
                [(kind, reference)] = source.items()
                assert ({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"]) in named
            for variable in container.get("env", []):
                if "valueFrom" in variable:
                    reference = variable["valueFrom"]["secretKeyRef"]
                    assert reference["key"] in named["Secret", reference["name"]]["stringData"]


@pytest.mark.parametrize("shape", SHAPES)
def test_settings_are_accepted(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bot's containers are given, with what the image sets, is known to the program and goes together."""
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests(shape)}
    known = {env_name(field) for field in Settings.model_fields}
    [bot] = [pod for pod in pods(shape) if pod["metadata"]["labels"]["app.kubernetes.io/name"] == "supportbot"]
    for container in containers(bot):
        given = {**named["ConfigMap", "supportbot"]["data"], **named["Secret", "supportbot"]["stringData"]}
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            secret = reference and named["Secret", reference["name"]]["stringData"][reference["key"]]
            given[variable["name"]] = secret or variable["value"]
        assert given.keys() <= known
        with monkeypatch.context() as patched:
            for key, value in {**image_environment(), **given}.items():
                patched.setenv(key, value)
            settings = load_settings(Path("/nowhere/.env"))
        [http] = bot["spec"]["containers"][0]["ports"]
        assert http["containerPort"] == settings.web_port
        assert all(mount["mountPath"] != str(settings.home) for mount in container["volumeMounts"])
        assert any(settings.home.is_relative_to(mount["mountPath"]) for mount in container["volumeMounts"])


def test_sqlite_has_one_bot() -> None:
    """The shape with SQLite never has two at once; the other has two, of which one stays."""
    [single] = of_kind("single", "Deployment")
    assert (single["spec"]["replicas"], single["spec"]["strategy"]) == (1, {"type": "Recreate"})
    [cluster] = [each for each in of_kind("cluster", "StatefulSet") if each["metadata"]["name"] == "supportbot"]
    [budget] = of_kind("cluster", "PodDisruptionBudget")
    assert (cluster["spec"]["replicas"], budget["spec"]["minAvailable"]) == (2, 1)
