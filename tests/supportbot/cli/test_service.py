"""`supportbot service`: the unit as an operator has it written, printed and removed."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.command import run_command
from tests.e2e.daemon import environment
from tests.e2e.daemon import supportbot as supportbot_apart


async def supportbot(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a command; return its exit status, output and errors."""
    ended = await run_command(arguments, environment(home, settings))
    return ended.status, ended.output, ended.errors


@pytest.fixture
def owned(home: Path) -> Path:
    """A home folder that belongs to a user of the bot's own."""
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return home


async def test_unit_is_printed_written_and_removed(owned: Path, tmp_path: Path) -> None:
    """What is printed is what is written; afterwards the next commands are said, and removing leaves nothing."""
    folder = tmp_path / "units"
    status, printed, errors = await supportbot(owned, "service", "install", "--print")
    assert (status, "User=nobody" in printed) == (0, True), errors
    status, output, errors = await supportbot(owned, "service", "install", "--folder", str(folder))
    assert status == 0, errors
    assert "systemctl enable --now supportbot" in output
    unit = folder / "supportbot.service"
    assert unit.read_text().partition("\n")[2] == printed
    unit.write_text(printed)
    status, _, errors = await supportbot(owned, "service", "install", "--folder", str(folder))
    assert (status, "--force" in errors) == (2, True)
    status, _, errors = await supportbot(owned, "service", "uninstall", "--folder", str(folder), "--force")
    assert status == 0, errors
    assert list(folder.iterdir()) == []


async def test_settings_of_the_shell_are_named(owned: Path) -> None:
    """What only this shell has would be missing in the service, so it is named, and no value is shown."""
    token = "made-up." + "1" * 50
    _, _, errors = await supportbot(owned, "service", "install", "--print", DISCORD_TOKEN=token)
    assert "DISCORD_TOKEN" in errors
    assert "SUPPORTBOT_HOME" not in errors
    assert token not in errors


async def test_folders_elsewhere_stay_writable(owned: Path, tmp_path: Path) -> None:
    """Backups and a database outside of the home folder are among what the unit may write to, if they exist."""
    backups = tmp_path / "backups"
    _, _, errors = await supportbot(owned, "service", "install", "--print", SUPPORTBOT_BACKUP_DIR=str(backups))
    assert "SUPPORTBOT_BACKUP_DIR names" in errors
    backups.mkdir()
    _, printed, _ = await supportbot(
        owned,
        "service",
        "install",
        "--print",
        SUPPORTBOT_BACKUP_DIR=str(backups),
        SUPPORTBOT_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}",
    )
    assert f"ReadWritePaths={owned} {backups} {tmp_path}\n" in printed


@pytest.mark.parametrize("manager", [[], ["--user"]], ids=["system", "user"])
async def test_home_that_is_not_there_is_refused(tmp_path: Path, manager: list[str]) -> None:
    """A service would not start in a folder that does not exist, so that comes first."""
    status, _, errors = await supportbot(tmp_path / "nothing", "service", "install", "--print", *manager)
    assert status == 2
    assert "supportbot init" in errors


async def test_root_is_refused(home: Path) -> None:
    """A folder of root's would have the bot run as root."""
    status, _, errors = await supportbot_apart(home, "service", "install", "--print")
    assert status == 2
    assert "must not run as root" in errors
