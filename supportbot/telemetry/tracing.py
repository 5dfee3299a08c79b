"""Traces: one for each question, from the event to the reply, sent to a collector where the environment names one.

The row of a question carries its trace (W3C ``traceparent``), so that whoever takes up the question or its reply
goes on with it: after a restart, or on another machine. Attributes never contain what people write or the words of
an exception. Only ``otel`` knows OpenTelemetry, and it is imported only if traces are exported.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog
from structlog.typing import EventDict, WrappedLogger

from supportbot.engine.base import Engine, SamplingParams
from supportbot.errors import ConfigError

if TYPE_CHECKING:
    from supportbot.telemetry.otel import Otel

log = structlog.get_logger(__name__)

Value = str | int | float | bool | None
"""Of an attribute; what is None is left out."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"


class Span:
    """One step on a question's way; this one is of no trace, and does nothing."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; with an exception it has failed."""

    def note(self, **attributes: Value) -> None:
        """Say more about it."""

    def generated(self, tokens: int | None, finish: str | None) -> None:
        """Say what a model did."""


class Receipt(Span):
    """The hearing of what may become a question; it is the beginning of a trace once that is kept.

    Attributes:
        carried: what the question's row is to carry; None without a trace.
    """

    carried: str | None = None

    def keep(self, **attributes: Value) -> None:
        """Say that it is a new question; without this, nobody is told of the span."""


_otel: Otel | None = None
_NOTHING = Span()
_NO_RECEIPT = Receipt()


def receive(platform: str, since: int | None) -> Receipt:
    """Begin the trace of what may become a question.

    Args:
        platform: where it was heard.
        since: when, in nanoseconds since 1970; None for now.
    """
    return _otel.receive(platform, since) if _otel else _NO_RECEIPT


def resume(name: str, carried: str | None, **attributes: Value) -> Span:
    """Go on with the trace that a question's row carries; nothing where it carries none.

    Args:
        name: of the step.
        carried: as ``Receipt.carried`` was.
        attributes: of the step.
    """
    return _otel.resume(name, carried, attributes) if _otel and carried else _NOTHING


def step(name: str, *, is_call: bool = False) -> Span:
    """Do a part of the step that is in progress; nothing where none is, as in a look-up from the console.

    Args:
        name: of the part.
        is_call: whether it is a call of another program.
    """
    return (_otel and _otel.step(name, is_call=is_call)) or _NOTHING


def retrieval() -> Span:
    """Look up what is known: a part of the step that is in progress, as above."""
    return (_otel and _otel.retrieval()) or _NOTHING


def generation(engine: Engine, sampling: SamplingParams, prompt_tokens: int, candidates: int) -> Span:
    """Have a model write: a part of the step that is in progress, as above.

    Args:
        engine: that does.
        sampling: how tokens are drawn.
        prompt_tokens: of the prompt.
        candidates: answers that are drawn.
    """
    return (_otel and _otel.generation(engine, sampling, prompt_tokens, candidates)) or _NOTHING


def note(**attributes: Value) -> None:
    """Say more about the step that is in progress, if one is."""
    if _otel:
        _otel.note(attributes)


def fail(reason: str) -> None:
    """Say that the step in progress has failed, if one is; for what is no exception any more."""
    if _otel:
        _otel.fail(reason)


def add_ids(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Put the ids of the step in progress into a line of the log."""
    if _otel:
        event.update(_otel.ids())
    return event


@asynccontextmanager
async def exporting() -> AsyncGenerator[None]:
    """Trace until the end, where the environment names an endpoint; see docs/operating.md.

    Raises:
        ConfigError: the extra is not installed, or what is set cannot be used.
    """
    global _otel
    if not _is_wanted():
        yield
        return
    _otel = opened = await asyncio.to_thread(_open)
    log.info("tracing.on")
    try:
        yield
    finally:
        _otel = None
        await asyncio.to_thread(opened.close)


def _is_wanted() -> bool:
    is_off = _value("OTEL_SDK_DISABLED") == "true" or _value("OTEL_TRACES_EXPORTER") == "none"
    return not is_off and _first(_ENDPOINTS) is not None


def _open() -> Otel:
    key = _first(_ENDPOINTS) or ""
    if not _value(key).startswith(("http://", "https://")):
        raise ConfigError(f"{key} must begin with http:// or https://, as in http://127.0.0.1:4318.")
    if (spoken := _first(_PROTOCOLS)) and _value(spoken) != _PROTOCOL:
        raise ConfigError(f"{spoken} must be {_PROTOCOL}, or unset: no other protocol is supported.")
    try:
        from supportbot.telemetry.otel import Otel
    except ModuleNotFoundError:
        raise ConfigError(
            f"{key} is set, but the libraries for traces are not installed: run `pip install "
            "'supportbot[otel]'`, or "
            f"unset {key}."
        ) from None
    try:
        return Otel()
    except (ValueError, OSError):
        raise ConfigError(
            "OpenTelemetry refuses one of its settings: look at the OTEL_EXPORTER_OTLP_… and OTEL_BSP_… variables."
        ) from None


def _first(keys: tuple[str, ...]) -> str | None:
    return next((key for key in keys if _value(key)), None)


def _value(key: str) -> str:
    return os.environ.get(key, "").strip().lower()
