"""Figures of ``benchmarks.users`` as documents show them."""

from __future__ import annotations

from benchmarks.document.table import Record, build_table

_WHEN = {"first_day": "first day", "learned": "later"}


def faqs(record: Record) -> str:
    """Return what approved answers do for each FAQ on its first day and later, and the means."""
    rows = [
        [f"**{name}**" if name == "mean" else name, words, *_shares(faq[when])]
        for name, faq in (record["faqs"] | {"mean": record["mean"]}).items()
        for when, words in _WHEN.items()
    ]
    return build_table(["FAQ", "", "right answer found", "answered", "answered wrongly", "foreign answered"], rows)


def _shares(figures: Record) -> list[str]:
    return [f"{figures[key]:.1%}" for key in ("right", "coverage", "wrong", "foreign")]
