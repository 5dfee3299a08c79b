"""``supportbot service``: installs the daemon as a systemd service."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from supportbot.cli._terminal import err, out, start
from supportbot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportbot.config import Settings
    from supportbot.systemd.unit import Installation

app = typer.Typer(no_args_is_help=True, help="Run the daemon with systemd.")

OfUser = Annotated[
    bool, typer.Option("--user", help="Use your own service manager, without root, instead of the system's.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="The folder of the unit, for an image or a package; by default systemd's."),
]


@app.command()
def install(
    of_user: OfUser = False,
    folder: Folder = None,
    show: Annotated[bool, typer.Option("--print", help="Print the unit, and write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a unit even if somebody changed it.")] = False,
) -> None:
    """Write the unit for this installation: its Python, its home folder, and the user who owns that folder."""
    from supportbot.systemd.unit import build_unit, unit_folder, write_unit

    text = build_unit(_installation(start(), of_user=of_user))
    if show:
        sys.stdout.write(text)
        return
    path = write_unit(folder or unit_folder(of_user=of_user), text, force=force)
    manager = "systemctl --user" if of_user else "systemctl"
    out.print(Text(f"Wrote {path}. Next:"))
    out.print(f"  {manager} daemon-reload")
    out.print(f"  {manager} enable --now supportbot")
    if of_user:
        out.print("  loginctl enable-linger   # so that it runs while you are not logged in")
    out.print(f"  {manager} status supportbot")


@app.command()
def uninstall(
    of_user: OfUser = False,
    folder: Folder = None,
    force: Annotated[bool, typer.Option("--force", help="Remove a unit even if somebody changed it.")] = False,
) -> None:
    """Remove the unit; the bot's data stays."""
    from supportbot.systemd.unit import remove_unit, unit_folder

    path = remove_unit(folder or unit_folder(of_user=of_user), force=force)
    out.print(Text(f"Removed {path}. Next: systemctl {'--user ' if of_user else ''}daemon-reload"))


def _installation(settings: Settings, *, of_user: bool) -> Installation:
    from supportbot.config import ENV_FILE
    from supportbot.systemd.unit import Installation, owner_of

    home = settings.home.absolute()
    if not home.is_dir():
        raise ConfigError(f"{home} does not exist: set SUPPORTBOT_HOME, or run `supportbot init` first.")
    user = None if of_user else owner_of(home)
    folder = Path.cwd() if Path(ENV_FILE).is_file() else home
    _tell_what_is_lost(folder / ENV_FILE)
    return Installation(Path(sys.executable), home, folder, tuple(_written(settings, home)), user)


def _written(settings: Settings, home: Path) -> Iterator[Path]:
    """Yield the folders that the bot writes into: the home folder, and those outside it."""
    from sqlalchemy import make_url

    yield home
    elsewhere = {settings.backups_folder.absolute(): "SUPPORTBOT_BACKUP_DIR"}
    database = make_url(settings.sqlalchemy_url)
    if database.get_backend_name() == "sqlite" and database.database:
        elsewhere[Path(database.database).absolute().parent] = "SUPPORTBOT_DATABASE_URL"
    for folder, key in elsewhere.items():
        if folder.is_relative_to(home):
            continue
        if not folder.is_dir():
            raise ConfigError(
                f"{key} names {folder}, which does not exist: create it for the user who runs the bot."
            )
        yield folder


def _tell_what_is_lost(env_file: Path) -> None:
    """Warn of settings that only this shell has: the service has another environment."""
    from supportbot.config import Settings
    from supportbot.config.loading import env_name

    known = {env_name(field) for field in Settings.model_fields} - {"SUPPORTBOT_HOME"}
    if lost := sorted(known & os.environ.keys()):
        sentence = f"supportbot: Only this shell has {', '.join(lost)}: add them to {env_file} for the service."
        err.print(Text(sentence), soft_wrap=True)
