"""What `supportbot doctor` says of exported models, and of what platforms told a daemon."""

from __future__ import annotations

from pathlib import Path

from supportbot.cli._checks import examine
from supportbot.cli._findings import Finding
from supportbot.config import Settings
from supportbot.engine.openvino.export import export
from supportbot.notices import keep_notice
from tests.oidc_server.server import CLIENT_ID, CLIENT_SECRET, LocalProvider


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
    keep_notice(settings.home, "slack", "The app lacks scopes: chat:write. To fix this, update it.")
    told = await said_of("permissions", settings)
    assert not told.ok
    assert told.detail.startswith("slack, ")
    assert told.detail.endswith(": The app lacks scopes: chat:write. To fix this, update it.")
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
    assert "will be deleted and made again" in told.detail


async def test_the_provider_of_sign_in_is_asked(tmp_path: Path) -> None:
    """Doctor says where people are sent back to, and of a provider that does not answer as one what is wrong."""
    async with LocalProvider() as provider:
        settings = Settings(
            home=tmp_path / "home",
            oidc_issuer=f"{provider.issuer}/",
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,
            oidc_name="Team",
            console_admins="sub:1",
            web_origins="https://help.shop.example",
        )
        found = await said_of("sign-in with Team", settings)
        assert found.ok
        assert "answers, with 1 keys" in found.detail
        assert "register https://help.shop.example/console/sign-in/oidc/callback there" in found.detail
        for metadata, status, reason in (
            ({"issuer": "https://evil.example"}, 0, "it calls itself another issuer"),
            ({"token_endpoint": None}, 0, "its token_endpoint is missing"),
            ({}, 404, "status 404"),
        ):
            provider.metadata, provider.status = metadata, status
            found = await said_of("sign-in with Team", settings)
            assert not found.ok
            assert reason in found.detail
            assert "check SUPPORTBOT_OIDC_ISSUER" in found.detail
            assert CLIENT_SECRET not in found.detail
    found = await said_of("sign-in with Team", settings)
    assert (found.ok, "ConnectError" in found.detail) == (False, True)
