"""The settings of one process: what follows from them, and which need one another. ``fields`` defines each
setting, and ``loading`` reads them.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import SecretStr, model_validator

from supportbot.addresses import secret_keys, secrets_of, without_user
from supportbot.config.fields import Fields
from supportbot.config.sign_in import check_sign_in
from supportbot.config.slack import check_slack
from supportbot.config.store import check_store
from supportbot.errors import ConfigError
from supportbot.origins import check_exposure, is_loopback, read_origins
from supportbot.tokens import TOKEN_KEYS, check_token

_ADMIN = re.compile(r"(?:slack:[A-Z0-9]+:[A-Z0-9]+|discord:\d+:\d+)")


class Settings(Fields):
    """The settings of one process; see ``loading.load_settings``."""

    @property
    def kept_contacts(self) -> tuple[str, ...]:
        """The contacts that redaction leaves alone."""
        return tuple(contact for part in self.public_contacts.split(",") if (contact := part.strip()))

    @property
    def named_admins(self) -> frozenset[str]:
        """The people who may decide about channels by the operator's word."""
        return frozenset(name for part in self.admins.split(",") if (name := part.strip()))

    @property
    def remote_servers(self) -> tuple[str, ...]:
        """The base URLs of the engine remote."""
        return tuple(url for part in self.remote_urls.split(",") if (url := part.strip()))

    @property
    def page_origins(self) -> tuple[str, ...]:
        """The origins under which other machines open the page; none while it is this machine's own."""
        return read_origins(self.web_origins)

    @property
    def page_is_local(self) -> bool:
        """Whether only people of this machine can ask on the page."""
        return is_loopback(self.web_host) and not self.page_origins

    @property
    def page_is_proxied(self) -> bool:
        """Whether a proxy stands before the page: only that can speak https."""
        return any(origin.startswith("https:") for origin in self.page_origins)

    @property
    def console_is_on(self) -> bool:
        """Whether operators can sign in at all."""
        return self.console == "auto"

    @property
    def exports_dir(self) -> Path:
        """Folder of models in the form that their engine reads; it can be made again at any time."""
        return self.models_dir / ".exports"

    @model_validator(mode="after")
    def _check_tokens(self) -> Settings:
        """Refuse tokens that are swapped, cut, or of which only one half is there."""
        for key in TOKEN_KEYS:
            if (secret := getattr(self, key.lower())) is not None:
                check_token(key, secret.get_secret_value())
        check_slack(self)
        check_sign_in(self)
        if wrong := sorted(name for name in self.named_admins if not _ADMIN.fullmatch(name)):
            raise ConfigError(
                f"SUPPORTBOT_ADMINS contains '{wrong[0]}': name people as slack:T0123:U0456 or discord:8001:1001, "
                "which is the platform, the workspace or server, and the person."
            )
        if self.engine == "remote" and not self.remote_servers:
            raise ConfigError(
                "SUPPORTBOT_ENGINE=remote needs SUPPORTBOT_REMOTE_URLS, e.g. http://127.0.0.1:8000/v1."
            )
        if bad := next((url for url in self.remote_servers if not url.startswith(("http://", "https://"))), None):
            raise ConfigError(
                f"SUPPORTBOT_REMOTE_URLS contains '{without_user(bad)}', which does not begin with http:// or https://."
            )
        if (url := self.database_url) and not url.startswith(("sqlite+aiosqlite://", "postgresql+psycopg://")):
            raise ConfigError(
                "SUPPORTBOT_DATABASE_URL must begin with 'postgresql+psycopg://' or 'sqlite+aiosqlite://'."
            )
        if url and (keys := secret_keys(url)):
            raise ConfigError(
                f"SUPPORTBOT_DATABASE_URL contains a secret after its '?' ({keys[0]}): put a "
                "password before the host, as in postgresql+psycopg://user:password@host/name, "
                "or in a file that ?passfile= names."
            )
        check_store(self)
        check_exposure(self.web_host, self.page_origins)
        if self.console_port and self.console_port == self.web_port:
            raise ConfigError(
                "SUPPORTBOT_CONSOLE_PORT is the page's port as well: leave it empty, or choose another one."
            )
        return self

    @property
    def slack_is_on(self) -> bool:
        """Whether the daemon serves Slack at all."""
        return self.slack_bot_token is not None or self.slack_client_id is not None

    @property
    def slack_is_shared(self) -> bool:
        """Whether the app of Slack is one that many workspaces install, so that there is no one token."""
        return self.slack_client_id is not None and self.slack_bot_token is None

    @property
    def allowed_workspaces(self) -> frozenset[str]:
        """The workspaces in which the app may be installed; none for any."""
        return frozenset(name for part in self.slack_workspaces.split(",") if (name := part.strip()))

    @property
    def install_origin(self) -> str:
        """The https origin of the page at which the app is installed; empty if there is none."""
        return next((origin for origin in self.page_origins if origin.startswith("https:")), "")

    @property
    def sqlalchemy_url(self) -> str:
        """The database that is used: the one that is set, else SQLite in the home folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.home / 'supportbot.db'}"

    @property
    def backups_folder(self) -> Path:
        """Folder of the backups that the daemon makes."""
        return self.backup_dir or self.home / "backups"

    @property
    def models_dir(self) -> Path:
        """Folder of the model registry."""
        return self.home / "models"

    def secrets(self) -> list[str]:
        """Every secret value that is set, for the log filter."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        for address in (self.database_url, self.slack_api_url, self.discord_api_url, *self.remote_servers):
            secrets += secrets_of(address or "")
        return secrets
