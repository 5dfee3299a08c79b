"""What `supportbot doctor` says of exported models."""

from __future__ import annotations

from pathlib import Path

from supportbot.cli._checks import Finding, examine
from supportbot.config import Settings
from supportbot.engine.openvino.export import export


async def said_of_exports(settings: Settings) -> Finding:
    """Return what the check of the exports found."""
    async for finding in examine(settings):
        if finding.check == "exports":
            return finding
    raise LookupError("doctor says nothing of exports")


async def test_changed_export_is_told(tmp_path: Path, tiny_model: Path) -> None:
    """Doctor names an export whose weights are not those that were made, and what becomes of it."""
    settings = Settings(home=tmp_path / "home")
    made = export(tiny_model, settings.exports_dir, "16bit")
    assert (await said_of_exports(settings)).ok
    with (made / "openvino_model.bin").open("r+b") as file:
        file.write(b"\x01\x02\x03\x04")
    told = await said_of_exports(settings)
    assert not told.ok
    assert made.name in told.detail
    assert "made anew" in told.detail
