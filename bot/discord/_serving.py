"""What the handlers know of the client that calls them: it is a Discord client, and it has the support bot."""

from __future__ import annotations

import discord

from supportbot.service import Service


class ServingClient(discord.AutoShardedClient):
    """A Discord client with the support bot, which handlers reach as ``interaction.client.service``."""

    service: Service
