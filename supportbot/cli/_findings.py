"""What a check found, and how a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from supportbot.cli._terminal import out


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        check: its name.
        ok: whether everything is right.
        detail: the state in a sentence; with the remedy if it is not ``ok``, or a ``warning``.
        warning: whether somebody should look at it although it stops nothing.
    """

    check: str
    ok: bool
    detail: str
    warning: bool = False


def show_findings(findings: Iterable[Finding]) -> None:
    """Print a line for each."""
    for item in findings:
        out.print(Text.assemble(_mark(item), f"  {item.check}: {item.detail}"))


def _mark(item: Finding) -> Text:
    if not item.ok:
        return Text("wrong  ", style="bold red")
    return Text("warning", style="bold yellow") if item.warning else Text("ok     ", style="green")
