"""The unit in `deploy/` is the one that the program writes."""

from __future__ import annotations

from pathlib import Path

from supportbot.systemd.unit import UNIT, Installation, build_unit

EXAMPLE = Path(__file__).parents[2] / "deploy" / "systemd" / UNIT


def test_example_is_what_the_program_writes() -> None:
    """It is that of an installation in /opt; so `make lint-deploy` checks what `supportbot service` writes."""
    home = Path("/var/lib/supportbot")
    installation = Installation(
        python=Path("/opt/supportbot/bin/python"),
        home=home,
        folder=Path("/etc/supportbot"),
        writable=(home,),
        user="supportbot",
    )
    assert EXAMPLE.read_text("utf-8") == build_unit(installation)
