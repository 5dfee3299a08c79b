"""The ``supportbot`` command: what an operator types in a terminal. Each command or group of commands is a module.

Each command is a few lines: read the settings, open what is needed, call once, show. Heavy libraries are imported
within the commands that need them, so that ``supportbot --help`` answers at once.

Commands of ``training``, which the core may not import, join through the entry points ``supportbot.commands``.
"""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from typing import NoReturn

import typer
from rich.text import Text

from supportbot.cli import (
    ask,
    backup,
    consent,
    console,
    curate,
    digest,
    doctor,
    handoffs,
    import_,
    init,
    knowledge,
    learn,
    log,
    models,
    policy,
    privacy,
    replay,
    restore,
    service,
    stats,
    trial,
    upgrade_check,
    workspaces,
)
from supportbot.cli._terminal import err
from supportbot.errors import SupportBotError
from supportbot.private import keep_private

EXIT_ERROR = 2

app = typer.Typer(
    name="supportbot",
    help="A self-hosted customer-support bot. The daemon itself is `supportbot run`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(ask.ask)
app.command()(init.init)
app.command()(doctor.doctor)
app.command()(upgrade_check.upgrade_check)
app.command()(log.log)
app.command()(stats.stats)
app.command()(digest.digest)
app.command()(replay.replay)
app.command()(consent.consent)
app.command()(console.console)
app.command()(backup.backup)
app.command()(restore.restore)
app.command("import")(import_.import_file)
app.command()(learn.learn)
app.add_typer(curate.app, name="curate")
app.add_typer(handoffs.app, name="handoffs")
app.add_typer(knowledge.app, name="knowledge")
models.app.add_typer(trial.app, name="trial")
app.add_typer(models.app, name="models")
app.add_typer(policy.app, name="policy")
app.add_typer(privacy.app, name="privacy")
app.add_typer(service.app, name="service")
app.add_typer(workspaces.app, name="workspaces")
for command in entry_points(group="supportbot.commands"):
    app.command(command.name)(command.load())


def main() -> None:
    """Run the command line; an error that a person can fix is one sentence and exit status 2."""
    keep_private()
    try:
        app()
    except SupportBotError as error:
        _tell(str(error))
    except OverflowError:  # SQLite holds 64 bits, and the calendar 9999 years
        _tell("A number is larger than any can be here: see the command's --help.")
    except Exception as error:
        from sqlalchemy.exc import SQLAlchemyError  # late: `--help` answers at once

        if not isinstance(error, SQLAlchemyError):
            raise
        _tell("The database is busy or can't be used: try again, or run `supportbot doctor`.")


def _tell(sentence: str) -> NoReturn:
    err.print(Text(f"supportbot: {sentence}"), soft_wrap=True)
    sys.exit(EXIT_ERROR)
