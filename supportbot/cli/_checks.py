"""What is set and what is wrong: each check reports a state and, if it is not good, how to fix it.

The checks look and never change anything, so they may run beside a daemon.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from supportbot.addresses import without_host, without_user
from supportbot.cli._findings import Finding
from supportbot.config import ENV_FILE, Settings, env_name
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.engine.openvino.export import changed_exports
from supportbot.engine.speed import AT_ONCE, measure_speed
from supportbot.errors import DatabaseError, SupportBotError
from supportbot.models.loading import make_engine
from supportbot.models.registry import Registry
from supportbot.models.store import Store
from supportbot.notices import read_notices
from supportbot.private import find_open

MIN_FREE_BYTES = 500 * 2**20
"""With less, the checkpoint of a fine-tuning run does not fit, and soon the log does not either."""


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting with its present value; of secrets, only whether they are set."""

    key: str
    value: str
    is_set: bool
    meaning: str


def describe_settings(settings: Settings) -> list[SettingLine]:
    """Return every setting with its present value and its meaning."""
    return [
        SettingLine(
            key=env_name(name),
            value=_shown(name, getattr(settings, name)),
            is_set=name in settings.model_fields_set,
            meaning=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


async def examine(settings: Settings) -> AsyncGenerator[Finding]:
    """Run all checks, one after the other."""
    yield check_home(settings)
    yield check_env_file(Path(ENV_FILE))
    yield check_disk(settings)
    yield _platforms(settings)
    yield check_permissions(settings)
    async for finding in _sign_in(settings):
        yield finding
    yield await guarded("database", _database, settings)
    yield await asyncio.to_thread(_exports, settings)  # before the model is loaded, which fixes them
    yield await guarded("model", _model, settings)
    if settings.model_store:
        yield await guarded("model store", _store, settings)


async def guarded(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> Finding:
    """Return what a check says, or the error that it raises, as a finding."""
    try:
        return Finding(name, True, await check(settings))
    except SupportBotError as error:
        return Finding(name, False, str(error))


def check_home(settings: Settings) -> Finding:
    """Look at the home folder: there, writable, and private."""
    home = settings.home
    if not home.is_dir():
        return Finding("home", False, f"{home} does not exist yet: run `supportbot init`.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", False, f"{home} is not writable: change its owner, or set SUPPORTBOT_HOME.")
    return _private("home", home)


def check_env_file(path: Path) -> Finding:
    """Look at the file of settings: private, if there is one."""
    if not path.is_file():
        return Finding(".env", True, "none in this folder; settings come from the environment")
    return _private(".env", path)


def _private(check: str, path: Path) -> Finding:
    for _, sentence in find_open(path):
        return Finding(check, False, sentence)
    return Finding(check, True, f"{path} (mode {stat.S_IMODE(path.stat().st_mode):04o})")


def check_disk(settings: Settings) -> Finding:
    """Look at the free space on the disk of the home folder."""
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 2**30:.1f} GiB free at {folder}"
    if free < MIN_FREE_BYTES:
        return Finding("disk", False, f"{detail}: free at least {MIN_FREE_BYTES // 2**20} MiB.")
    return Finding("disk", True, detail)


def _platforms(settings: Settings) -> Finding:
    slack = "HTTP" if settings.slack_http else "Socket Mode"
    if settings.slack_is_shared:
        slack += f", many workspaces, installed at {settings.install_origin}/slack/install"
    opened = f", opened at {' and '.join(settings.page_origins)}" if settings.page_origins else ""
    states = [
        f"web page on {settings.web_host}:{settings.web_port}{opened}",
        f"Slack ({slack})" if settings.slack_is_on else "Slack off (no SLACK_BOT_TOKEN)",
        "Discord" if settings.discord_token else "Discord off (no DISCORD_TOKEN)",
    ]
    return Finding("platforms", True, ", ".join(states))


def check_permissions(settings: Settings) -> Finding:
    """Look at the permissions that platforms reported as missing to a daemon."""
    told = [f"{one.platform}, {one.at:%d %b %Y}: {one.sentence}" for one in read_notices(settings.home)]
    if told:
        return Finding("permissions", False, " ".join(told))
    return Finding("permissions", True, "no platform has reported a missing permission")


async def _sign_in(settings: Settings) -> AsyncGenerator[Finding]:
    """Ask each provider of sign-in. Without one, people sign in with links, which need no check."""
    if not settings.console_is_on or not (settings.oidc_issuer or settings.slack_sign_in):
        return
    from supportbot.access.address import console_origin
    from supportbot.access.errors import ProviderError
    from supportbot.access.oidc.provider import Provider
    from supportbot.access.oidc.registration import SLACK, callback_path, registrations

    for one in registrations(settings):
        name = f"sign-in with {one.name}"
        try:
            keys = await Provider(one).count_keys()
        except ProviderError as error:
            setting = "SLACK_API_URL" if one.key == SLACK else "SUPPORTBOT_OIDC_ISSUER"
            remedy = f"check {setting}, and that this machine can reach it."
            yield Finding(name, False, f"{one.issuer} does not answer like a provider ({error.reason}): {remedy}")
        else:
            back = f"{console_origin(settings) or 'the origin of the console'}{callback_path(one.key)}"
            yield Finding(name, True, f"{one.issuer} answers, with {keys} keys; register {back} there")


async def _database(settings: Settings) -> str:
    database = Database(settings.sqlalchemy_url)
    if database.is_missing:
        raise DatabaseError(f"{database.url.database} does not exist yet: run `supportbot init`.")
    try:
        await check_schema(database)
        await database.check_integrity()
        return f"{database.name} answers, schema is current"
    finally:
        await database.aclose()


async def _model(settings: Settings) -> str:
    registry = Registry(settings.models_dir)
    source = registry.resolve(settings.model)
    engine = await asyncio.to_thread(make_engine, settings, source)
    try:
        speed = await measure_speed(engine)
    finally:
        await engine.aclose()
    floor = "none" if source.confidence_floor is None else f"{source.confidence_floor:.2f}"
    rates = f"{speed.alone:.0f} tokens/s alone, {speed.together:.0f} with {AT_ONCE} at once"
    parts = [
        f"{source.version} answers",
        f"engine {engine.arithmetic}",
        f"{rates}, first token after {speed.first_token * 1000:.0f} ms",
        f"confidence floor {floor}",
        _switching(settings, registry),
    ]
    return "; ".join(parts)


def _exports(settings: Settings) -> Finding:
    changed = changed_exports(settings.exports_dir)
    if changed:
        folder = settings.exports_dir
        return Finding(
            "exports",
            False,
            f"{', '.join(changed)} in {folder} changed since they were made: they will be deleted and made again "
            "when that model is next loaded; find out who else can write there.",
        )
    return Finding("exports", True, "no exported model was changed")


async def _store(settings: Settings) -> str:
    await asyncio.to_thread(Store(settings.model_store or "").check)
    return "it answers; versions of other machines can be fetched"


def _switching(settings: Settings, registry: Registry) -> str:
    if settings.model:
        return "fixed by SUPPORTBOT_MODEL, so promotions don't reach the daemon"
    return f"a rollback returns to {registry.previous() or 'nothing yet'}"


def _shown(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)"
    if name == "database_url" and value:
        return without_host(str(value))
    return "" if value is None else without_user(str(value))
