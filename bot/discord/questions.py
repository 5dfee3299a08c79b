"""What Discord sends, as a question or a remark: the pure translation in, and the note of where the answer goes.

The note (``reply_to``) is stored with the question, so an answer finds its way after a restart as well. Ids are
text throughout, because they exceed what JSON numbers hold safely.

A conversation is a channel. The root of a chain of replies would be finer, but an event carries one level of the
chain only, and to learn the others would cost a request each before the question is safe. So a person answers
instead of the bot by a reply to the very message in which it was not sure. Discord shows us the text, because a
reply mentions whom it goes to unless its author has switched that off.

A webhook is no person, whoever made it speak: nobody could vote, be answered or be forgotten under its name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from bot.discord._serving import ServingClient
from bot.discord.reading import mentions_of_bot, readable, text_of, without_mention
from supportbot.intake.handoff import Remark
from supportbot.intake.people import direct_messages_of
from supportbot.intake.questions import IncomingQuestion, is_reaction

PLATFORM = "discord"
_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


def is_addressed(message: discord.Message, me: discord.ClientUser) -> bool:
    """Return whether a person asks the bot: in a direct message, or by mentioning it or its role."""
    author = message.author
    if author.bot or author.system or message.webhook_id is not None or message.type not in _BY_PEOPLE:
        return False
    if _guild_id(message) is None or any(user.id == me.id for user in message.mentions):
        return True
    return any(role.tags is not None and role.tags.bot_id == me.id for role in message.role_mentions)


def is_only_emoji(message: discord.Message, me: discord.ClientUser) -> bool:
    """Return whether somebody says nothing but an emoji to the bot; asked of what was typed, emoji have names."""
    typed = without_mention(message.content, mentions_of_bot(message.guild, me))
    return not message.message_snapshots and not _title(message) and is_reaction(typed)


def remark_from_message(message: discord.Message, me: discord.ClientUser) -> Remark | None:
    """Translate a reply, unless its text itself mentions the bot, which always asks.

    In direct messages people are asked as well, so what is replied there may be an answer.
    """
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None:
        return None
    if reference.message_id is None or any(each in message.content for each in mentions_of_bot(message.guild, me)):
        return None
    return Remark(
        platform=PLATFORM,
        workspace=_workspace(_guild_id(message), message.author.id),
        channel=str(message.channel.id),
        thread=None,
        replied_to=str(reference.message_id),
        identity=str(message.id),
        author=str(message.author.id),
        text=text_of(message, me),
        signed=message.author.display_name,
    )


def question_from_message(message: discord.Message, me: discord.ClientUser) -> IncomingQuestion:
    """Translate a message that mentions the bot, or a direct one."""
    channel = str(message.channel.id)
    return IncomingQuestion(
        platform=PLATFORM,
        workspace=_workspace(_guild_id(message), message.author.id),
        workspace_name=message.guild.name if message.guild else "",
        channel=channel,
        thread=channel,
        identity=str(message.id),
        asker=str(message.author.id),
        text=f"{_title(message)}{text_of(message, me)}".strip(),
        reply_to={
            "kind": "message",
            "channel_id": channel,
            "message_id": str(message.id),
            **_place(message.channel),
        },
        said_at=message.created_at,
    )


def question_from_edit(message: discord.Message, me: discord.ClientUser) -> IncomingQuestion | None:
    """Translate an edited message as it reads now; None if it is no question, or nobody has edited it.

    Discord tells of an edit also when it adds the preview of a link; then it leaves the time of the edit empty.
    """
    if message.edited_at is None or not is_addressed(message, me) or is_only_emoji(message, me):
        return None
    return question_from_message(message, me)


def question_from_interaction(interaction: discord.Interaction[ServingClient], text: str) -> IncomingQuestion:
    """Translate a command; the interaction's token lets any process answer it for 15 minutes."""
    typed = without_mention(text, mentions_of_bot(interaction.guild, interaction.application_id))
    return _from_interaction(interaction, readable(typed, interaction.guild))


def question_about_message(
    interaction: discord.Interaction[ServingClient], message: discord.Message
) -> IncomingQuestion:
    """Translate "Answer this": what a message says that somebody chose, whoever or whatever wrote it."""
    text = f"{_title(message)}{text_of(message, interaction.application_id)}"
    return _from_interaction(interaction, text.strip())


def question_from_choice(
    interaction: discord.Interaction[ServingClient], answer_id: int, number: int, text: str
) -> IncomingQuestion:
    """Translate a click on a suggestion: a command in all but its identity.

    That is the same at every click of a person on a suggestion, so a click that comes twice asks once.
    """
    incoming = question_from_interaction(interaction, text)
    return replace(incoming, identity=f"suggestion:{answer_id}:{number}:{interaction.user.id}")


def workspace_of(interaction: discord.Interaction[Any]) -> str:
    """Return the guild that somebody interacts in; outside any, each person has a workspace of their own."""
    return _workspace(interaction.guild_id, interaction.user.id)


def _from_interaction(interaction: discord.Interaction[ServingClient], text: str) -> IncomingQuestion:
    channel = str(interaction.channel_id)
    reply_to: dict[str, Any] = {
        "kind": "interaction",
        "application_id": str(interaction.application_id),
        "interaction_id": str(interaction.id),
        "token": interaction.token,
        "channel_id": channel,
        **_place(interaction.channel),
    }
    return IncomingQuestion(
        platform=PLATFORM,
        workspace=workspace_of(interaction),
        workspace_name=interaction.guild.name if interaction.guild and interaction.guild.name else "",
        channel=channel,
        thread=channel,
        identity=f"interaction:{interaction.id}",
        asker=str(interaction.user.id),
        text=text,
        reply_to=reply_to,
        placeholder=True,
    )


def _guild_id(message: discord.Message) -> int | None:
    """Return the guild of a message, which the library may not know (yet); None for a direct message."""
    if message.guild is not None:
        return message.guild.id
    return getattr(message.channel, "guild_id", None)


def _workspace(guild_id: int | None, user_id: int) -> str:
    return str(guild_id) if guild_id else direct_messages_of(PLATFORM, str(user_id))


def _place(channel: object) -> dict[str, bool]:
    """Return whether a place is a thread, or a post of a forum, where it is known: a permission depends on it."""
    return (
        {}
        if isinstance(channel, discord.PartialMessageable | None)
        else {"thread": isinstance(channel, discord.Thread)}
    )


def _title(message: discord.Message) -> str:
    """Return the title of the post that a message begins, since people write it as the first half of the text."""
    channel = message.channel
    return f"{channel.name}\n\n" if isinstance(channel, discord.Thread) and channel.id == message.id else ""
