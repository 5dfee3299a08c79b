"""Where machines that share a database find each other's models: what the setting may say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supportbot.errors import ConfigError

if TYPE_CHECKING:
    from supportbot.config.settings import Settings

_STORE = re.compile(r"/.+|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./=+-]*)?", re.ASCII)


def check_store(settings: Settings) -> None:
    """Refuse a place that is none, or that nobody would look at.

    Raises:
        ConfigError: it is one.
    """
    if settings.model_store is None:
        return
    if not _STORE.fullmatch(settings.model_store):
        raise ConfigError(
            "SUPPORTBOT_MODEL_STORE must be the full path of a folder that all machines have, such as "
            "/mnt/models, or s3://bucket/prefix; its credentials are those of the AWS tools, and stand elsewhere."
        )
    if not settings.sqlalchemy_url.startswith("postgresql"):
        raise ConfigError(
            "SUPPORTBOT_MODEL_STORE is for machines that share a PostgreSQL database (SUPPORTBOT_DATABASE_URL): "
            "with SQLite one home has all versions, so take that setting away."
        )
