"""``supportbot policy``: what the bot answers in each channel, as its admins decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from supportbot.cli._terminal import Actor, JsonFlag, err, out, print_json, with_database
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.policies.policy import Policy
    from supportbot.policies.store import Decided, Place

app = typer.Typer(help="Decide what the bot answers in each channel.", no_args_is_help=True)

Workspace = Annotated[str, typer.Argument(help="Platform and id of a workspace or server, such as `slack:T0123`.")]
Channel = Annotated[
    str,
    typer.Option(
        "--channel",
        help="The id of one channel, such as C0123; by default all channels without a decision of their own.",
    ),
]


@app.command("list")
def list_(as_json: JsonFlag = False) -> None:
    """List all decisions, and who made them."""

    async def work(database: Database, settings: Settings) -> list[Decided]:
        from supportbot.policies.store import Policies

        return await Policies(database).listed()

    found = with_database(work)
    if as_json:
        print_json([_decision(one) for one in found])
        return
    if not found:
        out.print("There are no decisions: the bot answers when somebody mentions it.")
        return
    table = Table("workspace", "channel", "decided", "by", "on", header_style="bold")
    for one in found:
        where = (f"{one.place.platform}:{one.place.workspace}", one.place.channel or "all")
        decided = ", ".join(f"{name}={value}" for name, value in _typed(one.policy, list(one.settings)).items())
        table.add_row(
            *(Text(printable(text)) for text in (*where, decided, one.by)), f"{one.at.astimezone():%d %b %Y}"
        )
    out.print(table)


@app.command()
def show(workspace: Workspace, channel: Channel = "", as_json: JsonFlag = False) -> None:
    """Show what applies in a channel or a workspace."""
    place = _place(workspace, channel)

    async def work(database: Database, settings: Settings) -> Policy:
        from supportbot.policies.store import Policies

        return await Policies(database).shown(place)

    _show(place, with_database(work), as_json)


@app.command("set")
def set_(
    workspace: Workspace,
    settings: Annotated[
        list[str],
        typer.Argument(help="Each as SETTING=VALUE, such as `answer_on=questions` or `quiet_hours=none`."),
    ],
    by: Actor,
    channel: Channel = "",
    as_json: JsonFlag = False,
) -> None:
    """Change settings of a channel or a workspace; the others stay as they are."""
    from supportbot.administration.channels import unheard
    from supportbot.policies.wording import read_settings

    place, decided = _place(workspace, channel), read_settings(_pairs(settings))

    async def work(database: Database, configured: Settings) -> tuple[Policy, bool]:
        from supportbot.policies.store import Policies

        return await Policies(database).change(place, decided, by), configured.discord_message_content

    policy, hears_all = with_database(work)
    _show(place, policy, as_json)
    if "answer_on" in decided and (missing := unheard(place, policy, hears_all=hears_all)):
        err.print(missing)


@app.command()
def reset(workspace: Workspace, by: Actor, channel: Channel = "", as_json: JsonFlag = False) -> None:
    """Remove all decisions about a channel or a workspace."""
    place = _place(workspace, channel)

    async def work(database: Database, settings: Settings) -> Policy:
        from supportbot.policies.store import Policies

        return await Policies(database).reset(place, by)

    _show(place, with_database(work), as_json)


def _place(workspace: str, channel: str) -> Place:
    from supportbot.administration.places import place_named

    return place_named(workspace, channel)


def _pairs(settings: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign:
            raise SupportBotError(f"'{setting}' is not a setting: write SETTING=VALUE, such as answer_on=never.")
        pairs[name.strip()] = value
    return pairs


def _show(place: Place, policy: Policy, as_json: bool) -> None:
    from supportbot.policies.wording import LABELS

    if as_json:
        print_json({**_named(place), "policy": policy.model_dump(mode="json")})
        return
    table = Table("setting", "value", "meaning", header_style="bold")
    for name, value in _typed(policy, list(LABELS)).items():
        table.add_row(name, Text(printable(value)), LABELS[name])
    out.print(table)


def _typed(policy: Policy, names: Sequence[str]) -> dict[str, str]:
    from supportbot.policies.wording import NONE, typed_settings

    typed = typed_settings(policy)
    return {name: typed[name] or NONE for name in names if name in typed}


def _named(place: Place) -> dict[str, str]:
    return {"workspace": f"{place.platform}:{place.workspace}", "channel": place.channel}


def _decision(one: Decided) -> dict[str, Any]:
    return {
        **_named(one.place),
        "settings": dict(one.settings),
        "policy": one.policy.model_dump(mode="json"),
        "by": one.by,
        "at": one.at.isoformat(),
    }
