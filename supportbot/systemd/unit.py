"""The unit of systemd that runs an installation: its text, and the file that holds it.

A file says in its first line what the rest was when it was written, so an operator's own changes are noticed and
never lost.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from supportbot.errors import SupportBotError

UNIT = "supportbot.service"

_SYSTEM_FOLDER = Path("/etc/systemd/system")
_BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs the machine; see sd_booted(3)."""

_HIDDEN_FOLDERS = (Path("/home"), Path("/root"), Path("/run/user"))
"""What ``ProtectHome=yes`` hides."""

_FIRST_LINE = "# Written by `supportbot service install`; sha256 of what follows: "
_MODE = 0o644
"""There is no secret in a unit, and ``systemctl cat`` shows it to all."""


class UnitError(SupportBotError):
    """The unit can't be written or removed; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What a unit runs.

    Attributes:
        python: the interpreter that has the program.
        home: folder of everything that the bot keeps.
        folder: where ``.env`` is read from.
        writable: the folders that the bot writes into, the home among them.
        user: as whom it runs; None in the manager of the user who installs it.
    """

    python: Path
    home: Path
    folder: Path
    writable: tuple[Path, ...]
    user: str | None


def build_unit(installation: Installation) -> str:
    """Return the text of the unit.

    Raises:
        UnitError: a path holds what a unit cannot name.
    """
    ours = (installation.python, installation.home, installation.folder, *installation.writable)
    is_hidden = any(path.is_relative_to(folder) for path in ours for folder in _HIDDEN_FOLDERS)
    environment = Environment(
        loader=PackageLoader("supportbot.systemd", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - a unit is no page; paths are quoted by _quoted
    )
    return environment.get_template(f"{UNIT}.jinja").render(
        user=installation.user,
        python=_quoted(str(installation.python)),
        folder=_literal(str(installation.folder)),
        home_variable=_quoted(f"SUPPORTBOT_HOME={installation.home}"),
        writable=" ".join(_quoted(str(path)) for path in installation.writable),
        protect_home="read-only" if is_hidden else "yes",
    )


def owner_of(home: Path) -> str:
    """Return the name of the user who owns the bot's folder, as whom it is to run.

    Raises:
        UnitError: it is root's, or nobody's.
    """
    number = home.stat().st_uid
    if number == 0:
        raise UnitError(
            f"{home} belongs to root, and the bot must not run as root: give it a user of its own, e.g. "
            f"`useradd --system supportbot && chown -R supportbot: {home}`."
        )
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        raise UnitError(
            f"{home} belongs to user {number}, which this machine does not know: change its owner."
        ) from None


def unit_folder(*, of_user: bool, booted: Path = _BOOTED) -> Path:
    """Return where systemd looks for units that this machine's operator, or this user, has written.

    Raises:
        UnitError: systemd does not run this machine.
    """
    if not booted.is_dir():
        raise UnitError(
            "This machine does not use systemd, so systemd cannot run the bot: see docs/deploying.md for other "
            "ways, or write the unit elsewhere with --folder."
        )
    if not of_user:
        return _SYSTEM_FOLDER
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def write_unit(folder: Path, text: str, *, force: bool = False) -> Path:
    """Write the unit into a folder, all or nothing, and return its path.

    Raises:
        UnitError: somebody has changed the one that is there, or the folder can't be written to.
    """
    path = folder / UNIT
    if not force:
        _refuse_changed(path, "keep your changes with `systemctl edit supportbot`, or overwrite them with --force")
    staged = path.with_name(f".{UNIT}.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged.write_text(f"{_FIRST_LINE}{_digest(text)}\n{text}", "utf-8")
        staged.chmod(_MODE)
        staged.replace(path)
    except OSError as error:
        raise _not_ours(path, error) from error
    return path


def remove_unit(folder: Path, *, force: bool = False) -> Path:
    """Remove the unit from a folder and return where it was.

    Raises:
        UnitError: there is none, it is enabled, somebody has changed it, or it can't be removed.
    """
    path = folder / UNIT
    if not path.is_file():
        raise UnitError(f"There is no {path}.")
    if any(folder.glob(f"*.wants/{UNIT}")):
        flag = " --user" if folder.name == "user" else ""
        raise UnitError(f"{path} is enabled: run `systemctl{flag} disable --now supportbot` first.")
    if not force:
        _refuse_changed(path, "add --force to remove it anyway")
    try:
        path.unlink()
    except OSError as error:
        raise _not_ours(path, error) from error
    return path


def _refuse_changed(path: Path, remedy: str) -> None:
    if path.is_symlink():  # such as one that `systemctl mask` leaves
        raise UnitError(f"{path} is a link to {path.readlink()}: {remedy}.")
    if not path.exists():
        return
    try:
        first, _, rest = path.read_text("utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        first, rest = "", ""
    if first != f"{_FIRST_LINE}{_digest(rest)}":
        raise UnitError(f"{path} was changed since it was written, or is not ours: {remedy}.")


def _not_ours(path: Path, error: OSError) -> UnitError:
    hint = "run this as root, or add --user" if isinstance(error, PermissionError) else "check that folder"
    return UnitError(f"{path} can't be changed ({error.strerror}): {hint}.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _literal(text: str) -> str:
    """Return a text in which systemd expands nothing; see systemd.unit(5)."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise UnitError(f"A unit cannot name {text!r}: choose a folder without control characters.")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """Return a text as one word of a unit; see systemd.syntax(7)."""
    escaped = _literal(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if re.search(r"""[\s"'\\;]""", text) else escaped
