"""``python -m benchmarks.document``: the figures of a run, put where a document has marked places for them.

A place begins with ``<!-- figures: NAME -->`` and ends with ``<!-- /figures -->``; what is between is replaced, so
no figure is ever copied by hand, and a test can tell whether a document is that of a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

_PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def fill(text: str, record: Mapping[str, Any]) -> str:
    """Return a document with the figures of a record of ``benchmarks.generation`` in its marked places.

    Raises:
        KeyError: a place has a name that is none of those below.
    """
    return _PLACE.sub(lambda found: found[1] + _TABLES[found[2]](record) + found[3], text)


def main(
    json_file: Annotated[Path, typer.Option("--json", help="Figures of `benchmarks.generation`.")],
    document: Annotated[Path, typer.Option(help="Markdown file with marked places.")],
) -> None:
    """Put the figures of a run into a document."""
    record = json.loads(json_file.read_text("utf-8"))
    document.write_text(fill(document.read_text("utf-8"), record), "utf-8")


def _peers(record: Mapping[str, Any]) -> str:
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
    return f"Measured on: {about}.\n\n" + _table(["tokens/s at", *numbers, *headings], rows)


def _ratios(record: Mapping[str, Any]) -> str:
    numbers = [str(number) for number in record["settings"]["at_once"]]
    rows = [
        [words, *(f"{ratios[number]:.2f}" for number in numbers)]
        for words, ratios in (
            ("`transformers`", record["ratio_to_transformers"]),
            ("`openvino-bare`", record["ratio_to_bare_pipeline"]),
        )
        if ratios
    ]
    return _table(["as fast as, so many times", *(f"{number} at once" for number in numbers)], rows)


def _growth(record: Mapping[str, Any], name: str) -> str:
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
    return _table(["at once", "new tokens", "tokens/s", "an answer takes", "first token", "CPU an answer"], rows)


def _limits(record: Mapping[str, Any]) -> str:
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
    return _table(["limit", "measured", "tokens/s at most", "ours"], rows)


def _chart(record: Mapping[str, Any]) -> str:
    words = ", ".join(record["peers"])
    return f"![Tokens a second of {words}, and how cost grows with load and length](images/generation.png)\n"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_TABLES = {
    "peers": _peers,
    "ratios": _ratios,
    "chart": _chart,
    "load": lambda record: _growth(record, "load"),
    "length": lambda record: _growth(record, "length"),
    "limits": _limits,
}

if __name__ == "__main__":
    typer.run(main)
