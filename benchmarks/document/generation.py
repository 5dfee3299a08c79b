"""Figures of ``benchmarks.generation`` as a document shows them."""

from __future__ import annotations

from benchmarks.document.table import Record, build_table


def peers(record: Record) -> str:
    """Return how fast each peer is."""
    numbers = [str(number) for number in record["settings"]["at_once"]]
    first, last = numbers[0], numbers[-1]
    rows = []
    for name, peer in record["peers"].items():
        figures = peer["at_once"]
        rates = [f"{figures[number]['tokens_per_second']:,.0f}" for number in numbers]
        cpu, memory = (figures[last].get(key) for key in ("cpu_seconds_per_answer", "peak_memory_mb"))
        rows.append(
            [
                f"`{name}` {peer['version']}, {peer['precision']}",
                *rates,
                f"{figures[first]['first_token_seconds'] * 1000:.0f} ms",
                "–" if cpu is None else f"{cpu:.2f} s",
                "–" if memory is None else f"{memory:,.0f} MB",
                f"{peer['start']['first_answer_seconds']:.1f} s",
            ]
        )
    headings = [f"first token, {first}", f"CPU an answer, {last}", f"memory, {last}", "start to first answer"]
    machine = record["machine"]
    about = f"{machine['gpu'] or machine['processor']}, {machine['cores']} cores, {machine['threads']} threads"
    return f"Measured on: {about}.\n\n" + build_table(["tokens/s at", *numbers, *headings], rows)


def ratios(record: Record) -> str:
    """Return how much faster ours is than the others."""
    numbers = [str(number) for number in record["settings"]["at_once"]]
    rows = [
        [words, *(f"{ratios[number]:.2f}" for number in numbers)]
        for words, ratios in (
            ("`transformers`", record["ratio_to_transformers"]),
            ("`openvino-bare`", record["ratio_to_bare_pipeline"]),
        )
        if ratios
    ]
    return build_table(["as fast as, so many times", *(f"{number} at once" for number in numbers)], rows)


def growth(record: Record, name: str) -> str:
    """Return how cost grows with ``load``, or with ``length``."""
    rows = [
        [
            str(row["at_once"]),
            str(row["new_tokens"]),
            f"{row['tokens_per_second']:,.0f}",
            f"{row['answer_seconds']:.2f} s",
            f"{row['first_token_seconds'] * 1000:.0f} ms",
            f"{row['cpu_seconds_per_answer']:.2f} s",
        ]
        for row in record.get(name, [])
    ]
    return build_table(
        ["at once", "new tokens", "tokens/s", "an answer takes", "first token", "CPU an answer"], rows
    )


def limits(record: Record) -> str:
    """Return how near ours comes to the machine's limits."""
    limits = record["limits"]
    ours = record["peers"][record["ours"]]["at_once"]
    numbers = [str(number) for number in record["settings"]["at_once"]]
    rows = [
        [f"one at once, {name}", f"{limits['read_gb_s']:.1f} GB/s read", f"{rate:,.0f}", ""]
        for name, rate in limits["ceilings"]["one_at_once"].items()
    ]
    rows += [
        [f"many at once, {name}", f"{limits[f'gemm_{name}_gflops']:,.0f} GFLOP/s", f"{rate:,.0f}", ""]
        for name, rate in limits["ceilings"]["many_at_once"].items()
    ]
    rows[0][3] = f"{ours[numbers[0]]['tokens_per_second']:,.0f}"
    rows[-1][3] = f"{ours[numbers[-1]]['tokens_per_second']:,.0f}"
    return build_table(["limit", "measured", "tokens/s at most", "ours"], rows)


def chart(record: Record) -> str:
    """Return the picture with its description."""
    words = ", ".join(record["peers"])
    return f"![Tokens a second of {words}, and how cost grows with load and length](images/generation.png)\n"
