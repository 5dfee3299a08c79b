"""The page of settings: each key with its default and its meaning."""

from __future__ import annotations

from pathlib import Path

from benchmarks.document.table import build_table
from supportbot.cli._checks import SettingLine, describe_settings
from supportbot.config import Settings

_HEAD = """# Settings

The bot reads its settings from the environment, or from a file `.env` in the current folder.
[`.env.example`](../../.env.example) lists them with comments. An unknown key stops the start, so a typing error is
never silently ignored. `supportbot doctor` shows every setting with the value in force, without secrets.

"""


def build_page() -> str:
    """Return the page in Markdown."""
    return _HEAD + build_table(("key", "default", "meaning"), [_row(line) for line in settings_lines()])


def settings_lines() -> list[SettingLine]:
    """Return every setting with its default, the same on every machine."""
    return describe_settings(Settings.model_construct(home=Path("the user's data folder")))


def _row(line: SettingLine) -> tuple[str, str, str]:
    return f"`{line.key}`", line.value or "–", line.meaning.replace("|", "\\|")
