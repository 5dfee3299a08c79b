"""``python -m benchmarks.knowledge``: invented wordings in memory, and more of them in PostgreSQL.

Questions come one at a time, as in the daemon. Each set is measured in its own process, so that memory is not
shared. A look-up is compared with the nearest wording by a plain product with all vectors, without n-grams, rule
or threshold.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.knowledge.alone import measure_alone
from benchmarks.knowledge.memory import measure_encoding, measure_index, measure_start
from benchmarks.knowledge.stored import measure_stored, measure_stored_start
from benchmarks.machine import describe_machine
from benchmarks.program import open_scratch, save_record

SIZES = (100, 10_000, 100_000)
STORED = (150_000,)
"""Numbers of wordings that PostgreSQL searches."""


def build_table(record: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table(
        "wordings",
        "build s",
        "fit s",
        "question ms",
        "p99",
        "lookup ms",
        "p99",
        "plain product ms",
        "start s",
        "MB",
        title=f"{record['encoding']['texts_per_second']} texts/s encoded; encoder ready in "
        f"{record['encoding']['ready_seconds']} s",
    )
    for index, start in zip(record["index"], record["start"], strict=True):
        table.add_row(
            f"{index['wordings']:,}",
            str(index["build_seconds"]),
            str(index["fit_seconds"] or ""),
            str(index["question_ms_p50"]),
            str(index["question_ms_p99"]),
            str(index["lookup_ms_p50"]),
            str(index["lookup_ms_p99"]),
            str(index["plain_product_ms_p50"]),
            str(start["seconds"]),
            str(start["memory_mb"]),
        )
    return table


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
    sizes: Annotated[str, typer.Option(help="Numbers of wordings, separated by commas.")] = ",".join(
        map(str, SIZES)
    ),
    stored: Annotated[
        str,
        typer.Option(help="Numbers of wordings that PostgreSQL searches, separated by commas; empty for none."),
    ] = ",".join(map(str, STORED)),
    only: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Measure the cost of knowledge at several sizes."""
    if only:
        kind, _, size = only.partition(":")
        with open_scratch() as home:
            if kind == "encoding":
                figures = measure_encoding()
            elif kind == "index":
                figures = measure_index(int(size))
            elif kind == "stored":
                figures = asyncio.run(measure_stored(int(size)))
            elif kind == "asking":
                count, _, url = size.partition(":")
                figures = asyncio.run(measure_stored_start(int(count), url))
            else:
                figures = asyncio.run(measure_start(int(size), home))
        sys.stdout.write(f"\n{json.dumps(figures)}\n")
        return
    if json_file is None:
        raise typer.BadParameter("give --json FILE")
    console = Console(stderr=True)
    numbers = [int(size) for size in sizes.split(",")]
    with open_scratch():
        console.print("encoding …")
        record: dict[str, Any] = {"encoding": measure_alone("encoding"), "index": [], "start": [], "stored": []}
        for number in numbers:
            for kind in ("index", "start"):
                console.print(f"{kind}, {number} wordings …")
                record[kind].append(measure_alone(f"{kind}:{number}"))
        for number in [int(size) for size in stored.split(",") if size]:
            console.print(f"stored, {number} wordings …")
            record["stored"].append(measure_alone(f"stored:{number}"))
    record["machine"] = describe_machine()
    save_record(record, json_file)
    Console().print(build_table(record))


if __name__ == "__main__":
    typer.run(main)
