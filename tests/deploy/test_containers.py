"""The image and the compose files, as far as they can be checked without a container engine."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from supportbot.config.loading import env_name, load_settings
from supportbot.config.settings import Settings
from tests.deploy.image import DOCKERFILE, health_check, image_environment, instructions
from tests.e2e.daemon import running

ROOT = Path(__file__).parents[2]
COMPOSE = ("compose.yaml", "compose.cluster.yaml")
OPERATOR = {"POSTGRES_PASSWORD": "made-up"}
"""What `deploy/.env` must have."""


def test_dockerfile_passes_hadolint() -> None:
    """hadolint has nothing to say, apart from what is ignored with a reason beside it."""
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts")) or shutil.which("hadolint")
    assert hadolint
    finished = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def test_image_runs_as_nobody_special() -> None:
    """Its user is a number that is not root's, so Kubernetes can tell; what it keeps is in the volume."""
    last = dict(instructions())
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    assert Path(image_environment()["SUPPORTBOT_HOME"]).is_relative_to(last["VOLUME"])
    assert image_environment()["SUPPORTBOT_WEB_PORT"] == last["EXPOSE"]


async def test_health_check_tells_a_daemon_that_runs_from_none(home: Path) -> None:
    """The image's own command says yes while the daemon answers, and no when it is gone."""
    program, *arguments = health_check()
    assert program == "python"
    async with running(home) as daemon:
        port = str(urlsplit(daemon.page).port)
        here = [argument.replace("8080", port) for argument in arguments]
        assert await status_of(here) == 0
    assert await status_of(here) != 0


async def status_of(arguments: list[str]) -> int:
    """Run Python to its end, and return its exit status."""
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait()


def test_wheel_can_be_built_from_what_the_image_gets() -> None:
    """`.dockerignore` lets through every folder of the wheel, and neither data nor settings."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    passed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "*" in rules
    assert {"pyproject.toml", "constraints.txt", project["project"]["readme"]} <= passed
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]) <= passed
    assert not passed & {".env", ".git", "var"}


def test_compose_files_meet_the_specification() -> None:
    """The compose specification's own schema knows every key."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    paths = [ROOT / "deploy" / name for name in COMPOSE]
    finished = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def services(name: str) -> dict[str, dict[str, Any]]:
    """Return the services of a compose file, with its variables as an operator sets them."""
    text = re.sub(r"\$\{(\w+)(?::([-?])([^}]*))?\}", _interpolated, (ROOT / "deploy" / name).read_text("utf-8"))
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return found


def _interpolated(found: re.Match[str]) -> str:
    name, kind, rest = found.groups()
    assert kind == "-" or name in OPERATOR, f"{name} has no default"
    return OPERATOR.get(name, rest)


@pytest.mark.parametrize("name", COMPOSE)
def test_bots_are_confined(name: str) -> None:
    """They write to their volume and to memory alone, have no capability, and stop in their own time."""
    for service in ("init", "bot"):
        bot = services(name)[service]
        assert bot["read_only"]
        assert bot["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in bot["security_opt"]
        assert bot["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
        [volume] = [each.split(":")[1] for each in bot["volumes"]]
        assert Path(image_environment()["SUPPORTBOT_HOME"]).is_relative_to(volume)
    assert int(services(name)["bot"]["stop_grace_period"].removesuffix("s")) > 10
    assert services(name)["bot"]["depends_on"]["init"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", COMPOSE)
def test_ports_are_this_machine_s_own_and_images_have_versions(name: str) -> None:
    """Nothing is open to a network before an operator says so, and nothing changes by itself."""
    for service in services(name).values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert re.fullmatch(r".+:(v?\d[\w.-]*)", service["image"])


@pytest.mark.parametrize("name", COMPOSE)
def test_settings_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a bot is given, with what the image sets, is known to the program and goes together."""
    known = {env_name(field) for field in Settings.model_fields}
    given = services(name)["bot"]["environment"]
    assert given.keys() <= known
    for key, value in {**image_environment(), **given}.items():
        monkeypatch.setenv(key, value)
    assert load_settings(Path("/nowhere/.env")).web_host == "0.0.0.0"  # noqa: S104 - of a container


def test_services_that_are_named_exist() -> None:
    """The addresses in the cluster's settings and in Prometheus' are those of its services."""
    cluster = services("compose.cluster.yaml")
    given = cluster["bot"]["environment"]
    hosts = {urlsplit(given[key]).hostname for key in ("SUPPORTBOT_DATABASE_URL", "SUPPORTBOT_REMOTE_URLS")}
    prometheus = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text("utf-8"))
    [scraped] = prometheus["scrape_configs"][0]["dns_sd_configs"]
    assert {*hosts, *scraped["names"]} <= cluster.keys()
    assert str(scraped["port"]) == image_environment()["SUPPORTBOT_WEB_PORT"]
    mounted = [volume.split(":")[0] for each in cluster.values() for volume in each.get("volumes", [])]
    assert all((ROOT / "deploy" / path).exists() for path in mounted if path.startswith("./"))
