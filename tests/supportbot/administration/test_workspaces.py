"""The list of workspaces that operators see, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from supportbot.administration import workspaces
from supportbot.administration.workspaces import Workspaces
from supportbot.config import Settings
from supportbot.config.listing import shown_settings
from supportbot.db.models import SlackBot, Workspace
from supportbot.db.session import Database
from supportbot.intake.people import direct_messages_of
from tests.supportbot.privacy.planting import NOW, Planter

TOKEN = ".".join(("hidden" * 4, "hidden", "hidden" * 4))


async def test_workspaces_come_by_the_page(database: Database, tmp_path: Path) -> None:
    """Heard from, only installed, or the page for everybody: each once; direct messages of people stand apart."""
    await Planter(database, "T1").ask("U1", "Where is it?")
    direct = direct_messages_of("discord", "41")
    async with database.write() as session:
        for team in ("T1", "T2"):
            session.add(
                SlackBot(
                    client_id="1.2",
                    app_id="A1",
                    team_id=team,
                    team_name=f"Team {team}",
                    is_enterprise_install=False,
                    installed_at=datetime(2026, 6, 1),
                )
            )
        for number in range(workspaces.PAGE):
            session.add(
                Workspace(platform="discord", external_id=f"{number:03}", name="", settings={}, created_at=NOW)
            )
        session.add(Workspace(platform="discord", external_id=direct, name="", settings={}, created_at=NOW))
    settings = Settings(
        home=tmp_path,
        web_host="0.0.0.0",  # noqa: S104 - nothing listens
        web_origins="https://help.shop.example",
        slack_client_id="1.2",
        slack_client_secret="0" * 32,
        slack_signing_secret="0" * 32,
        slack_http=True,
    )
    listed = Workspaces(database, settings)
    first = await listed.page()
    assert [one.consent.external_id for one in first.workspaces] == [f"{at:03}" for at in range(workspaces.PAGE)]
    assert first.after == ("discord", "049")
    rest = await listed.page(first.after)
    assert rest.after is None
    assert [
        (one.consent.platform, one.consent.external_id, one.questions, one.is_installed, one.needs_consent)
        for one in rest.workspaces
    ] == [("slack", "T1", 1, True, True), ("slack", "T2", 0, True, True), ("web", "public", 0, None, True)]
    assert rest.workspaces[1].name == "Team T2"
    alone = await listed.page(direct=True)
    assert [one.consent.external_id for one in alone.workspaces] == [direct]
    await listed.decide("slack", "T2", "Ada", learn=True)
    [_, second, _] = (await listed.page(first.after)).workspaces
    assert (second.consent.by, second.consent.counts) == ("Ada", True)


def test_settings_are_shown_without_secrets(tmp_path: Path) -> None:
    """Every setting is there with its variable; of a secret nothing is, of an address neither user nor query."""
    settings = Settings(
        home=tmp_path,
        discord_token=TOKEN,
        database_url="postgresql+psycopg://ada:hidden-word@db/bot?passfile=hidden-file",
        person_at_once=7,
    )
    shown = {one.name: one for one in shown_settings(settings)}
    assert len(shown) == len(Settings.model_fields)
    assert "hidden" not in repr(shown)
    assert TOKEN not in repr(shown)
    assert shown["SUPPORTBOT_DATABASE_URL"].value == "postgresql+psycopg://db/bot"
    assert (shown["SUPPORTBOT_PERSON_AT_ONCE"].value, shown["SUPPORTBOT_PERSON_AT_ONCE"].is_set) == ("7", True)
    assert {one.name for one in shown.values() if one.is_secret} == {
        *("SUPPORTBOT_REMOTE_API_KEY", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"),
        *("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SUPPORTBOT_OIDC_CLIENT_SECRET", "DISCORD_TOKEN"),
    }
    assert shown["DISCORD_TOKEN"].is_set
    assert not shown["SLACK_BOT_TOKEN"].is_set
