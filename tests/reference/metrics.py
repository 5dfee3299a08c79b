"""The page of metrics: what ``/metrics`` counts, from the collectors themselves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from prometheus_client.metrics import Counter, Histogram, MetricWrapperBase

from benchmarks.document.table import build_table

ROOT = Path(__file__).parents[2]

_HEAD = """# Metrics

`GET /metrics` on the page's port returns these in the text format of Prometheus, besides the usual `process_…` and
`python_…` metrics of its client library. Times are in seconds. A histogram has `…_bucket`, `…_sum` and `…_count`.

"""


def build_page() -> str:
    """Return the page in Markdown."""
    rows = [_row(collector) for collector in sorted(set(collectors()), key=_name)]
    return _HEAD + build_table(("metric", "kind", "labels", "meaning"), rows)


def collectors() -> Iterator[MetricWrapperBase]:
    """Yield the collectors of every module of the program that imports Prometheus' client."""
    for package in ("bot", "supportbot"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "from prometheus_client import" in path.read_text("utf-8"):
                module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                yield from (value for value in vars(module).values() if isinstance(value, MetricWrapperBase))


def _name(collector: MetricWrapperBase) -> str:
    [family] = collector.describe()
    return f"{family.name}_total" if isinstance(collector, Counter) else family.name


def _row(collector: MetricWrapperBase) -> tuple[str, str, str, str]:
    [family] = collector.describe()
    labels = ", ".join(f"`{label}`" for label in collector._labelnames)  # the library has no public name for them
    meaning = family.documentation
    if isinstance(collector, Histogram):
        meaning += f" Buckets end at {', '.join(f'{bound:g}' for bound in collector._upper_bounds[:-1])}."
    return f"`{_name(collector)}`", family.type, labels or "–", meaning
