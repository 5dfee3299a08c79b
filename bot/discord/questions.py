"""What Discord sends, as a question or a remark: the pure translation in, and the note of where the answer goes.

The note (``reply_to``) is stored with the question, so an answer finds its way after a restart as well. Ids are
text throughout, because they exceed what JSON numbers hold safely.

A conversation is a channel. The root of a chain of replies would be finer, but an event carries one level of the
chain only, and to learn the others would cost a request each before the question is safe. So a person answers
instead of the bot by a reply to the very message in which it was not sure. Discord shows us the text, because a
reply mentions whom it goes to unless its author has switched that off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from bot.discord._serving import ServingClient
from supportbot.intake.handoff import Remark
from supportbot.intake.people import direct_messages_of
from supportbot.intake.questions import IncomingQuestion

PLATFORM = "discord"
_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


def is_addressed(message: discord.Message, me: discord.ClientUser) -> bool:
    """Return whether a person asks the bot: in a direct message, or by mentioning it."""
    if message.author.bot or message.webhook_id is not None or message.type not in _BY_PEOPLE:
        return False
    return message.guild is None or any(user.id == me.id for user in message.mentions)


def without_mention(text: str, user_id: int) -> str:
    """Cut every mention of one user out of a text."""
    for mention in (f"<@{user_id}>", f"<@!{user_id}>"):
        text = text.replace(mention, " ")
    return text.strip()


def remark_from_message(message: discord.Message, me: discord.ClientUser) -> Remark | None:
    """Translate a reply in a guild, unless its text itself mentions the bot, which always asks."""
    if message.guild is None or message.type is not discord.MessageType.reply or message.reference is None:
        return None
    if message.reference.message_id is None or without_mention(message.content, me.id) != message.content.strip():
        return None
    return Remark(
        platform=PLATFORM,
        workspace=str(message.guild.id),
        channel=str(message.channel.id),
        thread=None,
        replied_to=str(message.reference.message_id),
        identity=str(message.id),
        author=str(message.author.id),
        text=message.content,
    )


def question_from_message(message: discord.Message, me: discord.ClientUser) -> IncomingQuestion:
    """Translate a message that mentions the bot, or a direct one."""
    channel = str(message.channel.id)
    return IncomingQuestion(
        platform=PLATFORM,
        workspace=_workspace(message.guild.id if message.guild else None, message.author.id),
        workspace_name=message.guild.name if message.guild else "",
        channel=channel,
        thread=channel,
        identity=str(message.id),
        asker=str(message.author.id),
        text=without_mention(message.content, me.id),
        reply_to={"kind": "message", "channel_id": channel, "message_id": str(message.id)},
        said_at=message.created_at,
    )


def question_from_interaction(interaction: discord.Interaction[ServingClient], text: str) -> IncomingQuestion:
    """Translate a command; the interaction's token lets any process answer it for 15 minutes."""
    channel = str(interaction.channel_id)
    reply_to: dict[str, Any] = {
        "kind": "interaction",
        "application_id": str(interaction.application_id),
        "interaction_id": str(interaction.id),
        "token": interaction.token,
        "channel_id": channel,
    }
    return IncomingQuestion(
        platform=PLATFORM,
        workspace=workspace_of(interaction),
        workspace_name=interaction.guild.name if interaction.guild and interaction.guild.name else "",
        channel=channel,
        thread=channel,
        identity=f"interaction:{interaction.id}",
        asker=str(interaction.user.id),
        text=without_mention(text, interaction.application_id),
        reply_to=reply_to,
        placeholder=True,
    )


def workspace_of(interaction: discord.Interaction[Any]) -> str:
    """Return the guild that somebody interacts in; outside any, each person has a workspace of their own."""
    return _workspace(interaction.guild_id, interaction.user.id)


def _workspace(guild_id: int | None, user_id: int) -> str:
    return str(guild_id) if guild_id else direct_messages_of(PLATFORM, str(user_id))


def question_from_choice(
    interaction: discord.Interaction[ServingClient], answer_id: int, number: int, text: str
) -> IncomingQuestion:
    """Translate a click on a suggestion: a command in all but its identity.

    That is the same at every click of a person on a suggestion, so a click that comes twice asks once.
    """
    incoming = question_from_interaction(interaction, text)
    return replace(incoming, identity=f"suggestion:{answer_id}:{number}:{interaction.user.id}")
