"""OpenTelemetry: how the spans of ``tracing`` are made and sent, and nothing else knows it.

A model's spans follow the semantic conventions for generative AI; what is ours begins with ``supportbot.``. The
names of the conventions are written out: their Python module says of itself that it may change with any release.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from importlib import metadata
from types import TracebackType
from typing import Self

from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from supportbot.engine.base import Engine, SamplingParams
from supportbot.telemetry import tracing
from supportbot.telemetry.tracing import Value

_CARRIER = "traceparent"

_FLUSH_SECONDS = 1.0
"""For the spans that are left at the end; the daemon has two of its ten seconds over."""


class Otel:
    """What makes spans and sends them; the environment says where to.

    Raises:
        ValueError: a setting is wrong.
        OSError: a file of certificates cannot be read.
    """

    def __init__(self) -> None:
        version = metadata.version("supportbot")
        named = Resource(
            {
                "service.name": "supportbot",
                "service.version": version,
                "service.instance.id": str(uuid.uuid4()),
            }
        )
        resource = Resource.create().merge(named).merge(OTELResourceDetector().detect())
        # Never the global one: libraries that find that would trace what they do as well.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("supportbot", version)

    def close(self) -> None:
        """Send what is left, for a moment at most; blocks."""
        # While nobody takes it, the library waits for much longer than a daemon may.
        ending = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        ending.start()
        ending.join(_FLUSH_SECONDS)

    def receive(self, platform: str, since: int | None) -> tracing.Receipt:
        """See ``tracing``, as for all below."""
        return _Receipt(self._tracer, platform, since)

    def resume(self, name: str, carried: str, attributes: Mapping[str, Value]) -> tracing.Span:
        """Go on with a trace."""
        before = TraceContextTextMapPropagator().extract({_CARRIER: carried}, Context())
        span = self._tracer.start_span(name, before, kind=SpanKind.CONSUMER)
        _note(span, attributes)
        return _Step(span)

    def step(self, name: str, *, is_call: bool = False) -> _Step | None:
        """Begin a part of the current span; None where there is none."""
        if not get_current_span().get_span_context().is_valid:
            return None
        return _Step(self._tracer.start_span(name, kind=SpanKind.CLIENT if is_call else SpanKind.INTERNAL))

    def retrieval(self) -> tracing.Span | None:
        """Begin a look-up, as a part of the current span."""
        step = self.step("retrieval knowledge")
        if step is not None:
            step.span.set_attributes({"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "knowledge"})
        return step

    def generation(
        self, engine: Engine, sampling: SamplingParams, prompt_tokens: int, candidates: int
    ) -> tracing.Span | None:
        """Begin what a model writes, as a part of the current span."""
        provider = engine.arithmetic.split()[0]
        step = self.step(f"text_completion {engine.model_version}", is_call=provider == "remote")
        if step is not None:
            step.span.set_attributes(
                {
                    "gen_ai.operation.name": "text_completion",
                    "gen_ai.provider.name": provider,
                    "gen_ai.request.model": engine.model_version,
                    "gen_ai.response.model": engine.model_version,
                    "gen_ai.request.temperature": sampling.temperature,
                    "gen_ai.request.top_p": sampling.top_p,
                    "gen_ai.request.top_k": sampling.top_k,
                    "gen_ai.request.max_tokens": sampling.max_length - prompt_tokens,
                    "gen_ai.usage.input_tokens": prompt_tokens,
                }
            )
            if candidates > 1:  # the conventions want it only then
                step.span.set_attribute("gen_ai.request.choice.count", candidates)
        return step

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Say more about the current span."""
        _note(get_current_span(), attributes)

    def fail(self, reason: str) -> None:
        """Say that the current span has failed."""
        _fail(get_current_span(), reason)

    def ids(self) -> Mapping[str, str]:
        """Return the ids of the current span by the names that logs have for them, if there is one."""
        current = get_current_span().get_span_context()
        if not current.is_valid:
            return {}
        return {"trace_id": format_trace_id(current.trace_id), "span_id": format_span_id(current.span_id)}


class _Step(tracing.Span):
    """A step of a trace."""

    def __init__(self, span: Span) -> None:
        self.span = span

    def __enter__(self) -> Self:
        self._before = attach(set_span_in_context(self.span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._before)
        if kind is not None:
            _fail(self.span, kind.__name__)
        self.span.end()

    def note(self, **attributes: Value) -> None:
        _note(self.span, attributes)

    def generated(self, tokens: int | None, finish: str | None) -> None:
        if tokens is not None:
            self.span.set_attribute("gen_ai.usage.output_tokens", tokens)
        if finish is not None:
            self.span.set_attribute("gen_ai.response.finish_reasons", (finish,))


class _Receipt(tracing.Receipt):
    """Two spans: the whole, from the event on, and in it the commit. A span that never ends is never sent."""

    def __init__(self, tracer: Tracer, platform: str, since: int | None) -> None:
        self._whole = tracer.start_span("question.receive", Context(), kind=SpanKind.CONSUMER, start_time=since)
        _note(self._whole, {"platform": platform})
        inside = set_span_in_context(self._whole, Context())
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier, inside)
        self.carried = carrier.get(_CARRIER)
        self._commit = tracer.start_span("question.accept", inside)
        self._is_kept = False

    def __enter__(self) -> Self:
        self._before = attach(set_span_in_context(self._commit))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._before)
        if self._is_kept:
            self._commit.end()
            self._whole.end()

    def keep(self, **attributes: Value) -> None:
        self._is_kept = True
        _note(self._whole, attributes)


def _note(span: Span, attributes: Mapping[str, Value]) -> None:
    for name, value in attributes.items():
        if value is not None:
            span.set_attribute(f"supportbot.{name}", value)


def _fail(span: Span, reason: str) -> None:
    span.set_attribute("error.type", reason)
    span.set_status(StatusCode.ERROR)
