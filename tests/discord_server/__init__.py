"""A small Discord on this machine, for the real client and the real daemon: see ``server``."""

from tests.discord_server.server import DiscordServer
from tests.discord_server.state import Fault, Interaction

__all__ = ["DiscordServer", "Fault", "Interaction"]
