"""A collector of traces on this machine: OTLP over HTTP, decoded with OpenTelemetry's own protobuf."""

from tests.otlp_server.server import LocalCollector, Told

__all__ = ["LocalCollector", "Told"]
