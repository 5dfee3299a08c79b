"""The people of the local Discord: what they write, type, choose and click, as the bot hears of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import discord

from tests.discord_server.gateway import Gateway
from tests.discord_server.state import (
    ALICE,
    BOT,
    BOT_ID,
    CHANNEL_ID,
    GUILD_ID,
    HOME,
    THUMB_DOWN,
    THUMB_UP,
    Interaction,
    Json,
    Place,
    State,
    member,
    new_id,
    role,
)


class People:
    """What people do.

    Args:
        state: what this Discord remembers.
        gateway: over which the bot hears; to break it.
    """

    def __init__(self, state: State, gateway: Gateway) -> None:
        self.state = state
        self.gateway = gateway

    async def mention(self, text: str) -> Json:
        """Mention the bot in the channel; returns the message."""
        return await self.say(f"<@{BOT_ID}> {text}")

    async def say(
        self, text: str, *, channel: str = CHANNEL_ID, author: Json = ALICE, reply_to: Json | None = None
    ) -> Json:
        """Write a message as it is; in ``DM_CHANNEL_ID`` it is a direct one.

        Args:
            text: as typed.
            channel: where.
            author: who.
            reply_to: the message of the bot that this is a reply to, which pings it.
        """
        body = {"content": text} | ({"message_reference": {"message_id": reply_to["id"]}} if reply_to else {})
        message = self.state.add_message(channel, author, body)
        if reply_to:
            message["mentions"] = [BOT]
        await self.redeliver(message)
        return message

    async def edit(self, message: Json, text: str) -> None:
        """Change what a message says."""
        message |= {"content": text, "edited_timestamp": datetime.now(UTC).isoformat()}
        await self.gateway.dispatch("MESSAGE_UPDATE", message)

    async def delete(self, message: Json) -> None:
        """Delete a message."""
        self.state.messages.remove(message)
        self.state.deleted.add(message["id"])
        about: Json = {key: message[key] for key in ("id", "channel_id", "guild_id") if key in message}
        await self.gateway.dispatch("MESSAGE_DELETE", about)

    async def redeliver(self, message: Json) -> None:
        """Send the event of a message, for the first time or again."""
        await self.gateway.dispatch("MESSAGE_CREATE", message)
        await self.state.ring()

    async def slash(self, question: str, *, place: Place = HOME) -> Interaction:
        """Invoke ``/ask``."""
        return await self.command("ask", place=place, question=question)

    async def command(self, name: str, *, place: Place = HOME, **options: str) -> Interaction:
        """Invoke a slash command; Alice may do everything in this server."""
        given = [{"name": option, "type": 3, "value": value} for option, value in options.items()]
        data = {"id": self._command_id(name), "name": name, "type": 1, "options": given}
        return await self._interact(2, data, place=place)

    async def begin(self, typed: str, *, place: Place = HOME) -> Interaction:
        """Type a part of ``/ask question:``; what the bot offers are the ``choices`` of what is returned."""
        option = {"name": "question", "type": 3, "value": typed, "focused": True}
        data = {"id": self._command_id("ask"), "name": "ask", "type": 1, "options": [option]}
        return await self._interact(4, data, place=place)

    async def stats(self, *, permissions: discord.Permissions) -> Interaction:
        """Invoke ``/stats`` with these permissions in the channel."""
        data = {"id": self._command_id("stats"), "name": "stats", "type": 1, "options": []}
        return await self._interact(2, data, permissions=str(permissions.value))

    async def allow(self, permissions: discord.Permissions) -> None:
        """Let everybody in the server, the bot included, do just this."""
        self.state.bot_permissions = str(permissions.value)
        changed = {"guild_id": GUILD_ID, "role": role(GUILD_ID, "@everyone", self.state.bot_permissions)}
        await self.gateway.dispatch("GUILD_ROLE_UPDATE", changed)

    async def answer_this(self, message: Json, *, place: Place = HOME) -> Interaction:
        """Choose "Answer this" in the menu of a message."""
        resolved = {"messages": {message["id"]: message}}
        data = {
            "id": self._command_id("Answer this"),
            "name": "Answer this",
            "type": 3,
            "target_id": message["id"],
        }
        return await self._interact(2, data | {"resolved": resolved}, place=place)

    async def click(self, message: Json, up: bool, *, by: Json = ALICE) -> Interaction:
        """Click a thumb under a message of the bot."""
        buttons = message["components"][-1]["components"]
        data = {"custom_id": buttons[THUMB_UP if up else THUMB_DOWN]["custom_id"], "component_type": 2}
        return await self._interact(3, data, message=message, by=by)

    async def choose(self, message: Json, number: int, *, by: Json = ALICE) -> Interaction:
        """Click a suggestion under a message of the bot, counted from 0."""
        (button,) = message["components"][number]["components"]
        data = {"custom_id": button["custom_id"], "component_type": 2}
        return await self._interact(3, data, message=message, by=by)

    async def press(self, message: Json, label: str, *, by: Json = ALICE, permissions: str = "8") -> Interaction:
        """Click the button with a label under a message of the bot; whoever clicks may do everything, or that."""
        buttons = [button for row in message["components"] for button in row["components"]]
        (button,) = [one for one in buttons if one.get("label") == label]
        data = {"custom_id": button["custom_id"], "component_type": 2}
        return await self._interact(3, data, message=message, by=by, permissions=permissions)

    async def redeliver_interaction(self, interaction: Interaction) -> None:
        """Send the event of an interaction again."""
        await self.gateway.dispatch("INTERACTION_CREATE", interaction.event)
        await self.state.ring()

    async def submit(self, opened: Interaction, **values: str) -> Interaction:
        """Fill in the modal that a click opened, by the custom ids of its fields, and send it."""
        assert opened.modal is not None
        components = [_submitted(component, values) for component in opened.modal["components"]]
        data = {"custom_id": opened.modal["custom_id"], "components": components}
        return await self._interact(5, data, message=opened.source)

    async def submit_raw(self, data: Json) -> Interaction:
        """Send a modal of any shape."""
        return await self._interact(5, data)

    def _place_of(self, message: Json | None) -> Place:
        """Return where a message of the bot is: where somebody made it answer, or at home."""
        about = (message or {}).get("interaction_metadata", {})
        return next((one.place for one in self.state.interactions.values() if one.id == about.get("id")), HOME)

    def _command_id(self, name: str) -> str:
        return next((str(command["id"]) for command in self.state.commands if command["name"] == name), new_id())

    async def _interact(
        self,
        kind: int,
        data: Json,
        message: Json | None = None,
        *,
        place: Place | None = None,
        by: Json = ALICE,
        permissions: str = "8",
    ) -> Interaction:
        place = place or self._place_of(message)
        interaction = Interaction(
            new_id(), f"token-{new_id()}", time.monotonic(), place=place, by=by, source=message
        )
        self.state.interactions[interaction.token] = interaction
        event = {
            "id": interaction.id,
            "application_id": BOT_ID,
            "type": kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "guild_id": place.guild_id,
            "guild": {"id": place.guild_id, "locale": "en-US", "features": []},
            "channel_id": place.channel_id,
            "channel": {
                "id": place.channel_id,
                "type": 0,
                "name": "help",
                "guild_id": place.guild_id,
                "position": 0,
            },
            "member": member(by) | {"permissions": permissions},
            "app_permissions": self.state.bot_permissions,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": dict(place.owners),
            "context": 0,
            "attachment_size_limit": 1,
        }
        if message is not None:
            event["message"] = message
        interaction.event = event
        await self.redeliver_interaction(interaction)
        return interaction


def _submitted(component: Json, values: dict[str, str]) -> Json:
    """Return a component of a modal as it comes back."""
    if "component" not in component:
        return {"type": component["type"], "id": component["id"]}
    field = component["component"]
    value = values.get(field["custom_id"], "")
    said: Json = {"values": [value]} if "options" in field else {"value": value}
    about = {"type": field["type"], "id": field["id"], "custom_id": field["custom_id"]}
    return {"type": component["type"], "id": component["id"], "component": {**about, **said}}
