"""``supportbot models``: which versions there are, which is live, and switching between them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, start

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.models.daemons import RunningDaemon
    from supportbot.models.publishing import Publishing, Switch, Verdict, VersionReport, VersionSummary

T = TypeVar("T")

_SHOWN_IDS = 10
_MEGABYTE = 10**6

app = typer.Typer(name="models", help="Model versions: what is live, and why.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(help="Its name, as in `supportbot models list`.")]

_LOCK_SECONDS = 1.5
"""A rollback waits no longer than this for another process that writes to the database: it must take less than 5 s
in all."""


@app.command("list")
def list_versions(as_json: JsonFlag = False) -> None:
    """List all versions, the newest first: which is live, how good each measured, and its votes in chat."""
    found, daemons = _call(start(), _listed)
    if as_json:
        print_json([_listed_record(summary, daemons) for summary in found])
        return
    if not found:
        out.print("There is no model yet: run `supportbot init`.")
        return
    table = Table("version", "status", "created", "better than", "answers", "votes", header_style="bold", box=None)
    for summary in found:
        table.add_row(
            Text(summary.version),
            _status_cell(summary),
            summary.created_at.astimezone().strftime("%d %b %Y %H:%M"),
            _better_cell(summary),
            str(summary.answers),
            f"+{summary.votes_up} -{summary.votes_down}",
        )
    out.print(table)
    if daemons:
        out.print(_daemons_table(daemons))


@app.command()
def show(version: Version, as_json: JsonFlag = False) -> None:
    """Show one version: its figures, its evaluation, the rows that trained it, and its votes in chat."""
    report = _call(start(), lambda publishing: publishing.show(version))
    if as_json:
        print_json(_report_record(report))
        return
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _report_lines(report):
        table.add_row(name, Text(value))
    out.print(table)


@app.command()
def promote(
    version: Version,
    by: Actor,
    force: Annotated[
        str | None,
        typer.Option(
            metavar="REASON", help="Promote it without evidence that it is better; the audit keeps the reason."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a version live, if it works and measured better than the live one."""
    settings = start()
    with err.status("Checking …"):
        switch = _call(settings, lambda publishing: publishing.promote(version, by, force))
    _show_switch(settings, switch, as_json)


@app.command()
def rollback(by: Actor, as_json: JsonFlag = False) -> None:
    """Make the previous version live again, at once."""
    settings = start()
    # It needs neither the database's schema nor a lock in it.
    switch = _call(
        settings, lambda publishing: publishing.rollback(by), check_database=False, lock_seconds=_LOCK_SECONDS
    )
    _show_switch(settings, switch, as_json)


@app.command()
def retire(version: Version, by: Actor) -> None:
    """Delete the files of a version that is not live; its answers still name it."""
    from supportbot.models.loading import prune_exports

    settings = start()
    _call(settings, lambda publishing: publishing.retire(version, by))
    freed = prune_exports(settings)
    exports = f" Unused exported models were deleted too: {freed / _MEGABYTE:.1f} MB." if freed else ""
    out.print(f"{version} is retired: its files are deleted.{exports}")


def _call(
    settings: Settings,
    call: Callable[[Publishing], Awaitable[T]],
    *,
    check_database: bool = True,
    lock_seconds: float | None = None,
) -> T:
    from supportbot.bootstrap import open_database
    from supportbot.db.schema import check_schema
    from supportbot.models.loading import make_local_engine
    from supportbot.models.publishing import Publishing
    from supportbot.models.registry import Registry
    from supportbot.models.supply import open_supply

    async def run() -> T:
        async with open_database(settings, lock_seconds=lock_seconds) as database:
            if check_database:
                await check_schema(database)
            registry = Registry(settings.models_dir)
            supply = open_supply(settings, database, registry)
            return await call(Publishing(database, registry, partial(make_local_engine, settings), supply))

    return asyncio.run(run())


def _show_switch(settings: Settings, switch: Switch, as_json: bool) -> None:
    if as_json:
        print_json(asdict(switch))
    else:
        instead = f" instead of {switch.previous}" if switch.previous else ""
        out.print(f"{switch.version} is live{instead}; a running daemon switches as soon as it has loaded it.")
    for remark in (switch.unrecorded, switch.unreached):
        if remark:
            err.print(Text(f"supportbot: {remark}"), soft_wrap=True)
    if settings.model:
        err.print(
            Text(
                f"supportbot: SUPPORTBOT_MODEL is set to {settings.model}, so a daemon with this "
                "setting keeps that version."
            ),
            soft_wrap=True,
        )


async def _listed(publishing: Publishing) -> tuple[list[VersionSummary], list[RunningDaemon]]:
    return await publishing.versions(), await publishing.daemons()


def _daemons_table(daemons: Sequence[RunningDaemon]) -> Table:
    """Show which daemons share the database, and why one does not answer with the live version."""
    table = Table("daemon on", "answers with", "why not the live version", header_style="bold", box=None)
    for one in daemons:
        table.add_row(Text(one.host), Text(one.version), Text(one.problem or "–"))
    return table


def _status_cell(summary: VersionSummary) -> Text:
    if summary.problem:
        return Text("damaged", style="bold red")
    if summary.is_previous:
        return Text("rollback leads here")
    if not summary.is_here and summary.status == "candidate":
        return Text("on other machines", style="dim")
    return Text(summary.status, style="bold green" if summary.status == "active" else "dim")


def _better_cell(summary: VersionSummary) -> Text:
    verdict = summary.verdict
    if verdict is None:
        is_known = summary.is_here or summary.status == "retired"
        return Text("not evaluated" if is_known else "–", style="dim")
    return Text(f"{verdict.against}" if verdict.better else f"not {verdict.against}")


def _report_lines(report: VersionReport) -> list[tuple[str, str]]:
    summary, training = report.summary, report.training
    lines = [
        ("version", summary.version),
        ("status", summary.problem or str(summary.status)),
        ("created", summary.created_at.isoformat(timespec="seconds")),
        ("base", report.base or "none: trained from scratch"),
        ("parent", summary.parent or "none"),
        ("digest", report.digest),
        *((name.replace("_", " "), f"{value:.4g}") for name, value in sorted(report.metrics.items())),
    ]
    if report.confidence_floor is not None and "confidence_floor" not in report.metrics:
        lines.append(("confidence floor", f"{report.confidence_floor:.2f}"))
    if summary.status != "retired" and not summary.problem:
        lines += _beside_lines(report.beside_knowledge)
    lines += _verdict_lines(summary.verdict)
    first = ", ".join(map(str, training.example_ids[:_SHOWN_IDS]))
    more = " …" if len(training.example_ids) > _SHOWN_IDS else ""
    lines.append(("training rows", f"{len(training.example_ids)} ({first}{more})" if first else "none in the log"))
    if training.erased_ids:
        erased = [f"{len(training.erased_ids)} of them"]
        erased += [f"{len(ids)} trained {name} too" for name, ids in report.erased_in.items()]
        lines.append(("erased since", ", ".join(erased)))
    lines.append(("answers in chat", str(summary.answers)))
    if report.up_rate:
        rate, low, high = report.up_rate
        votes = f"+{summary.votes_up} -{summary.votes_down}"
        lines.append(("thumbs up", f"{rate:.0%} (95 % interval {low:.0%} to {high:.0%}; {votes})"))
    else:
        lines.append(("thumbs up", "no votes yet"))
    return lines


def _beside_lines(beside: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return how far the version is trusted where no approved answer is sure."""
    if beside is None:
        return [("beside approved answers", "not calibrated: its own floor applies")]
    inside = beside["in_scope"]
    foreign = ", ".join(
        f"{beside[kind]['wrong']} of {beside[kind]['answers']} {name}"
        for kind, name in (("marked", "marked"), ("out_of_scope", "others"))
    )
    least = "no floor" if beside["floor"] is None else f"floor {beside['floor']:.5f}"
    return [
        ("beside approved answers", f"{least}, calibrated for {beside['wrong_rate']:.1%} wrong"),
        ("  shown in scope", f"{inside['right']} right, {inside['wrong']} wrong of {inside['answers']} answers"),
        ("  shown to foreign ones", foreign),
    ]


def _verdict_lines(verdict: Verdict | None) -> list[tuple[str, str]]:
    if verdict is None:
        return [("evaluation", "none")]
    sentence = verdict.sentence or ("Better." if verdict.better else "Not better.")
    lines = [("evaluation", f"against {verdict.against}: {sentence}")]
    for name, difference in sorted(verdict.differences.items()):
        value, low, high = (_signed(difference.get(key)) for key in ("value", "low", "high"))
        lines.append((f"  {name.replace('_', ' ')}", f"{value} ({low} to {high})"))
    return lines


def _signed(value: float | None) -> str:
    return "?" if value is None else f"{value:+.3g}"


def _listed_record(summary: VersionSummary, daemons: Sequence[RunningDaemon]) -> dict[str, Any]:
    """Return a version with the daemons that answer with it."""
    named = [
        {"host": one.host, "problem": one.problem, "seen_at": one.seen_at.isoformat()}
        for one in daemons
        if one.version == summary.version
    ]
    return {**_summary_record(summary), "daemons": named}


def _summary_record(summary: VersionSummary) -> dict[str, Any]:
    return {**asdict(summary), "created_at": summary.created_at.isoformat()}


def _report_record(report: VersionReport) -> dict[str, Any]:
    up_rate = dict(zip(("value", "low", "high"), report.up_rate, strict=True)) if report.up_rate else None
    record = {**_summary_record(report.summary), **asdict(report), "up_rate": up_rate}
    del record["summary"]
    return record
