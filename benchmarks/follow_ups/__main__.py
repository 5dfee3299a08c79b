"""``python -m benchmarks.follow_ups``: right, wrong and foreign answers to follow-ups; questions heard in chat.

Follow-ups are asked twice: as they are, which is what the bot did before, and as they are read in their thread.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.follow_ups.lines import measure_lines
from benchmarks.follow_ups.threads import measure_threads
from benchmarks.machine import describe_machine
from benchmarks.program import open_scratch, save_record
from supportbot.knowledge.encoder.open import open_encoder


def build_tables(record: dict[str, Any]) -> tuple[Table, Table]:
    """Return the figures for people."""
    threads = Table("threads", "", "right", "carried", "whole", "wrong", "foreign answered")
    for name, figures in record["threads"].items():
        for way in ("without", "with"):
            keys = ("right", "carried_right", "whole_right", "wrong", "foreign_answered")
            threads.add_row(
                f"{name}, {figures['threads']}", way, *(f"{figures[f'{key}_{way}']:.1%}" for key in keys)
            )
    lines = Table("lines", "chat", "false alarms", "asked", "recognised")
    for name, figures in record["lines"].items():
        lines.add_row(
            name,
            str(figures["chat"]),
            f"{figures['false_alarms']:.1%}",
            str(figures["asked"]),
            f"{figures['recognised']:.1%}",
        )
    return threads, lines


def main(json_file: Annotated[Path, typer.Option("--json", help="Where the figures go.")]) -> None:
    """Measure follow-ups and the form of questions on the texts beside this module."""
    with open_scratch():
        threads = asyncio.run(measure_threads(open_encoder("")))
    record = {"threads": threads, "lines": measure_lines(), "machine": describe_machine()}
    save_record(record, json_file)
    for table in build_tables(record):
        Console().print(table)


if __name__ == "__main__":
    typer.run(main)
