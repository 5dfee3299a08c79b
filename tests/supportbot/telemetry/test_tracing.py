"""Whether anybody is told of traces, by what the environment says; and what a span is to say."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supportbot.config import adopt_standard
from supportbot.errors import ConfigError
from supportbot.telemetry import tracing
from tests.otlp_server import LocalCollector

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalCollector]:
    """A collector that the environment names."""
    async with LocalCollector() as collector:
        for key, value in collector.environment().items():
            monkeypatch.setenv(key, value)
        yield collector


def _say_all() -> None:
    """Go a question's whole way."""
    with tracing.receive("slack", None) as receipt:
        receipt.keep(question_id=5)
    with tracing.resume("question.answer", receipt.carried, question_id=5, nothing=None):
        with tracing.step("outbox.write"), tracing.retrieval() as looking:
            looking.note(verdict="verified")
        tracing.note(outcome="answered")


def test_nothing_of_opentelemetry_is_imported_until_it_is_wanted() -> None:
    """The core has no import of what makes and sends spans."""
    seen = "import sys, supportbot.bootstrap; print([name for name in sys.modules if 'telemetry' in name])"
    ran = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert "supportbot.telemetry.tracing" in ran.stdout
    assert "opentelemetry" not in ran.stdout
    assert "supportbot.telemetry.otel" not in ran.stdout


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {ENDPOINT: " "},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_SDK_DISABLED": "TRUE"},
    ],
)
async def test_without_an_endpoint_or_switched_off_nobody_is_told(
    collector: LocalCollector, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    """Steps cost nothing and carry nothing."""
    if not settings:
        monkeypatch.delenv(ENDPOINT)
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    async with tracing.exporting():
        with tracing.receive("slack", None) as receipt:
            assert receipt.carried is None
        assert tracing.step("a") is tracing.step("b")
        assert tracing.add_ids(None, "info", {"event": "x"}) == {"event": "x"}
        _say_all()
    assert collector.bodies == []


async def test_what_is_not_kept_is_not_told(collector: LocalCollector) -> None:
    """Most of what is said is no question, and a look-up from the console belongs to none: neither is a trace."""
    async with tracing.exporting():
        with tracing.receive("slack", None):
            pass
        with tracing.step("outbox.write"), tracing.retrieval():
            assert tracing.add_ids(None, "info", {"event": "x"}) == {"event": "x"}
        _say_all()
        await collector.wait_for("question.receive")
    assert sorted(span.name for span in collector.spans) == [
        "outbox.write",
        "question.accept",
        "question.answer",
        "question.receive",
        "retrieval knowledge",
    ]
    [answer] = await collector.wait_for("question.answer")
    assert answer.attributes == {"supportbot.question_id": 5, "supportbot.outcome": "answered"}


async def test_an_error_is_told_by_its_class_alone(collector: LocalCollector) -> None:
    """The words of an exception may be somebody's."""
    async with tracing.exporting():
        with tracing.receive("slack", None) as receipt:
            receipt.keep()
        with pytest.raises(ValueError, match="secret"), tracing.resume("question.answer", receipt.carried):
            raise ValueError("a secret")
        with tracing.resume("reply.deliver", receipt.carried):
            tracing.fail("model error")
    [answer] = await collector.wait_for("question.answer")
    [reply] = await collector.wait_for("reply.deliver")
    assert (answer.is_error, answer.attributes) == (True, {"error.type": "ValueError"})
    assert (reply.is_error, reply.attributes) == (True, {"error.type": "model error"})
    assert b"secret" not in b"".join(collector.bodies)


async def test_the_sampler_decides_for_all_of_a_trace(
    collector: LocalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the sampler leaves out is left out by whoever takes the question up later, though it samples all."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with tracing.exporting():
        with tracing.receive("slack", None) as receipt:
            receipt.keep()
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    async with tracing.exporting():
        with tracing.resume("question.answer", receipt.carried):
            pass
    assert collector.bodies == []


async def test_damaged_context_begins_anew(collector: LocalCollector) -> None:
    """Whatever stands in a row, the question is answered; its trace begins there."""
    async with tracing.exporting():
        with tracing.resume("question.answer", "00-no-context-at-all"):
            pass
    [answer] = await collector.wait_for("question.answer")
    assert answer.parent_id == ""


async def test_headers_and_the_address_for_traces_alone(
    collector: LocalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard variables do as documented."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector.environment()[ENDPOINT]}/v1/traces")
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
    async with tracing.exporting():
        _say_all()
    await collector.wait_for("question.receive")
    assert collector.headers["authorization"] == "Bearer abc"


async def test_a_collector_that_is_away_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end waits a moment for what is left, and no longer."""
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    async with asyncio.timeout(10):
        async with tracing.exporting():
            _say_all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({ENDPOINT: "collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT must begin with http://"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "-1"}, "refuses one of its settings"),
    ],
)
async def test_wrong_settings_are_one_sentence(
    collector: LocalCollector, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], sentence: str
) -> None:
    """What cannot be used stops the start, and the sentence names the setting."""
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError, match=sentence):
        async with tracing.exporting():
            pass


async def test_without_the_extra_the_sentence_says_what_to_install(
    collector: LocalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that is set without the libraries stops the start."""
    monkeypatch.delitem(sys.modules, "supportbot.telemetry.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"pip install 'supportbot\[otel\]'"):
        async with tracing.exporting():
            pass


def test_standard_variables_may_stand_in_env_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are adopted from `.env`, where the environment does not say otherwise; nothing else is."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-outside")
    monkeypatch.setenv(ENDPOINT, "to be replaced")
    monkeypatch.delenv(ENDPOINT)
    path = tmp_path / "settings.env"
    path.write_text(f"{ENDPOINT}=http://c:4318\nOTEL_SERVICE_NAME=inside\nOTHER_KEY=1\n", "utf-8")
    adopt_standard(path)
    assert os.environ[ENDPOINT] == "http://c:4318"
    assert os.environ["OTEL_SERVICE_NAME"] == "from-outside"
    assert "OTHER_KEY" not in os.environ
