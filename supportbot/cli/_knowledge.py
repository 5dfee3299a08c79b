"""How approved answers look on a terminal and in JSON. All functions are pure, except those that print."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import out
from supportbot.errors import SupportBotError
from supportbot.printable import printable
from supportbot.teaching.days import end_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportbot.feedback.changes import Changed
    from supportbot.feedback.foreign import Foreign
    from supportbot.knowledge.listing import EntrySummary, EntryView

_SHOWN = 120
_NEVER = "never"


def parse_date(text: str) -> datetime | None:
    """Return the end of a day in this machine's time zone, or a given time; None for ``never``.

    Raises:
        SupportBotError: it is not a date.
    """
    if text.strip().casefold() == _NEVER:
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        pass
    else:
        try:
            return end_of(day)
        except OverflowError:
            raise SupportBotError(f"{day} is too far in the future: use --valid-until never instead.") from None
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise SupportBotError(
            f"'{printable(text)}' is not a date: use --valid-until with a date such as 2027-12-31, or never."
        ) from None


def shorten(text: str, limit: int = _SHOWN) -> str:
    """Return a text in one line, cut, as a terminal may show it."""
    text = " ".join(printable(text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def sentence(changed: Changed) -> str:
    """Return what a change did."""
    parts = [f"entry {changed.entry_id} is {changed.state}"]
    if changed.is_new:
        parts[0] = f"entry {changed.entry_id} is new and {changed.state}"
    if changed.added:
        parts.append(f"{changed.added} {_plural('wording', changed.added)} added")
    if changed.already:
        parts.append(f"{changed.already} already known")
    if changed.removed:
        parts.append(f"{changed.removed} {_plural('wording', changed.removed)} removed")
    if changed.taken_from:
        parts.append(f"taken from {', '.join(f'entry {number}' for number in changed.taken_from)}")
    return ", ".join(parts)


def show_list(entries: Sequence[EntrySummary], total: int, *, is_filtered: bool) -> None:
    """Print a page of entries."""
    if not entries:
        out.print(
            "No entry matches."
            if is_filtered
            else "There is no approved answer yet: use `supportbot import FILE --approve` or "
            "`supportbot knowledge add`."
        )
        return
    table = Table(header_style="bold", show_lines=True, expand=True)
    for name in ("id", "state"):
        table.add_column(name, no_wrap=True)
    # The column that people look for gets the remaining width, which is little on a narrow terminal.
    table.add_column("question and answer", ratio=1)
    for name in ("wordings", "approved"):
        table.add_column(name, no_wrap=True)
    for entry in entries:
        table.add_row(
            str(entry.entry_id),
            _state_cell(entry),
            Text.assemble((shorten(entry.question or ""), "bold"), "\n", shorten(entry.answer)),
            str(entry.wordings),
            Text("\n".join(_provenance(entry))),
        )
    Console().print(table)
    if total > len(entries):
        out.print(f"{len(entries)} of {total}: use --limit to show more, or --search")


def show_view(entry: EntryView) -> None:
    """Print one entry with everything."""
    summary = entry.summary
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    lines = [
        ("entry", str(summary.entry_id)),
        ("state", f"{summary.state}, but no longer valid" if summary.is_expired else str(summary.state)),
        ("source", str(summary.source)),
        ("approved", approved(summary)),
        ("valid until", _last_day(summary.valid_until) if summary.valid_until else "for ever"),
        ("given in", summary.workspace or "all workspaces"),
        ("revision", str(entry.revision)),
    ]
    for name, value in lines:
        table.add_row(name, Text(printable(value)))
    out.print(table)
    out.print(Text(f"\n{printable(summary.answer)}\n"))
    wordings = Table("wording", "example", "text", "from", header_style="bold", box=None)
    for one in entry.wordings:
        example = f"{one.example_id} ({one.example_status})" if one.example_id is not None else "none"
        origin = "" if one.workspace is None else one.workspace
        wordings.add_row(str(one.wording_id), example, Text(printable(one.text)), Text(printable(origin)))
    out.print(wordings if entry.wordings else "It has no wordings, so no question leads to it.")


def show_foreign(found: Sequence[Foreign]) -> None:
    """Print the questions that are not for this bot."""
    if not found:
        out.print("No question is marked as none of yours.")
        return
    table = Table("id", "question", "marked", header_style="bold", box=None)
    for one in found:
        marked = f"{printable(one.marked_by)}, {_day(one.marked_at)}"
        table.add_row(str(one.foreign_id), Text(printable(one.text)), Text(marked))
    out.print(table)


def approved(entry: EntrySummary) -> str:
    """Say who approved an entry and when; nobody here approved the shipped ones."""
    by = printable(entry.approved_by) or "ships with the program"
    return f"{by}, {_day(entry.approved_at)}"


def summary_record(entry: EntrySummary) -> dict[str, Any]:
    """Return an entry of a list as JSON."""
    return {
        **asdict(entry),
        "approved_at": entry.approved_at.isoformat(),
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "expired": entry.is_expired,
    }


def view_record(entry: EntryView) -> dict[str, Any]:
    """Return an entry with everything as JSON."""
    return {
        **summary_record(entry.summary),
        "created_at": entry.created_at.isoformat(),
        "revision": entry.revision,
        "wordings": [asdict(one) for one in entry.wordings],
    }


def foreign_record(one: Foreign) -> dict[str, Any]:
    """Return a foreign question as JSON."""
    return {**asdict(one), "marked_at": one.marked_at.isoformat()}


def _state_cell(entry: EntrySummary) -> Text:
    if entry.is_expired and entry.state == "live":
        return Text("expired", style="yellow")
    return Text(str(entry.state), style="green" if entry.state == "live" else "dim")


def _provenance(entry: EntrySummary) -> list[str]:
    """Say, in a line each, who approved an entry, when, its source, and where and until when it is given."""
    lines = ["ships with the program"]
    if entry.approved_by:
        lines = [printable(entry.approved_by), _day(entry.approved_at), str(entry.source)]
    if entry.workspace:
        lines.append(f"{printable(entry.workspace)} only")
    if entry.valid_until:
        lines.append(f"until {_last_day(entry.valid_until)}")
    return lines


def _day(moment: datetime) -> str:
    return moment.astimezone().strftime("%d %b %Y %H:%M")


def _last_day(valid_until: datetime) -> str:
    """Return the last day: the day before, if the time is midnight."""
    local = valid_until.astimezone()
    if local.time() == time():
        return (local - timedelta(days=1)).strftime("%d %b %Y")
    return _day(valid_until)


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
