"""The capacity of one machine and of many, computed from what ``benchmarks.load`` measured on one."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.document.table import Record, build_table

BUSIEST_HOUR = 0.15
"""Share of a day's questions in its busiest hour: an even day of eight hours has .125, and no day is even."""

SPARE = 0.5
"""Planned share of the capacity, so that a burst and a lost machine are no problem."""


@dataclass(frozen=True, slots=True)
class _Shape:
    name: str
    daemons: int
    verified: float
    generated: str


def costs(record: Record) -> str:
    """Return the measured cost of a verified answer on each database."""
    rows = [
        [
            name,
            f"{one['verified_a_second']:.0f} of {one['answered_a_second']:.0f}",
            f"{one['ack_ms']['p50']:.0f} / {one['ack_ms']['p99']:.0f} ms",
            f"{one['daemon_ms']:.1f} ms",
            f"{one['database_ms']:.1f} ms" if name != "sqlite" else "in the daemon",
            f"{one['daemon_cores']:.2f} of {one['all_cores']:.2f}",
        ]
        for name, one in record["verified"].items()
    ]
    machine = record["machine"]
    about = f"Measured on: {machine['processor']}, {machine['cores']} cores, which Slack and the askers share."
    headings = [
        "database",
        "verified answers of all, a second",
        "acknowledged, p50 / p99",
        "the daemon's core, per answer",
        "PostgreSQL's core, per answer",
        "busy cores, the daemon's of all",
    ]
    return f"{about}\n\n" + build_table(headings, rows)


def shapes(verified: Record, load: Record) -> str:
    """Return how many questions a day some installations can take, computed from the costs of one answer."""
    sqlite, postgresql = verified["verified"]["sqlite"], verified["verified"]["postgresql"]
    capacity = load["capacity_a_second"]
    shapes = (
        _Shape("one machine, SQLite", 1, sqlite["answered_a_second"], _a_day(capacity)),
        _Shape("two daemons, PostgreSQL", 2, 2 * postgresql["answered_a_second"], _a_day(2 * capacity)),
        _Shape("ten daemons, PostgreSQL, vLLM", 10, 10 * postgresql["answered_a_second"], "what vLLM can"),
    )
    rows = [
        [
            shape.name,
            f"{shape.verified:,.0f}",
            _a_day(shape.verified),
            shape.generated,
            "–" if shape.daemons == 1 else f"{shape.verified * postgresql['database_ms'] / 1000:.1f}",
        ]
        for shape in shapes
    ]
    return build_table(
        [
            "installation",
            "verified answers a second, at most",
            "verified, questions a day",
            "generated, questions a day",
            "cores that PostgreSQL needs",
        ],
        rows,
    )


def _a_day(a_second: float) -> str:
    """Return the questions a day that a rate can serve, with reserve."""
    return f"{round(a_second * SPARE * 3600 / BUSIEST_HOUR, -3):,.0f}"
