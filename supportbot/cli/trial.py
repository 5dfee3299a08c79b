"""``supportbot models trial``: a candidate answers a share of conversations, and votes compare it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, with_database

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.trials.store import Trial
    from supportbot.trials.trials import ArmView, Rate, TrialView

app = typer.Typer(help="Let a candidate answer a share of conversations.", no_args_is_help=True)

_ROWS = (
    "conversations",
    "judged",
    "👍 of judged",
    "needed one answer",
    "asked again",
    "asked a human",
    "not sure",
)


@app.command()
def start(
    candidate: Annotated[str, typer.Argument(help="Its name, as in `supportbot models list`.")],
    by: Actor,
    share: Annotated[
        int, typer.Option(metavar="PERCENT", help="Share of conversations that it answers, 1 to 50.")
    ] = 20,
    alpha: Annotated[
        float, typer.Option(help="Probability of finding a difference, at any time, although there is none.")
    ] = 0.05,
    conversations: Annotated[
        int, typer.Option(help="End without a result after this many conversations.")
    ] = 5_000,
    days: Annotated[int, typer.Option(help="End without a result after this many days.")] = 30,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make a better candidate live automatically.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start a trial against the live version; a running daemon takes part as soon as it has loaded the
    candidate."""

    async def work(database: Database, settings: Settings) -> Trial:
        from supportbot.trials.rule import Rule
        from supportbot.trials.trials import Trials

        rule = Rule(share=share, alpha=alpha, most_conversations=conversations, most_days=days, promotes=promote)
        return await Trials(settings, database).start(candidate, rule, by)

    with err.status("Checking …"):
        trial = with_database(work)
    if as_json:
        print_json({"trial": trial.trial_id, "live": trial.live, "candidate": trial.candidate})
        return
    out.print(
        Text(f"Trial {trial.trial_id}: {share} % of conversations on {trial.candidate}, against {trial.live}.")
    )


@app.command()
def stop(by: Actor, as_json: JsonFlag = False) -> None:
    """Stop the running trial; the live version answers everybody again within two seconds."""

    async def work(database: Database, settings: Settings) -> Trial:
        from supportbot.trials.trials import Trials

        return await Trials(settings, database).stop(by)

    trial = with_database(work)
    if as_json:
        print_json({"trial": trial.trial_id, "live": trial.live, "candidate": trial.candidate})
        return
    out.print(Text(f"Trial {trial.trial_id} is stopped: {trial.live} answers everybody."))


@app.command()
def show(as_json: JsonFlag = False) -> None:
    """Show the latest trial: both versions, the interval of the difference, and how it ended."""

    async def work(database: Database, settings: Settings) -> TrialView | None:
        from supportbot.trials.trials import Trials

        return await Trials(settings, database).view()

    view = with_database(work)
    if as_json:
        print_json(view.record() if view else None)
        return
    if view is None:
        out.print("There was no trial yet: start one with `supportbot models trial start`.")
        return
    trial, rule = view.trial, view.trial.rule
    state = trial.outcome.value.replace("_", " ") if trial.outcome else "running"
    out.print(Text(f"Trial {trial.trial_id}: {state}. {rule.share} % on {trial.candidate}, against {trial.live}."))
    table = Table("", trial.live, trial.candidate, header_style="bold", box=None)
    for name, *cells in zip(_ROWS, _cells(view.live), _cells(view.candidate), strict=True):
        table.add_row(name, *cells)
    out.print(table)
    points = f"{100 * view.low:+.1f} to {100 * view.high:+.1f} points"
    out.print(Text(f"Difference of 👍, interval valid at any time with {1 - rule.alpha:.0%}: {points}."))


def _cells(view: ArmView) -> list[str]:
    arm = view.arm
    rates = (view.good, view.settled, view.followed_up, view.handed_off, view.not_sure)
    return [str(arm.conversations), str(arm.judged.number), *map(_share, rates)]


def _share(rate: Rate | None) -> str:
    if rate is None:
        return "–"
    value, low, high = rate
    return f"{value:.0%} ({low:.0%} to {high:.0%})"
