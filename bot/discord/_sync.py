"""Commands are registered with Discord only when they changed: it allows few registrations a day.

What was registered last is remembered as a digest in a small file, one entry for each application. Deleting the
file registers the commands again at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import discord
import structlog
from discord import app_commands

log = structlog.get_logger(__name__)

FILE_NAME = "discord-commands.json"


async def sync_commands(tree: app_commands.CommandTree[Any], home: Path) -> None:
    """Register the commands of ``tree`` if Discord does not have them as they are.

    A refusal is logged and otherwise ignored: what was registered before still works, as do mentions.
    """
    application_id = str(tree.client.application_id)
    path = home / FILE_NAME
    digests = await asyncio.to_thread(_read, path)
    digest = await commands_digest(tree)
    if digests.get(application_id) == digest:
        log.info("discord.commands_unchanged", application_id=application_id)
        return
    try:
        commands = await tree.sync()
    except (discord.DiscordException, app_commands.AppCommandError) as error:
        log.error("discord.commands_not_synced", application_id=application_id, error=type(error).__name__)
        return
    await asyncio.to_thread(_write, path, {**digests, application_id: digest})
    log.info("discord.commands_synced", application_id=application_id, commands=len(commands))


async def commands_digest(tree: app_commands.CommandTree[Any]) -> str:
    """Return a digest of everything that Discord is told about the commands, translations included."""
    commands, translator = tree.get_commands(), tree.translator
    if translator is None:
        payloads = [command.to_dict(tree) for command in commands]
    else:
        payloads = [await command.get_translated_payload(tree, translator) for command in commands]
    text = json.dumps(sorted(payloads, key=lambda payload: (payload["type"], payload["name"])), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> dict[str, str]:
    try:
        digests = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there yet, or damaged: then the commands are registered again
        return {}
    return digests if isinstance(digests, dict) else {}


def _write(path: Path, digests: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(digests, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
