"""Figures of ``benchmarks.console`` as documents show them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.document.table import Record, build_table

_PROMISED_MS = 300
_PROMISED_SLOWDOWN = 1.1


def pages(record: Record) -> str:
    """Return how long each page takes on each database; times above the promised ones are bold."""
    databases: dict[str, Record] = record["databases"]
    names = list(next(iter(databases.values()))["pages"])
    rows = [
        [name, *(cell for one in databases.values() for cell in _times(one["pages"][name], one["first_ms"][name]))]
        for name in names
    ]
    headings = [
        "page",
        *(f"{one}, {which}" for one in databases for which in ("p50", "p95", "first")),
    ]
    return f"{_about(record)}\n\n" + build_table(headings, rows)


def answers(record: Record) -> str:
    """Return the times of answers while somebody clicks through the console."""
    rows = [
        [database, kind, f"{took['quiet_ms']:.0f} ms", f"{took['clicked_ms']:.0f} ms", _slowdown(took["slowdown"])]
        for database, one in record["databases"].items()
        for kind, took in one["answers"].items()
        if not kind.startswith("clicks")
    ]
    return build_table(["database", "answers", "quiet, p50", "beside clicks, p50", "times as slow"], rows)


def _times(page: Record, first_ms: float) -> Sequence[str]:
    p95 = f"{page['p95_ms']:.0f} ms"
    return f"{page['p50_ms']:.0f} ms", p95 if page["p95_ms"] < _PROMISED_MS else f"**{p95}**", f"{first_ms:.0f} ms"


def _slowdown(value: float) -> str:
    return f"{value:.2f}" if value <= _PROMISED_SLOWDOWN else f"**{value:.2f}**"


def _about(record: Record) -> str:
    machine = record["machine"]
    return (
        f"Measured on: {machine['processor']}, {machine['cores']} cores; {record['conversations']:,} "
        f"conversations and {record['entries']:,} approved answers."
    )
