"""No secret ever appears in a log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from supportbot.config import Settings, load_settings
from supportbot.errors import DatabaseError
from supportbot.telemetry.logs import Redactor, configure_logging

BOT = "xoxb-123456789012-abcdefABCDEF"
DISCORD = "MTEyMzQ1Njc4OTAxMjM0NTY3.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a secret of every kind."""
    monkeypatch.setenv("SUPPORTBOT_LOG_FORMAT", "json")
    monkeypatch.setenv("DISCORD_TOKEN", DISCORD)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", "postgresql+psycopg://user:hunter22@host/name")
    return load_settings()


@contextmanager
def configured(settings: Settings) -> Iterator[None]:
    """Log as the daemon does, and put everything back."""
    before = logging.getLogger().handlers[:], logging.getLogger().level, structlog.get_config()
    try:
        configure_logging(settings)
        yield
    finally:
        logging.getLogger().handlers[:], level, config = before
        logging.getLogger().setLevel(level)
        structlog.configure(**config)


def test_expected_errors_are_one_line(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """An error that has a sentence is logged by it, however it comes; a traceback is for defects alone."""
    with configured(settings):
        log = structlog.get_logger("test")
        try:
            raise DatabaseError("The disk is full: make room.")
        except DatabaseError as error:
            log.exception("ours")
            log.error("given", exc_info=error)
            logging.getLogger("library").exception("theirs")
        try:
            raise ValueError("a defect")
        except ValueError:
            log.exception("broken")
    *expected, defect = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["error"] for line in expected] == ["The disk is full: make room."] * 3
    assert not any("exception" in line for line in expected)
    assert "Traceback" in defect["exception"]


def test_every_way_into_the_log_is_filtered(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Events, their values, tracebacks and the libraries' own log lines come out without secrets."""
    with configured(settings):
        log = structlog.get_logger("test")
        log.info(
            "token is " + BOT, url=f"wss://slack/link?ticket=deadbeef-1234&x={DISCORD}", other={"key": DISCORD}
        )
        logging.getLogger("library").warning("failed for %s", "postgresql://user:hunter22@host")
        try:
            raise ValueError(f"0123456789abcdef0123456789abcdef and {BOT}")
        except ValueError:
            log.exception("broken")
    output = capfd.readouterr().err
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["event"] for line in lines] == [
        "token is [secret]",
        "failed for postgresql://user:[secret]@host",
        "broken",
    ]
    for secret in [*settings.secrets(), BOT, "deadbeef"]:
        assert secret not in output


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.slack.com/commands/T1/2/abc",
        "xapp-1-A0B1-987654321-abcdef0123",
        "/webhooks/1234567890/aW50ZXJhY3Rpb246abcdefghijklmnop",
        DISCORD,
        BOT,
    ],
)
def test_shapes_of_tokens_are_hidden_even_if_unknown(text: str) -> None:
    """A token that no setting holds, such as one of an interaction, is recognised by its shape."""
    assert "[secret]" in Redactor([]).clean(f"before {text} after")


def test_ordinary_text_is_left_alone() -> None:
    """Versions, paths and sentences are not mistaken for secrets."""
    text = f"model starter-20261122-162355 at {Path('/home/someone/models')} took 12.5 s: daemon.ready"
    assert Redactor(["secret-value"]).clean(text) == text
