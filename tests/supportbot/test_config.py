"""Settings: what is wrong stops the start with one sentence that names the key and the remedy."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from supportbot.bootstrap import create_home
from supportbot.cli._checks import describe_settings
from supportbot.config import Settings, env_name, load_settings
from supportbot.errors import ConfigError

BOT = "xoxb-123-456-abcDEF"
APP = "xapp-1-A0-123-abcdef"
DISCORD = "MTEyMzQ1Njc4OTAxMjM0NTY3.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"

MANY = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "0" * 32}

OIDC = {
    "SUPPORTBOT_OIDC_ISSUER": "https://idp.example",
    "SUPPORTBOT_OIDC_CLIENT_ID": "console",
    "SUPPORTBOT_OIDC_CLIENT_SECRET": "secret-of-the-client",
}
SIGN_IN = {
    **MANY,
    "SLACK_BOT_TOKEN": BOT,
    "SLACK_APP_TOKEN": APP,
    "SUPPORTBOT_SLACK_SIGN_IN": "1",
    "SUPPORTBOT_WEB_ORIGINS": "https://bot.example",
}


def write_env(text: str) -> Path:
    """Write a `.env` into the current folder."""
    path = Path(".env")
    path.write_text(text)
    return path


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any setting the bot has a home in the user's data folder and SQLite in it."""
    monkeypatch.delenv("SUPPORTBOT_HOME")
    settings = load_settings()
    assert settings.home.name == "supportbot"
    assert settings.sqlalchemy_url == f"sqlite+aiosqlite:///{settings.home}/supportbot.db"
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment overrides the same key of `.env`; others of the file count."""
    write_env("SUPPORTBOT_WEB_PORT=9000\nSUPPORTBOT_PRECISION=fp32\n")
    monkeypatch.setenv("SUPPORTBOT_WEB_PORT", "9001")
    settings = load_settings()
    assert (settings.web_port, settings.precision) == (9001, "fp32")


def test_keys_left_empty_are_not_set() -> None:
    """A copied `.env.example` with empty keys changes nothing."""
    write_env("SLACK_BOT_TOKEN=\nDISCORD_TOKEN= \nSUPPORTBOT_MODEL=\nSUPPORTBOT_CONFIDENCE_FLOOR=\n")
    settings = load_settings()
    assert settings.slack_bot_token is None
    assert settings.discord_token is None
    assert settings.model is None
    assert settings.confidence_floor is None


@pytest.mark.parametrize("where", ["environment", "file"])
def test_unknown_key_is_refused_with_the_likely_one(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt key is never silently ignored."""
    if where == "environment":
        monkeypatch.setenv("SUPPORTBOT_WEBPORT", "9000")
    else:
        write_env("SUPPORTBOT_WEBPORT=9000\n")
    with pytest.raises(ConfigError, match=r"SUPPORTBOT_WEBPORT.*did you mean SUPPORTBOT_WEB_PORT"):
        load_settings()


def test_key_given_twice_is_refused() -> None:
    """Two lines for one key in `.env` are a mistake, not a choice."""
    write_env("SUPPORTBOT_WEB_PORT=1\nSUPPORTBOT_WEB_PORT=2\n")
    with pytest.raises(ConfigError, match=r"SUPPORTBOT_WEB_PORT is given 2 times"):
        load_settings()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"SLACK_BOT_TOKEN": APP, "SLACK_APP_TOKEN": BOT},
            r"SLACK_BOT_TOKEN.*looks like a SLACK_APP_TOKEN.*swapped",
        ),
        ({"SLACK_BOT_TOKEN": BOT}, r"SLACK_APP_TOKEN is missing"),
        ({"SLACK_APP_TOKEN": APP}, r"SLACK_BOT_TOKEN is missing"),
        ({"SLACK_BOT_TOKEN": BOT + "\n", "SLACK_APP_TOKEN": APP}, r"SLACK_BOT_TOKEN.*white space or a line break"),
        ({"DISCORD_TOKEN": "hello"}, r"DISCORD_TOKEN is malformed"),
        (
            {"SUPPORTBOT_ADMINS": "slack:T1:U1, ada"},
            r"SUPPORTBOT_ADMINS contains 'ada': name people as slack:",
        ),
        ({"DISCORD_TOKEN": DISCORD[:40] + " " + DISCORD[40:]}, r"DISCORD_TOKEN.*white space"),
        (
            {"SLACK_BOT_TOKEN": BOT, "SUPPORTBOT_SLACK_HTTP": "1"},
            r"SUPPORTBOT_SLACK_HTTP needs SLACK_SIGNING_SECRET",
        ),
        ({"SLACK_CLIENT_ID": "1.2"}, r"SLACK_CLIENT_SECRET is missing"),
        ({"SLACK_CLIENT_SECRET": "0" * 32}, r"SLACK_CLIENT_ID is missing"),
        ({"SLACK_CLIENT_ID": "A0123"}, r"SLACK_CLIENT_ID is malformed: it is two numbers joined by a dot"),
        ({**MANY, "SLACK_BOT_TOKEN": BOT}, r"Both SLACK_BOT_TOKEN and SLACK_CLIENT_ID are set"),
        (MANY, r"SLACK_CLIENT_ID needs an address that begins with https:// in SUPPORTBOT_WEB_ORIGINS"),
        ({**MANY, "SUPPORTBOT_WEB_ORIGINS": "https://bot.example"}, r"SLACK_APP_TOKEN is missing"),
        (
            {**MANY, "SUPPORTBOT_WEB_ORIGINS": "https://bot.example", "SUPPORTBOT_SLACK_WORKSPACES": "T1, acme"},
            r"SUPPORTBOT_SLACK_WORKSPACES contains 'acme'",
        ),
        (
            {**MANY, "SUPPORTBOT_WEB_ORIGINS": "https://bot.example", "SUPPORTBOT_SLACK_HTTP": "1"},
            r"SUPPORTBOT_SLACK_HTTP needs SLACK_SIGNING_SECRET",
        ),
        ({"SLACK_SIGNING_SECRET": "short"}, r"SLACK_SIGNING_SECRET.*32 hexadecimal"),
        ({"SUPPORTBOT_OIDC_ISSUER": "https://idp.example"}, r"SUPPORTBOT_OIDC_CLIENT_ID is missing"),
        ({"SUPPORTBOT_OIDC_CLIENT_SECRET": "x"}, r"SUPPORTBOT_OIDC_ISSUER is missing"),
        (OIDC, r"Nobody could sign in at SUPPORTBOT_OIDC_ISSUER: set SUPPORTBOT_OIDC_ROLE_CLAIM"),
        (
            {**OIDC, "SUPPORTBOT_OIDC_ISSUER": "http://me:pw@idp.example"},
            r"SUPPORTBOT_OIDC_ISSUER contains 'http://…@idp.example': .* begins with https://",
        ),
        ({**OIDC, "SUPPORTBOT_OIDC_ISSUER": "https://idp.example?a=b"}, r"SUPPORTBOT_OIDC_ISSUER .* no query"),
        ({**OIDC, "SUPPORTBOT_OIDC_ISSUER": "https://[idp"}, r"SUPPORTBOT_OIDC_ISSUER contains"),
        ({**OIDC, "SUPPORTBOT_OIDC_SCOPES": "profile"}, r"SUPPORTBOT_OIDC_SCOPES lacks openid"),
        ({**OIDC, "SUPPORTBOT_OIDC_ROLE_CLAIM": "groups"}, r"SUPPORTBOT_OIDC_ROLE_VALUES is missing"),
        ({**OIDC, "SUPPORTBOT_OIDC_ROLE_VALUES": "a=admin"}, r"SUPPORTBOT_OIDC_ROLE_CLAIM is missing"),
        ({"SUPPORTBOT_OIDC_ROLE_VALUES": "a=owner"}, r"SUPPORTBOT_OIDC_ROLE_VALUES contains 'a=owner'"),
        ({"SUPPORTBOT_OIDC_ROLE_VALUES": "=admin"}, r"SUPPORTBOT_OIDC_ROLE_VALUES contains '=admin'"),
        (
            {"SUPPORTBOT_OIDC_ROLE_VALUES": "a=admin", "SUPPORTBOT_OIDC_ROLE_CLAIM": "groups"},
            r"SUPPORTBOT_OIDC_ROLE_CLAIM needs a provider",
        ),
        (
            {"SUPPORTBOT_CONSOLE_ADMINS": "ada@x.example"},
            r"SUPPORTBOT_CONSOLE_ADMINS.* apply only to people",
        ),
        ({**OIDC, "SUPPORTBOT_CONSOLE_VIEWERS": "Ada"}, r"SUPPORTBOT_CONSOLE_VIEWERS contains 'Ada'"),
        ({**OIDC, "SUPPORTBOT_CONSOLE_CURATORS": "slack:U1"}, r"SUPPORTBOT_CONSOLE_CURATORS contains 'slack:U1'"),
        ({"SUPPORTBOT_SLACK_SIGN_IN": "1"}, r"SUPPORTBOT_SLACK_SIGN_IN needs SLACK_CLIENT_ID"),
        ({**SIGN_IN, "SUPPORTBOT_WEB_ORIGINS": ""}, r"SUPPORTBOT_SLACK_SIGN_IN needs an address .* https://"),
        (SIGN_IN, r"Nobody could sign in with Slack: name people"),
        ({**SIGN_IN, "SUPPORTBOT_CONSOLE_ADMINS": "sub:1"}, r"Nobody could sign in with Slack: name people"),
        ({"SUPPORTBOT_DATABASE_URL": "mysql://x/y"}, r"SUPPORTBOT_DATABASE_URL must begin with"),
        (
            {"SUPPORTBOT_MODEL_STORE": "/mnt/models"},
            r"SUPPORTBOT_MODEL_STORE is for machines that share a PostgreSQL",
        ),
        ({"SUPPORTBOT_MODEL_STORE": "models"}, r"SUPPORTBOT_MODEL_STORE must be the full path of a folder"),
        ({"SUPPORTBOT_MODEL_STORE": "s3://key:hunter22@bucket"}, r"SUPPORTBOT_MODEL_STORE must be the full path"),
        ({"SUPPORTBOT_MODEL_STORE": "memory://models"}, r"SUPPORTBOT_MODEL_STORE must be the full path"),
        (
            {
                "SUPPORTBOT_DATABASE_URL": "postgresql+psycopg://host/name?connect_timeout=3&password=TOKEN-hunter22"
            },
            r"SUPPORTBOT_DATABASE_URL contains a secret after its '\?' \(password\)",
        ),
        (
            {"SUPPORTBOT_DATABASE_URL": "postgresql+psycopg://host/name?ssl%50assword=hunter22"},
            r"SUPPORTBOT_DATABASE_URL contains a secret after its '\?' \(sslPassword\)",
        ),
        (
            {"SUPPORTBOT_ENGINE": "remote", "SUPPORTBOT_REMOTE_URLS": "ftp://user:hunter22@x"},
            r"contains 'ftp://…@x'",
        ),
        ({"SUPPORTBOT_WEB_PORT": "http"}, r"SUPPORTBOT_WEB_PORT is wrong"),
        ({"SUPPORTBOT_WEB_HOST": "0.0.0.0"}, r"SUPPORTBOT_WEB_HOST=0\.0\.0\.0 .* set SUPPORTBOT_WEB_ORIGINS"),  # noqa: S104
        ({"SUPPORTBOT_WEB_HOST": "::"}, r"lets other machines open the page: set SUPPORTBOT_WEB_ORIGINS"),
        ({"SUPPORTBOT_WEB_HOST": "bot.lan"}, r"or listen on 127\.0\.0\.1"),
        *(
            (
                {"SUPPORTBOT_WEB_ORIGINS": f"http://ok.example, {origin}"},
                r"SUPPORTBOT_WEB_ORIGINS contains .*not an origin",
            )
            for origin in (
                "help.shop.example",
                "https://",
                "https://shop.example/help",
                "https://shop.example?x",
                "https://user@shop.example",
                "https://shop.example:99999",
                "https://[::1",
                "ftp://shop.example",
                "*",
            )
        ),
        ({"SUPPORTBOT_PRECISION": "fp8"}, r"SUPPORTBOT_PRECISION is wrong"),
        ({"SUPPORTBOT_ANSWER_SECONDS": "0"}, r"SUPPORTBOT_ANSWER_SECONDS is wrong"),
    ],
)
def test_wrong_values_name_the_key_and_hide_the_value(
    variables: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong is told in one sentence with the key, without the value of a secret."""
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_settings()
    for key, value in variables.items():
        if "TOKEN" in key:
            assert value.strip() not in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_origins_are_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case, default port and a last slash make no other origin; each one lets other machines open the page."""
    written = "HTTPS://Help.Shop.example:443/ , http://10.0.0.7:8080,https://help.shop.example,,http://[::1]:80"
    monkeypatch.setenv("SUPPORTBOT_WEB_ORIGINS", written)
    monkeypatch.setenv("SUPPORTBOT_WEB_HOST", "0.0.0.0")  # noqa: S104 - only read
    settings = load_settings()
    assert settings.page_origins == ("https://help.shop.example", "http://10.0.0.7:8080", "http://[::1]")
    assert (settings.page_is_local, settings.page_is_proxied) == (False, True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_page_is_this_machines_own(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an address that no other machine reaches nothing has to be said, unless a proxy stands before it."""
    monkeypatch.setenv("SUPPORTBOT_WEB_HOST", host)
    assert load_settings().page_is_local
    monkeypatch.setenv("SUPPORTBOT_WEB_ORIGINS", "http://intranet")
    settings = load_settings()
    assert (settings.page_is_local, settings.page_is_proxied) == (False, False)


def test_well_formed_tokens_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of the documented shapes are accepted, and known to the log filter."""
    for key, value in {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "DISCORD_TOKEN": DISCORD}.items():
        monkeypatch.setenv(key, value)
    url = "postgresql+psycopg://some%40one:hunter%2F22@db.example:5433/name?sslmode=require&passfile=/run/pass"
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", url)
    monkeypatch.setenv("SLACK_API_URL", "http://user:hunter33@127.0.0.1:9/api/")
    settings = load_settings()
    assert set(settings.secrets()) == {BOT, APP, DISCORD, "hunter%2F22", "hunter/22", "hunter33"}
    shown = {line.key: line.value for line in describe_settings(settings)}
    assert not any(secret in " ".join(shown.values()) for secret in settings.secrets())
    assert shown["SUPPORTBOT_DATABASE_URL"] == "postgresql+psycopg://…/name"
    assert shown["SLACK_API_URL"] == "http://…@127.0.0.1:9/api/"


def test_home_is_created_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder has mode 0700 from its first moment."""
    monkeypatch.setenv("SUPPORTBOT_HOME", str(tmp_path / "new" / "home"))
    create_home(load_settings())
    assert stat.S_IMODE((tmp_path / "new" / "home").stat().st_mode) == 0o700


def test_home_that_cannot_be_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home below a file is refused with the key's name."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUPPORTBOT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ConfigError, match="SUPPORTBOT_HOME"):
        create_home(load_settings())


def test_example_file_is_complete_and_changes_nothing() -> None:
    """`.env.example` names every setting once, and copied as it is, leaves every default in force."""
    text = (Path(__file__).parents[2] / ".env.example").read_text()
    named = [line.lstrip("# ").partition("=")[0] for line in text.splitlines() if "=" in line]
    assert sorted(named) == sorted(env_name(field) for field in Settings.model_fields)
    before = load_settings()
    write_env(text)
    assert load_settings() == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SUPPORTBOT_RETENTION_DAYS", "1000000"),
        ("SUPPORTBOT_QUESTION_MINUTES", "inf"),
        ("SUPPORTBOT_QUESTION_MINUTES", "1e15"),
        ("SUPPORTBOT_BACKUP_HOURS", "inf"),
        ("SUPPORTBOT_BUSY_SECONDS", "1e15"),
    ],
)
def test_times_that_no_calendar_has_are_refused(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """A time from which nobody can count back is a sentence at the start, not a failure in the middle."""
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError, match=rf"{key} is wrong: .*less than or equal"):
        load_settings()
