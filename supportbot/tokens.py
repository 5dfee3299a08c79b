"""What the platforms' tokens look like, by their documentation: one that is swapped or cut is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from supportbot.errors import ConfigError

# The middle of a sentence such as "KEY must …".
_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "SLACK_BOT_TOKEN": (re.compile(r"xoxb-[\w-]+"), "is the bot token that begins with 'xoxb-'"),
    "SLACK_APP_TOKEN": (re.compile(r"xapp-[\w-]+"), "is the app-level token that begins with 'xapp-'"),
    "SLACK_SIGNING_SECRET": (re.compile(r"[0-9a-f]{32}"), "is 32 hexadecimal digits"),
    "SLACK_CLIENT_ID": (re.compile(r"\d+\.\d+"), "is two numbers joined by a dot"),
    "SLACK_CLIENT_SECRET": (re.compile(r"[0-9a-f]{32}"), "is 32 hexadecimal digits"),
    "DISCORD_TOKEN": (
        re.compile(r"[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}"),
        "has three parts joined by dots and comes from the Bot page of the developer portal",
    ),
}

TOKEN_KEYS = tuple(_SHAPES)
"""The settings that are tokens of a platform, or of an app on it."""


def check_token(key: str, token: str) -> None:
    """Refuse a token that can't be one; the sentence does not show it.

    Args:
        key: one of ``TOKEN_KEYS``.
        token: its value.

    Raises:
        ConfigError: it is swapped, cut, or has white space in it.
    """
    shape, meaning = _SHAPES[key]
    if not shape.fullmatch(token):
        raise ConfigError(f"{key} is malformed: it {meaning}. {_hint(key, token)}".rstrip())


def _hint(key: str, token: str) -> str:
    if token != token.strip() or len(token.split()) > 1:
        return "There is white space or a line break in it."
    for other, (shape, _) in _SHAPES.items():
        if other != key and shape.fullmatch(token):
            return f"It looks like a {other}: were the two swapped?"
    return ""
