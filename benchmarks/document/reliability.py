"""Figures of ``benchmarks.load``, ``benchmarks.crash`` and ``benchmarks.chaos`` as documents show them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.document.table import Record, build_table


def overload(record: Record) -> str:
    """Return the waiting times under overload, beside the promised ones."""
    rate, capacity = record["questions_a_second"], record["capacity_a_second"]
    seconds = record["questions"] / rate
    rows = [
        [
            "an answer, or a word that the bot is busy, within 3 s",
            f"{record['answered_or_busy_within_3s']:.1%}",
            "100 %",
        ],
        ["acknowledged, p50", f"{record['ack_ms']['p50']:.0f} ms", ""],
        ["acknowledged, p99", f"{record['ack_ms']['p99']:.0f} ms", "≤ 500 ms"],
        ["heard nothing at all", f"{record['without_a_word']} of {record['questions']}", "0"],
        ["event loop late, p99", f"≤ {record['loop_lag_ms_p99']:g} ms", "≤ 50 ms"],
        ["memory grew by", f"{record['rss_growth']:.1%}", "≤ 10 %"],
        [
            "another channel waits during one person's flood of 500",
            f"{record['other_channel_wait_s']:.1f} s",
            "< 2 s",
        ],
    ]
    came = f"{capacity:g} answers a second when calm; {rate:g} questions a second came, for {seconds:.0f} s."
    return f"{_machine(record)}. {came}\n\n" + build_table(
        ["with ten times as many people", "measured", "promised"], rows
    )


def soak(record: Record) -> str:
    """Return memory, descriptors and tasks over a long run."""
    rows = [
        [f"{one['questions']:,}", f"{one['rss_mb']:,.0f} MB", str(one["descriptors"]), str(one["tasks"])]
        for one in record["soak"]
    ]
    return build_table(["questions answered", "memory", "descriptors", "tasks"], rows)


def kills(records: Sequence[Record]) -> str:
    """Return the lost and doubled answers when daemons were ended."""
    rows = [
        [
            f"{record['kills']} × {record['signal']}",
            f"{record['database']}, {record['platform']}",
            str(record["questions"]),
            str(record["lost"]),
            str(record["doubled"]),
            _seconds(record["take_over_s"]),
        ]
        for record in records
    ]
    return build_table(["ended", "where", "questions", "lost", "doubled", "from the end to the answer"], rows)


def chaos(record: Record) -> str:
    """Return the outcome of everything at once."""
    rows = [[name.replace("_", " "), str(count)] for name, count in record["happened"].items()]
    rows += [[f"**{name}**", f"**{record[name]}**"] for name in ("questions", "lost", "doubled", "unanswered")]
    return f"{_machine(record)}, {record['seconds']:.0f} s.\n\n" + build_table(["", "times"], rows)


def _machine(record: Record) -> str:
    machine = record["machine"]
    return f"Measured on: {machine['processor']}, {machine['cores']} cores"


def _seconds(spread: Record | None) -> str:
    return "–" if spread is None else f"p50 {spread['p50']} s, at most {spread['max']} s"
