"""Where settings are read from: the environment and a ``.env`` file, once, at the start.

A key that nobody reads is refused: a misspelt setting that is silently ignored costs an afternoon. What is wrong
is told in one sentence that names the key and the remedy, and never shows a value that may be a secret.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dotenv import dotenv_values
from dotenv.main import DotEnv
from pydantic import AliasChoices, ValidationError

from supportbot.config.fields import PREFIX
from supportbot.config.settings import Settings
from supportbot.errors import ConfigError

ENV_FILE = ".env"

STANDARD = "OTEL_"
"""What the settings begin with that a library reads from the environment by itself; see ``telemetry.tracing``."""


def env_name(field: str) -> str:
    """Return the environment variable of a field of ``Settings``."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{PREFIX}{field.upper()}"


def load_settings(env_file: Path | None = None) -> Settings:
    """Read the environment and ``.env`` of the current folder.

    Raises:
        ConfigError: a key is unknown or given twice, or a value is wrong.
    """
    settings, problems = look_at_settings(env_file)
    if settings is None or problems:
        raise ConfigError(problems[0])
    return settings


def look_at_settings(env_file: Path | None = None) -> tuple[Settings | None, Sequence[str]]:
    """Return the settings, or None where they cannot be used, and all that is wrong with them, a sentence each."""
    path = env_file or Path(ENV_FILE)
    problems = list(_unknown(os.environ, where="the environment"))
    if path.is_file():
        problems += _unknown(dotenv_values(path, interpolate=False), where=str(path))
        problems += _duplicates(path)
    try:
        return Settings(_env_file=path), problems
    except ConfigError as error:
        return None, [*problems, str(error)]
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        return None, problems + [f"{_key_of(one['loc'])} is wrong: {one['msg']}." for one in found]


def adopt_standard(env_file: Path | None = None) -> None:
    """Put the standard keys of ``.env`` into the environment; values that are there already win."""
    path = env_file or Path(ENV_FILE)
    for key, value in dotenv_values(path).items() if path.is_file() else ():
        if key.startswith(STANDARD) and value is not None:
            os.environ.setdefault(key, value)


def _key_of(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "A setting"
    return env_name(name) if name in Settings.model_fields else name


def _unknown(keys: Iterable[str], where: str) -> Iterator[str]:
    known = {env_name(field) for field in Settings.model_fields}
    for key in keys:
        if key.upper().startswith(PREFIX) and key.upper() not in known:
            close = difflib.get_close_matches(key.upper(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else "see .env.example for all of them."
            yield f"{key} in {where} is not a setting: {hint}"


def _duplicates(path: Path) -> Iterator[str]:
    bindings = DotEnv(path, verbose=False, encoding="utf-8", interpolate=False).parse()
    for key, count in Counter(key for key, _ in bindings).items():
        if count > 1:
            yield f"{key} is given {count} times in {path}: keep one."
