"""The handlers' view of the client that calls them: a Discord client that has the support bot."""

from __future__ import annotations

from collections.abc import Collection

import discord

from supportbot.service import Service


class ServingClient(discord.AutoShardedClient):
    """A Discord client with the support bot, which handlers reach as ``interaction.client.service``.

    ``named_admins`` may decide about channels by the operator's word.
    """

    service: Service
    named_admins: Collection[str]
