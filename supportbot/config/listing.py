"""Settings as they may be shown: each with its name, its value and its meaning, and never a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import SecretStr

from supportbot.config.loading import env_name
from supportbot.config.settings import Settings

_SECRET_PARTS = re.compile(r"(?<=//)[^/@\s]*@|\?[^,\s]*")
"""In an address: who asks, with what password, and a query, in which a key may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A setting.

    Attributes:
        field: its name in ``Settings``.
        name: of the variable.
        meaning: in English, as in the documentation.
        value: what holds; empty for none, and for a secret.
        is_set: whether somebody has set it.
        is_secret: whether its value is shown to nobody.
    """

    field: str
    name: str
    meaning: str
    value: str
    is_set: bool
    is_secret: bool


def shown_settings(settings: Settings) -> list[Shown]:
    """Return all settings in their order, with what holds now."""
    return [
        Shown(
            field=name,
            name=env_name(name),
            meaning=field.description or "",
            value=without_secrets(value),
            is_set=name in settings.model_fields_set and value is not None,
            is_secret="SecretStr" in str(field.annotation),
        )
        for name, field in Settings.model_fields.items()
        for value in [getattr(settings, name)]
    ]


def without_secrets(value: object) -> str:
    """Return a value without what nobody may see: of a secret nothing, of an address neither user nor query."""
    return "" if value is None or isinstance(value, SecretStr) else _SECRET_PARTS.sub("", str(value))
