"""The collector itself: it takes what an exporter sends, and keeps each span."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A span as it came: ids in hex, times in nanoseconds since 1970, kind and status by name."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    began: int
    ended: int
    is_error: bool
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


class LocalCollector:
    """A collector on a free port of 127.0.0.1; use it with ``async with``.

    Attributes:
        spans: that were sent, in the order in which they came.
        bodies: of the requests, as they came.
        headers: of the last one.
    """

    def __init__(self) -> None:
        self.spans: list[Told] = []
        self.bodies: list[bytes] = []
        self.headers: Mapping[str, str] = {}
        self._came = asyncio.Condition()
        self._port = 0

    def environment(self) -> dict[str, str]:
        """Return what a daemon needs to send its traces here at once."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._port}", "OTEL_BSP_SCHEDULE_DELAY": "50"}

    async def wait_for(self, name: str, *, count: int = 1, seconds: float = 30) -> list[Told]:
        """Return the spans of this name, once there are so many."""

        def found() -> list[Told]:
            return [span for span in self.spans if span.name == name]

        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(found()) >= count)
        return found()

    async def __aenter__(self) -> Self:
        """Listen."""
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        self.headers = request.headers.copy()
        sent = ExportTraceServiceRequest.FromString(body)
        self.spans += [
            _told(span, _values(one.resource.attributes))
            for one in sent.resource_spans
            for scope in one.scope_spans
            for span in scope.spans
        ]
        async with self._came:
            self._came.notify_all()
        return web.Response(content_type="application/x-protobuf")


def _told(span: Span, resource: Mapping[str, Any]) -> Told:
    return Told(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        is_error=span.status.code == span.status.STATUS_CODE_ERROR,
        attributes=_values(span.attributes),
        resource=resource,
    )


def _values(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None
