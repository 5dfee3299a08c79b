"""What Discord sends, as a question or a remark: the pure translation in, and the note of where the answer goes.

The note (``reply_to``) is stored with the question, so an answer finds its way after a restart as well. Ids are
text throughout, because they exceed what JSON numbers hold safely.

A conversation is a channel. The root of a chain of replies would be finer, but an event carries one level of the
chain only, and to learn the others would cost a request each before the question is safe. So a person answers
instead of the bot by a reply to the very message in which it was not sure. Discord shows us the text, because a
reply mentions whom it goes to unless its author has switched that off. A thread is a channel of its own; with the
Message Content intent, what is said there without naming the bot is heard as in Slack (``remark_in_thread``).

A webhook is no person, whoever made it speak: nobody could vote, be answered or be forgotten under its name.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord

from bot.discord._serving import ServingClient
from bot.discord.reading import mentions_of_bot, readable, text_of, without_mention
from supportbot.intake.handoff import Remark
from supportbot.intake.people import direct_messages_of
from supportbot.intake.question_form import is_question
from supportbot.intake.questions import IncomingQuestion, is_reaction
from supportbot.intake.reception import Manner

PLATFORM = "discord"

EDIT_TIME = timedelta(minutes=5)
"""How soon after a message an edit of it may ask something; later nobody waits for an answer there any more."""

_BY_PEOPLE = (discord.MessageType.default, discord.MessageType.reply)


def is_addressed(message: discord.Message, me: discord.ClientUser) -> bool:
    """Return whether a person asks the bot: in a direct message, or by mentioning it or its role."""
    if not is_by_person(message):
        return False
    if _guild_id(message) is None or any(user.id == me.id for user in message.mentions):
        return True
    return any(role.tags is not None and role.tags.bot_id == me.id for role in message.role_mentions)


def is_by_person(message: discord.Message) -> bool:
    """Return whether a person wrote a message."""
    author = message.author
    return not (author.bot or author.system) and message.webhook_id is None and message.type in _BY_PEOPLE


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


def remark_in_thread(message: discord.Message, me: discord.ClientUser) -> Remark | None:
    """Translate what a person says in a thread, or in a post of a forum, without naming the bot; None elsewhere.

    Without the Message Content intent, Discord hides what would be read here.
    """
    if not isinstance(message.channel, discord.Thread) or not is_by_person(message):
        return None
    place = str(message.channel.id)
    reference = message.reference
    to = reference.resolved.author.id if reference and isinstance(reference.resolved, discord.Message) else me.id
    named = {user.id for user in message.mentions} | {to}
    return Remark(
        platform=PLATFORM,
        workspace=_workspace(_guild_id(message), message.author.id),
        channel=place,
        thread=place,
        replied_to=str(reference.message_id) if reference and reference.message_id else None,
        identity=str(message.id),
        author=str(message.author.id),
        text=text_of(message, me),
        names_others=bool(named - {me.id, message.author.id} or message.raw_role_mentions),
        said_at=message.created_at,
        signed=message.author.display_name,
    )


def question_from_message(
    message: discord.Message, me: discord.ClientUser, manner: Manner = Manner.NAMED
) -> IncomingQuestion:
    """Translate a message that mentions the bot, or a direct one, or one that asks in another manner."""
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
        manner=Manner.DIRECT if _guild_id(message) is None else manner,
        in_thread=isinstance(message.channel, discord.Thread),
        parent=parent_of(message.channel),
        locale=_locale(message.guild),
    )


def unasked_from_message(message: discord.Message, me: discord.ClientUser) -> IncomingQuestion | None:
    """Translate what a person asks nobody in particular in a guild; None for anything else.

    A reply is for whom it replies to. Without the Message Content intent, Discord hides what would be read here.
    """
    # Just after a start the library knows no roles yet, and the text names them anyway.
    names_somebody = message.mentions or message.role_mentions or message.raw_role_mentions
    if message.type is not discord.MessageType.default or names_somebody:
        return None
    if not is_by_person(message) or _guild_id(message) is None:
        return None
    if not is_question(f"{_title(message)}{message.content}"):
        return None
    return question_from_message(message, me, Manner.UNASKED)


def was_edited_soon(message: discord.Message) -> bool:
    """Return whether a message reads as its author has changed it just after it was written."""
    return message.edited_at is not None and message.edited_at - message.created_at <= EDIT_TIME


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
    """Return the guild that somebody interacts in; outside any, each person has a workspace of their own.

    A guild that has not installed the bot is outside: whoever installed it for themselves asks there as in direct
    messages. A click on an answer is one in the workspace of its question, whoever clicks.
    """
    owner = _owner(interaction)
    return _workspace(interaction.guild_id, interaction.user.id) if owner is None else _workspace(None, owner)


def parent_of(channel: object) -> str | None:
    """Return the channel that a thread, or a post of a forum, belongs to."""
    return str(channel.parent_id) if isinstance(channel, discord.Thread) else None


def _locale(guild: discord.Guild | None) -> str | None:
    """Return the language of a guild where somebody chose it: only those that are communities may."""
    return guild.preferred_locale.value if guild is not None and "COMMUNITY" in guild.features else None


def _owner(interaction: discord.Interaction[Any]) -> int | None:
    """Return the person by whose installation alone the bot is there; None if it is there by itself."""
    asked = interaction.message.interaction_metadata if interaction.message is not None else None
    by = asked if asked is not None else interaction
    return by.user.id if by.is_user_integration() and not by.is_guild_integration() else None


def _from_interaction(interaction: discord.Interaction[ServingClient], text: str) -> IncomingQuestion:
    channel = str(interaction.channel_id)
    is_guilds = _owner(interaction) is None
    guild = interaction.guild if is_guilds else None
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
        # Never that of somebody else who has installed the bot, as a click on their answer would have it.
        workspace=_workspace(interaction.guild_id if is_guilds else None, interaction.user.id),
        workspace_name=guild.name if guild and guild.name else "",
        channel=channel,
        thread=channel,
        identity=f"interaction:{interaction.id}",
        asker=str(interaction.user.id),
        text=text,
        reply_to=reply_to,
        placeholder=True,
        manner=Manner.DIRECT if interaction.guild_id is None else Manner.COMMAND,
        in_thread=isinstance(interaction.channel, discord.Thread),
        parent=parent_of(interaction.channel),
        locale=interaction.locale.value,
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
