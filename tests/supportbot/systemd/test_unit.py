"""The unit of systemd: what it says of an installation, and how it is written, kept and removed."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from supportbot.systemd.unit import (
    UNIT,
    Installation,
    UnitError,
    build_unit,
    owner_of,
    remove_unit,
    unit_folder,
    write_unit,
)

OPT = Installation(
    python=Path("/opt/supportbot/bin/python"),
    home=Path("/var/lib/supportbot"),
    folder=Path("/etc/supportbot"),
    writable=(Path("/var/lib/supportbot"), Path("/mnt/back ups")),
    user="supportbot",
)


def lines_of(installation: Installation) -> list[str]:
    """Return the lines of a unit that say something."""
    return [line for line in build_unit(installation).splitlines() if line and not line.startswith("#")]


def test_unit_runs_this_installation() -> None:
    """It names the interpreter, the folders and the user, and no other."""
    lines = lines_of(OPT)
    [command] = [line for line in lines if line.startswith("ExecStart=")]
    assert command.endswith(" /opt/supportbot/bin/python")
    assert "Environment=SUPPORTBOT_HOME=/var/lib/supportbot" in lines
    assert "WorkingDirectory=/etc/supportbot" in lines
    assert 'ReadWritePaths=/var/lib/supportbot "/mnt/back ups"' in lines
    assert "User=supportbot" in lines
    assert "ProtectHome=yes" in lines


def test_unit_of_a_user_asks_for_nothing_that_takes_root() -> None:
    """In a user's own manager there is no other user, and nothing that only root can take away."""
    lines = lines_of(Installation(OPT.python, OPT.home, OPT.folder, OPT.writable, user=None))
    keys = {line.partition("=")[0] for line in lines}
    assert not keys & {"User", "CapabilityBoundingSet", "ProtectSystem", "PrivateDevices"}
    assert {"NoNewPrivileges", "SystemCallFilter", "WatchdogSec"} <= keys
    assert "WantedBy=default.target" in lines


def test_installation_in_a_home_folder_stays_readable() -> None:
    """Where the program is under /home, that is shown read-only; all else of the sandbox stays."""
    python = Path("/home/ada/venv/bin/python")
    lines = lines_of(Installation(python, OPT.home, OPT.folder, OPT.writable, OPT.user))
    assert "ProtectHome=read-only" in lines
    assert "ProtectSystem=strict" in lines


def test_paths_are_said_so_that_systemd_takes_them_word_for_word() -> None:
    """Nothing in a path is expanded, or ends a word; what a unit cannot say is refused."""
    home = Path('/srv/100% "ours"\\now')
    [line] = [
        line
        for line in lines_of(Installation(OPT.python, home, home, (home,), "ada"))
        if "SUPPORTBOT_HOME" in line
    ]
    assert line == 'Environment="SUPPORTBOT_HOME=/srv/100%% \\"ours\\"\\\\now"'
    with pytest.raises(UnitError, match="control characters"):
        build_unit(Installation(OPT.python, Path("/srv/a\nExecStart=/bin/sh"), home, (home,), "ada"))


def test_unit_is_written_again_and_removed(tmp_path: Path) -> None:
    """One that nobody touched is replaced by the next, and removed; others may read it."""
    folder = tmp_path / "units"
    write_unit(folder, "[Unit]\nDescription=first\n")
    path = write_unit(folder, "[Unit]\nDescription=second\n")
    assert path.read_text().endswith("\n[Unit]\nDescription=second\n")
    assert path.stat().st_mode & 0o777 == 0o644
    assert remove_unit(folder) == path
    assert list(folder.iterdir()) == []
    with pytest.raises(UnitError, match="There is no"):
        remove_unit(folder)


def test_changes_by_hand_are_kept(tmp_path: Path) -> None:
    """A unit that somebody changed, or wrote, or masked, is neither overwritten nor removed without a word."""
    path = write_unit(tmp_path, "[Unit]\n")
    path.write_text(path.read_text() + "# ours\n")
    with pytest.raises(UnitError, match="--force"):
        write_unit(tmp_path, "[Unit]\n")
    with pytest.raises(UnitError, match="--force"):
        remove_unit(tmp_path)
    assert path.read_text().endswith("# ours\n")
    write_unit(tmp_path, "[Unit]\n", force=True)
    assert "# ours" not in path.read_text()
    path.write_bytes(b"\xff")
    with pytest.raises(UnitError, match="is not ours"):
        write_unit(tmp_path, "[Unit]\n")
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(UnitError, match="a link to /dev/null"):
        write_unit(tmp_path, "[Unit]\n")
    assert path.is_symlink()


def test_enabled_unit_is_not_removed(tmp_path: Path) -> None:
    """What systemd starts at boot is disabled first, or a link to nothing would be left."""
    path = write_unit(tmp_path, "[Unit]\n")
    wanted = tmp_path / "multi-user.target.wants"
    wanted.mkdir()
    (wanted / UNIT).symlink_to(path)
    with pytest.raises(UnitError, match="disable --now"):
        remove_unit(tmp_path)
    assert path.is_file()


def test_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """A folder that is none is one sentence."""
    (tmp_path / "file").touch()
    with pytest.raises(UnitError, match="can't be changed"):
        write_unit(tmp_path / "file", "[Unit]\n")


def test_machine_without_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd does not run the machine, that is said with the other ways; else the folder is systemd's."""
    with pytest.raises(UnitError, match="does not use systemd"):
        unit_folder(of_user=False, booted=tmp_path / "nothing")
    assert unit_folder(of_user=False, booted=tmp_path) == Path("/etc/systemd/system")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/srv/config")
    assert unit_folder(of_user=True, booted=tmp_path) == Path("/srv/config/systemd/user")


def test_bot_runs_as_the_owner_of_its_folder(tmp_path: Path) -> None:
    """Whoever owns the folder is named; root and nobody known are refused with the remedy."""
    nobody = pwd.getpwnam("nobody")
    os.chown(tmp_path, nobody.pw_uid, nobody.pw_gid)
    assert owner_of(tmp_path) == "nobody"
    os.chown(tmp_path, 0, 0)
    with pytest.raises(UnitError, match="chown -R"):
        owner_of(tmp_path)
    os.chown(tmp_path, 54_321, 54_321)
    with pytest.raises(UnitError, match="54321"):
        owner_of(tmp_path)
