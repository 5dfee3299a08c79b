"""The FAQs, threads and lines beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.faq import Row

THREADS = ("tuned", "unseen", "later")
LINES = ("tuned", "unseen")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Thread:
    """Questions that were asked one after the other.

    Attributes:
        earlier: what was asked before.
        then: the follow-up.
        right: the answer to it; None if none of the FAQ's answers is right.
        kind: ``carried`` (it needs what was asked before), ``whole`` or ``foreign``.
    """

    earlier: tuple[str, ...]
    then: str
    right: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Faq:
    """A FAQ, and the threads about it in each set."""

    rows: tuple[Row, ...]
    threads: dict[str, tuple[Thread, ...]]


def read_faqs() -> list[Faq]:
    """Return the FAQs."""
    threads = {name: yaml.safe_load((_HERE / f"threads_{name}.yaml").read_text("utf-8")) for name in THREADS}
    faqs = []
    for path in sorted((_HERE / "faqs").glob("*.yaml")):
        entries = yaml.safe_load(path.read_text("utf-8"))
        answers = {entry["key"]: entry["answer"] for entry in entries} | {None: None}
        faqs.append(
            Faq(
                tuple(Row(wording, entry["answer"]) for entry in entries for wording in entry["wordings"]),
                {
                    name: tuple(
                        Thread(tuple(one["earlier"]), one["then"], answers[one["right"]], one["kind"])
                        for one in threads[name]
                        if one["faq"] == path.stem
                    )
                    for name in THREADS
                },
            )
        )
    return faqs


def read_lines(kind: str, name: str) -> list[str]:
    """Return the lines of a set: ``chat`` or ``asked``."""
    return (_HERE / f"{kind}_{name}.txt").read_text("utf-8").splitlines()
