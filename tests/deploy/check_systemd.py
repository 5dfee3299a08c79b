"""The unit under a real systemd: run it by `make test-systemd`, as root, with Debian's systemd-container.

systemd-nspawn boots a copy of this machine, whose disk is an overlay that is thrown away. That takes root and
mounts, so this file is named as no test is: pytest takes it only when it is named in so many words.
"""

# ruff: noqa: S607 - the machine's own programs, where they are

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from supportbot.systemd.unit import Installation, build_unit, write_unit

ROOT = Path(__file__).parents[2]
HOME = Path("/var/lib/supportbot-check")
CODE = Path("/srv/supportbot-check")
"""Where the checkout is in the container, whose /tmp is its own."""

USER = "supportbot-check"
WATCHDOG_SECONDS = 5
MOST_SECONDS = 90.0


class Machine:
    """A machine that systemd runs.

    Args:
        leader: the number of its first process.
        root: its files.
    """

    def __init__(self, leader: int, root: Path) -> None:
        self._leader = leader
        self._root = root

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, to its end."""
        inside = ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid"]
        return subprocess.run(
            [*inside, *command], capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )

    def show(self, name: str) -> str:
        """Return a property of the service."""
        return self.run("systemctl", "show", "--property", name, "--value", "supportbot").stdout.strip()

    def wait_for(self, name: str, value: str) -> None:
        """Wait until a property of the service has a value."""
        until = time.monotonic() + MOST_SECONDS
        while (now := self.show(name)) != value:
            assert time.monotonic() < until, f"{name} is {now}: {self.log()}"

    def log(self) -> str:
        """Return the last lines of the service."""
        return self.run("journalctl", "--unit=supportbot", "--no-pager", "--output=cat", "--lines=20").stdout

    def set(self, **settings: str) -> None:
        """Give the service settings besides its own, in place of those of the last call."""
        lines = [f"Environment={key}={value}" for key, value in settings.items()]
        drop_in(self._root / "etc/systemd/system", "settings", *lines)
        assert self.run("systemctl", "daemon-reload").returncode == 0


def drop_in(folder: Path, name: str, *lines: str) -> None:
    """Change the service beside its unit, as ``systemctl edit`` does."""
    path = folder / "supportbot.service.d" / f"{name}.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["[Service]", *lines, ""]))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A copy of this machine with the unit of this checkout, where nothing runs yet but systemd."""
    with ExitStack() as stack:
        root = mount_copy(stack, tmp_path_factory.mktemp("machine"))
        prepare(root)
        nspawn = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network"]
        started = subprocess.Popen(
            [*nspawn, f"--directory={root}", "--machine=supportbot-check", "--", "--unit=basic.target"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        stack.callback(end, started)
        until = time.monotonic() + MOST_SECONDS
        while (leader := leader_of(started)) is None:
            assert time.monotonic() < until
        machine = Machine(leader.pid, root)
        while machine.run("systemctl", "is-active", "basic.target").stdout.strip() != "active":
            assert time.monotonic() < until
        yield machine


def mount_copy(stack: ExitStack, folder: Path) -> Path:
    """Mount this machine's files once more, and what changes in them in memory."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    stack.callback(unmount, folder)
    upper, work, root = (folder / name for name in ("upper", "work", "root"))
    for each in (upper, work, root):
        each.mkdir()
    layers = f"lowerdir=/,upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=True)
    stack.callback(unmount, root)
    return root


def unmount(folder: Path) -> None:
    """Take a mount away."""
    subprocess.run(["umount", folder], check=True)


def prepare(root: Path) -> None:
    """Install the bot there as an operator would, for a user of its own."""
    code, home = (root / path.relative_to("/") for path in (CODE, HOME))
    for package in ("alembic", "bot", "supportbot", "training"):
        shutil.copytree(ROOT / package, code / package)
    subprocess.run(["chmod", "--recursive", "a+rX", code], check=True)
    (root / "root").chmod(0o711)  # the interpreter of a test machine may be in there
    subprocess.run(["chroot", root, "useradd", "--system", USER], check=True)
    home.mkdir(mode=0o700)
    subprocess.run(["chroot", root, "chown", f"{USER}:", HOME], check=True)
    python = Path(sys.prefix).resolve() / "bin" / "python"
    units = root / "etc/systemd/system"
    write_unit(units, build_unit(Installation(python, HOME, HOME, (HOME,), USER)))
    # The interpreter's own libraries may lie in a home folder, of which the unit cannot know.
    drop_in(
        units,
        "check",
        f"Environment=PYTHONPATH={CODE}",
        "ProtectHome=read-only",
        f"WatchdogSec={WATCHDOG_SECONDS}",
    )


def leader_of(started: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Return the first process of the machine, once there is one."""
    children = psutil.Process(started.pid).children(recursive=True)
    return next((each for each in children if each.name() == "systemd"), None)


def end(started: subprocess.Popen[bytes]) -> None:
    """End the machine: all its processes go with the first."""
    if leader := leader_of(started):
        leader.kill()
    started.kill()
    started.wait()


def test_service_runs_hangs_and_stops(machine: Machine) -> None:
    """In its sandbox the bot becomes ready; one that hangs is started anew; stopped, it leaves nothing behind."""
    machine.set()
    assert machine.run("systemctl", "start", "supportbot").returncode == 0, machine.log()
    assert machine.show("StatusText") == "Answering on web with starter."
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/readyz').status)"
    assert machine.run("python3", "-c", ask).stdout.strip() == "200"

    machine.run("kill", "-STOP", machine.show("MainPID"))
    machine.wait_for("NRestarts", "1")
    machine.wait_for("ActiveState", "active")

    assert machine.run("systemctl", "stop", "supportbot").returncode == 0
    assert (machine.show("Result"), machine.show("ExecMainStatus")) == ("success", "0")
    assert machine.run("pgrep", "--uid", USER).stdout == ""


@pytest.mark.parametrize(
    "setting", [{"SUPPORTBOT_WEB_PORT": "none"}, {"SUPPORTBOT_MODEL": "/nowhere"}], ids=["init", "daemon"]
)
def test_what_an_operator_has_to_fix_is_not_tried_again(machine: Machine, setting: dict[str, str]) -> None:
    """A setting that `init` or the daemon refuses leaves the service failed, with the sentence in its log."""
    machine.set(**setting)
    assert machine.run("systemctl", "start", "supportbot").returncode != 0
    assert (machine.show("ActiveState"), machine.show("NRestarts")) == ("failed", "0")
    assert next(iter(setting)) in machine.log()
