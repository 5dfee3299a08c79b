"""A base that only the hub has is asked for once, for two seconds, and only if it is needed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from supportbot.config import Settings
from supportbot.errors import ModelError
from training.finetune.hub import can_connect, check_base

MOST_SECONDS = 10
"""To end the command; it takes one on an idle machine, and the libraries that train take longer to import."""


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a hub where nobody listens; it is the one in use."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    return url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own."""
    return Settings(home=tmp_path)


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of somebody who takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_unreachable_hub_is_one_sentence(nowhere: str, settings: Settings) -> None:
    """It says that the hub can't be reached, and offers the recipe and a folder."""
    with pytest.raises(ModelError) as raised:
        check_base(["--from-db"], settings)
    for part in ("'gpt2'", "can't be reached", nowhere, "--recipe faq", "--base-model to a folder"):
        assert part in str(raised.value)


def test_hub_that_answers_is_used(listening: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a connection nothing is refused."""
    monkeypatch.setattr(constants, "ENDPOINT", listening)
    check_base(["--from-db"], settings)


@pytest.mark.parametrize(
    "argv",
    [
        ["--from-db", "--recipe", "faq"],
        ["--from-db", "--base-model=active"],
        ["--from-db", "--base_model", "."],
        ["--from-db", "--base-model", "/not/here"],
        ["--from-db", "--dry-run"],
        ["--from-db", "--base-model"],
        ["--data", "missing.jsonl"],
        ["--help"],
        [],
    ],
)
def test_hub_is_not_asked_without_need(argv: list[str], nowhere: str, settings: Settings) -> None:
    """Folders, versions, dry runs, the recipe, and command lines that are wrong need no hub."""
    check_base(argv, settings)


def test_cached_base_needs_no_hub(
    nowhere: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched once goes on working, in offline mode too; what was not is told of."""
    cache = tmp_path / "cache"
    snapshot = cache / "models--acme--tiny" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (cache / "models--acme--tiny" / "refs").mkdir()
    (cache / "models--acme--tiny" / "refs" / "main").write_text("0123")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    check_base(["--from-db", "--base-model=acme/tiny"], settings)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids"):
        check_base(["--from-db", "--base-model=acme/other"], settings)


def test_proxy_is_what_must_be_reached(listening: str, nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy the host itself can't be reached, and need not be."""
    monkeypatch.setenv("http_proxy", listening)
    monkeypatch.setenv("no_proxy", "")
    assert can_connect("http://hub.invalid")
    monkeypatch.setenv("http_proxy", nowhere.removeprefix("http://"))
    assert not can_connect("http://hub.invalid")


def test_command_ends_at_once(nowhere: str, tmp_path: Path) -> None:
    """The whole command says it in one line, with exit status 2, without importing what trains."""
    environment = {**os.environ, "SUPPORTBOT_HOME": str(tmp_path), "HF_ENDPOINT": nowhere}
    command = [sys.executable, "-m", "training.finetune", "--from-db"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=MOST_SECONDS)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "--recipe faq" in done.stderr
