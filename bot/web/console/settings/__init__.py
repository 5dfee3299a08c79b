"""Settings of the team: who may do what; workspaces, channels, people's data and the process."""

from __future__ import annotations

from bot.web.console.pages import ROOT
from bot.web.console.parts.elements import parts
from bot.web.console.settings.audit import build_audit
from bot.web.console.settings.backups import BackupPanel
from bot.web.console.settings.channels import build_channels
from bot.web.console.settings.people import People
from bot.web.console.settings.privacy import PersonRequests
from bot.web.console.settings.sessions import OwnSessions
from bot.web.console.settings.values import build_values
from bot.web.console.settings.workspaces import WorkspaceList
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.words import N_

PATH = f"{ROOT}/settings"

PARTS = {
    "": N_("People"),
    "sessions": N_("Your sessions"),
    "workspaces": N_("Workspaces"),
    "channels": N_("Channels"),
    "privacy": N_("Personal data"),
    "backups": N_("Backups"),
    "values": N_("Limits and settings"),
    "audit": N_("Audit log"),
}
"""By the last part of their address."""


async def build(visit: Visit) -> None:
    """Build the part that the address names; people for none and for any other."""
    say = visit.words.say
    part = visit.argument if visit.argument in PARTS else ""
    path = f"{PATH}/{part}" if part else PATH
    node("h1", say("Settings"))
    ways = [(f"{PATH}/{name}" if name else PATH, say(title)) for name, title in PARTS.items()]
    parts(say("Settings sections"), ways, path)
    match part:
        case "sessions":
            await OwnSessions(visit).build()
        case "workspaces":
            await WorkspaceList(visit, path, f"{PATH}/channels").build()
        case "channels":
            await build_channels(visit, path)
        case "privacy":
            PersonRequests(visit).build()
        case "backups":
            await BackupPanel(visit).build()
        case "values":
            build_values(visit)
        case "audit":
            await build_audit(visit, path)
        case _:
            await People(visit).build()
