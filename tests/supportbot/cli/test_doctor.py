"""What `supportbot doctor` says of exported models, and of what platforms told a daemon."""

from __future__ import annotations

from pathlib import Path

from supportbot.cli._checks import Finding, examine
from supportbot.config import Settings
from supportbot.engine.openvino.export import export
from supportbot.notices import keep_notice


async def said_of(check: str, settings: Settings) -> Finding:
    """Return what a check found."""
    async for finding in examine(settings):
        if finding.check == check:
            return finding
    raise LookupError(f"doctor says nothing of {check}")


async def test_what_a_daemon_was_told_is_shown_until_it_is_mended(tmp_path: Path) -> None:
    """A permission that the app lacks is wrong, with the platform and the remedy; it may be unwritable."""
    settings = Settings(home=tmp_path / "home")
    assert (await said_of("permissions", settings)).ok
    keep_notice(settings.home, "slack", "The app lacks scopes: chat:write. To mend that, update it.")
    told = await said_of("permissions", settings)
    assert not told.ok
    assert told.detail.startswith("slack, ")
    assert told.detail.endswith(": The app lacks scopes: chat:write. To mend that, update it.")
    keep_notice(settings.home, "slack", "")
    assert (await said_of("permissions", settings)).ok
    (tmp_path / "file").touch()
    keep_notice(tmp_path / "file", "slack", "Nobody can keep this.")


async def test_changed_export_is_told(tmp_path: Path, tiny_model: Path) -> None:
    """Doctor names an export whose weights are not those that were made, and what becomes of it."""
    settings = Settings(home=tmp_path / "home")
    made = export(tiny_model, settings.exports_dir, "16bit")
    assert (await said_of("exports", settings)).ok
    with (made / "openvino_model.bin").open("r+b") as file:
        file.write(b"\x01\x02\x03\x04")
    told = await said_of("exports", settings)
    assert not told.ok
    assert made.name in told.detail
    assert "made anew" in told.detail
