"""``python -m benchmarks.document FILE``: the figures of recorded runs, put where a document has marked places.

A place begins with ``<!-- figures: NAME -->`` and ends with ``<!-- /figures -->``; the text between them is
replaced. So nobody copies figures by hand, and a test compares documents with the records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.document import console, generation, reliability, scaling, users
from benchmarks.document.table import Record

_PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def fill(text: str, records: Mapping[str, Record]) -> str:
    """Return a document with figures in its marked places.

    Args:
        text: of the document.
        records: by the name of the benchmark.

    Raises:
        KeyError: a place has an unknown name, or its record is missing.
    """
    return _PLACE.sub(lambda found: found[1] + _TABLES[found[2]](records) + found[3], text)


def read_records(folder: Path) -> dict[str, Record]:
    """Return all records of a folder by their names."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def main(
    documents: Annotated[list[Path], typer.Argument(help="Markdown files with marked places.")],
    folder: Annotated[Path, typer.Option("--records", help="Where the records are.")] = Path("docs/benchmarks"),
) -> None:
    """Put the figures of recorded runs into documents."""
    records = read_records(folder)
    for document in documents:
        document.write_text(fill(document.read_text("utf-8"), records), "utf-8")


_TABLES: Mapping[str, Callable[[Mapping[str, Record]], str]] = {
    "peers": lambda records: generation.peers(records["generation"]),
    "ratios": lambda records: generation.ratios(records["generation"]),
    "chart": lambda records: generation.chart(records["generation"]),
    "load": lambda records: generation.growth(records["generation"], "load"),
    "length": lambda records: generation.growth(records["generation"], "length"),
    "limits": lambda records: generation.limits(records["generation"]),
    "overload": lambda records: reliability.overload(records["load"]),
    "soak": lambda records: reliability.soak(records["load"]),
    "kills": lambda records: reliability.kills(
        [record for name, record in records.items() if name.startswith("crash")]
    ),
    "console": lambda records: console.pages(records["console"]),
    "clicks": lambda records: console.answers(records["console"]),
    "costs": lambda records: scaling.costs(records["verified"]),
    "shapes": lambda records: scaling.shapes(records["verified"], records["load"]),
    "users": lambda records: users.faqs(records["users"]),
    "chaos": lambda records: reliability.chaos(records["chaos"]),
}

if __name__ == "__main__":
    typer.run(main)
