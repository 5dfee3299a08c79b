"""``supportbot console``: a link that signs an operator in to the console once."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from supportbot.cli._terminal import Actor, JsonFlag, out, print_json, with_database
from supportbot.errors import SupportBotError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.access.links import Link
    from supportbot.config import Settings
    from supportbot.db.session import Database


class _Role(StrEnum):
    """The roles, without a heavy import."""

    VIEWER = "viewer"
    CURATOR = "curator"
    ADMIN = "admin"


def console(
    by: Actor,
    name: Annotated[str, typer.Option("--name", help="The person whom it signs in; by default you.")] = "",
    role: Annotated[
        _Role | None,
        typer.Option("--role", help="Their role; by default their present one, or admin for a new person."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Print a link that signs somebody in to the console once, within ten minutes."""

    async def invite(database: Database, settings: Settings) -> tuple[Link, str]:
        from supportbot.access.address import console_origin, sign_in_path
        from supportbot.access.links import Links
        from supportbot.access.roles import Role
        from supportbot.db.audit import current_user

        if not settings.console_is_on:
            raise SupportBotError("The console is off: set SUPPORTBOT_CONSOLE=auto and restart the daemon.")
        chosen = Role(role.value) if role else None
        link = await Links(database).invite(name or current_user(), chosen, by)
        return link, f"{console_origin(settings)}{sign_in_path(link.secret)}"

    link, address = with_database(invite)
    if as_json:
        operator = link.operator
        expires_at = link.expires_at.isoformat()
        print_json({"link": address, "name": operator.name, "role": operator.role, "expires_at": expires_at})
        return
    if address.startswith("/"):
        out.print("Append this to the address of the page, which the daemon printed when it started:")
    out.out(address, highlight=False)
    who = f"{printable(link.operator.name)} ({link.operator.role})"
    out.print(f"It signs in {who} once, within ten minutes.", markup=False, highlight=False)
