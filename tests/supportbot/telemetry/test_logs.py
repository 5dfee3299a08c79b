"""No secret ever appears in a log, no line is forged, and libraries say only what stands in their source."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from supportbot.config import Settings, load_settings
from supportbot.errors import DatabaseError
from supportbot.telemetry.logs import configure_logging, hear_libraries
from supportbot.telemetry.redactor import Redactor

BOT = "xoxb-123456789012-abcdefABCDEF"
DISCORD = "MTEyMzQ1Njc4OTAxMjM0NTY3.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"
INTERACTION = "aW50ZXJhY3Rpb246MTQzMjE6YWJjZGVmZ2hpamtsbW5vcA"
DECODED = "hunt/er 22"

pytestmark = pytest.mark.usefixtures("restored_logging")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a secret of every kind."""
    monkeypatch.setenv("SUPPORTBOT_LOG_FORMAT", "json")
    monkeypatch.setenv("SUPPORTBOT_LOG_LEVEL", "debug")
    monkeypatch.setenv("DISCORD_TOKEN", DISCORD)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", "postgresql+psycopg://user:hunt%2Fer%2022@host/name")
    return load_settings()


@pytest.fixture
def lines(settings: Settings) -> Callable[[], list[dict[str, Any]]]:
    """What was logged, line by line."""
    with redirect_stderr(StringIO()) as written:
        configure_logging(settings)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def test_secrets_are_blacked_out(settings: Settings, lines: Callable[[], list[dict[str, Any]]]) -> None:
    """Events, values of every kind, and sentences of our own errors come out without them."""
    log = structlog.get_logger("bot.test")
    log.info("token is " + BOT, url=f"wss://slack/link?ticket=deadbeef-1234&x={DISCORD}", other={"key": [DISCORD]})
    log.info("database", urls=[settings.database_url, f"password {DECODED}"])
    try:
        raise DatabaseError(f"0123456789abcdef0123456789abcdef and {BOT}")
    except DatabaseError as error:
        log.exception("broken", error=error, same=str(error))
    said = lines()
    assert [line["event"] for line in said] == ["token is [secret]", "database", "broken"]
    output = json.dumps(said)
    for secret in (*settings.secrets(), BOT, "deadbeef", DECODED):
        assert secret not in output


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.slack.com/commands/T1/2/abc",
        "xapp-1-A0B1-987654321-abcdef0123",
        "/webhooks/1234567890/aW50ZXJhY3Rpb246abcdefghijklmnop",
        "/interactions/1234567890/abcdefghijklmnopqrstuvwxyz/callback",
        "{'channel': 1, 'token': 'a-token-of-another-shape'}",
        '{"token": "a-token-of-another-shape"}',
        INTERACTION,
        DISCORD,
        BOT,
        "postgresql://somebody:hunter22@somewhere/name",
    ],
)
def test_shapes_of_tokens_are_hidden_even_if_unknown(text: str) -> None:
    """A token that no setting holds, such as one of an interaction, is recognised by its shape."""
    cleaned = Redactor([]).clean(f"before {text} after")
    assert "[secret]" in cleaned
    assert not any(part in cleaned for part in ("aW50ZXJhY3Rpb246", "abcdefgh", "another-shape", "hunter22"))


def test_ordinary_text_is_left_alone() -> None:
    """Versions, paths and sentences are not mistaken for secrets."""
    text = f"model starter-20261122-162355 at {Path('/home/someone/models')} took 12.5 s: daemon.ready"
    assert Redactor(["secret-value"]).clean(text) == text


def test_libraries_say_only_what_stands_in_their_source(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """What they fill in is left out, and so is a message that they put together; the place says which it is."""
    library = logging.getLogger("library.part")
    library.setLevel(logging.DEBUG)  # as some do themselves
    name = "Ann Miller"
    library.debug("read the message of %s", name)
    library.info("read the message of %s", name)
    library.warning("failed for %s", name)
    library.error(f"failed for {name}")  # noqa: G004, RUF100 - libraries do
    try:
        raise ValueError(f"no such person: {name}")
    except ValueError:
        library.exception("failed with its traceback\n", extra={"person": name})
    said = lines()
    assert [line["event"] for line in said] == [
        "failed for %s",
        "library.message",
        "failed with its traceback",
    ]
    assert all(line["place"].startswith("tests/supportbot/telemetry/test_logs.py:") for line in said)
    assert said[-1]["exception"].startswith("ValueError\n    tests/supportbot/telemetry/test_logs.py:")
    assert name not in json.dumps(said)


def test_cancelled_tasks_of_libraries_are_no_errors(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """Each stop cancels what waits for the database, and its pool calls that an exception; other ones are told."""
    pool = logging.getLogger("sqlalchemy.pool.impl.AsyncAdaptedQueuePool")
    for error in (asyncio.CancelledError(), OSError("gone")):
        try:
            raise error
        except (asyncio.CancelledError, OSError):
            pool.exception("Exception during reset or similar")
    assert [line["exception"].split()[0] for line in lines()] == ["OSError"]


def test_our_own_level_is_the_one_that_is_set(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Our loggers follow the setting; a library's are heard from a warning up, or from the level set above it."""
    configure_logging(settings)
    structlog.get_logger("supportbot.anything").debug("heard")
    configure_logging(settings.model_copy(update={"log_level": "error"}))
    structlog.get_logger("supportbot.anything").warning("not heard")
    logging.getLogger("library").warning("not heard")
    logging.getLogger("library").error("heard, too")
    said = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["event"] for line in said] == ["heard", "heard, too"]


def test_no_library_writes_past_the_log(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """A handler that a library brought along is taken away, and its lines come as all others."""
    logger = logging.getLogger("library.with_handler")
    logger.addHandler(logging.StreamHandler())
    logger.propagate = False
    hear_libraries()
    logger.warning("said once")
    assert [line["event"] for line in lines()] == ["said once"]


def test_text_for_people_has_no_forged_lines(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """Line breaks, escape sequences and what turns the direction of writing are spelt out, in each format."""
    hostile = 'x\n{"event": "forged"}\r\x1b[2J\u202egpj.\u2028\udc80'
    for form in ("text", "json"):
        configure_logging(settings.model_copy(update={"log_format": form}))
        log = structlog.get_logger("bot.test")
        log.warning(hostile, value=hostile, nested=[{hostile: hostile}], **{hostile: 1})
        try:
            raise DatabaseError(hostile)
        except DatabaseError:
            log.exception("broken")
        shown = capfd.readouterr().err
        assert set(shown) & set("\r\x1b\u202e\u2028\udc80") == set()
        first, second, *trace = shown.splitlines()
        assert "\\x1b[2J" in first.replace("\\\\", "\\")
        assert "broken" in second
        assert all(line.startswith(("  ", "supportbot.errors.DatabaseError: x {")) for line in trace)


def test_values_are_cut(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """A megabyte in an event, a value, a list or an exception takes a few thousand characters."""
    huge = "a" * 2**20
    structlog.get_logger("bot.test").warning(huge, value=huge, many=[huge], numbers=list(range(10**5)))

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        raise RuntimeError from DatabaseError(huge)

    try:
        deep(500)
    except RuntimeError:
        structlog.get_logger("bot.test").exception("broken")
    first, second = lines()
    assert max(len(str(value)) for value in first.values()) < 2_100
    assert len(second["exception"]) < 8_100


def test_expected_errors_are_one_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    """An error that has a sentence is logged by it, however it comes; a traceback is for defects alone."""
    log = structlog.get_logger("bot.test")
    try:
        raise DatabaseError("The disk is full: make room.")
    except DatabaseError as error:
        log.exception("ours")
        log.error("given", exc_info=error)
    try:
        raise ValueError("a defect")
    except ValueError:
        log.exception("broken")
    *expected, defect = lines()
    assert [line["error"] for line in expected] == ["The disk is full: make room."] * 2
    assert not any("exception" in line for line in expected)
    assert "ValueError" in defect["exception"]
