"""The modal in which whoever manages a server decides what the bot answers: built, read, and kept.

It carries what it is about in its custom id, so any process can take it: a channel, all of them, or the weekly
digest, which has a modal of its own, since Discord allows five fields. It shows no error inside a modal: what is
wrong is told with a button that opens it once more. Whether somebody may is asked at the command, at each click on
that button, and when the modal is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import discord
import structlog
from discord import app_commands

from bot.discord._interactions import SORRY_TEXT, keep_or_defer, show, tell, whisper, words_for
from bot.discord._serving import ServingClient
from bot.discord.explanation import read_fields
from bot.discord.questions import PLATFORM
from bot.policies import ADMINS_TEXT, HINTS, build_confirmation, choices
from supportbot.policies.errors import PolicyError
from supportbot.policies.form import DIGEST_FIELDS, FIELDS, submit
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.store import Place
from supportbot.policies.wording import (
    HOURS_EXAMPLE,
    LABELS,
    NONE,
    typed_settings,
)
from supportbot.words import ENGLISH, N_, Words

log = structlog.get_logger(__name__)

_MODAL_PREFIX = "supportbot:policy:"
_ALL = "all"
_DIGEST = "digest"
_CUSTOM_ID = re.compile(rf"{_MODAL_PREFIX}(all|digest|[0-9]{{1,20}})")
_LONGEST = 200
_CHOICES = choices(N_("Same as the server"))
_TITLE = N_("How I answer here")
_TITLES: Mapping[str, str] = {_ALL: N_("How I answer in all channels"), _DIGEST: N_("The weekly digest")}
_NO_SERVER_TEXT = N_("There are no settings here, because this channel isn't on a server.")
_INTENT_TEXT = N_(
    "I can only see messages that mention me. To change that, my operator has to turn on the Message Content "
    "intent in the developer portal and set SUPPORTBOT_DISCORD_MESSAGE_CONTENT=true."
)


@app_commands.command(name="config", description=N_("Choose how the support bot answers here."))
@app_commands.describe(
    where=N_("This channel, all channels of the server without their own settings, or the weekly digest.")
)
@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
@app_commands.allowed_installs(guilds=True, users=False)
async def config(
    interaction: discord.Interaction[ServingClient], where: Literal["channel", "server", "digest"] = "channel"
) -> None:
    """Show whoever manages the server the modal with what holds now."""
    match where:
        case "server":
            about = _ALL
        case "digest":
            about = _DIGEST
        case _:
            about = _channel_of(interaction)
    await _open(interaction, about)


class PolicyButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"supportbot:policy-again:(?P<about>all|digest|[0-9]{1,20})",
):
    """Opens the modal once more, after something was wrong with it.

    Args:
        about: a channel, ``all`` of them, or the ``digest``.
        words: the bot's own.
    """

    def __init__(self, about: str, words: Words = ENGLISH) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=words.say("Try again"),
                custom_id=f"supportbot:policy-again:{about}",
            )
        )
        self._about = about

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was clicked from its id."""
        return cls(match["about"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the modal with what holds now."""
        try:
            await _open(interaction, self._about)
        except Exception:  # the library would swallow it, and the person would hear nothing
            log.exception("discord.form_not_opened")
            await whisper(interaction, SORRY_TEXT)


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody decides: about which channel, ``all`` or the ``digest``, and the texts of the fields."""

    about: str
    typed: Mapping[str, str]

    @property
    def channel(self) -> str:
        """The channel that is decided about; nothing for the whole server."""
        return _channel_named(self.about)


def build_policy(about: str, policy: Policy, words: Words = ENGLISH) -> discord.ui.Modal:
    """Return the modal with what holds now; to be called where an event loop runs.

    Args:
        about: a channel, ``all`` that decide nothing else, or the ``digest``.
        policy: that holds there.
        words: the bot's own.
    """
    title = words.say(_TITLES.get(about, _TITLE))
    modal = discord.ui.Modal(title=title, custom_id=f"{_MODAL_PREFIX}{about}")
    now = typed_settings(policy)
    for name in _fields(about):
        modal.add_item(_field(name, now[name], words))
    modal.stop()  # nobody listens to this object, so the library need not keep it for one that may never be sent
    return modal


def read_submission(data: object) -> Submission | None:
    """Return what the data of a modal says, or None if it isn't one that ``build_policy`` makes."""
    match data:
        case {"custom_id": str(custom_id), "components": [*components]} if found := _CUSTOM_ID.fullmatch(
            custom_id
        ):
            fields = read_fields(components)
            typed = {name: _read(fields.get(name)) for name in _fields(found[1])}
            return Submission(found[1], {name: text for name, text in typed.items() if text is not None})
    return None


def is_policy(data: object) -> bool:
    """Return whether the data of a modal is that of this one."""
    match data:
        case {"custom_id": str(custom_id)}:
            return custom_id.startswith(_MODAL_PREFIX)
    return False


async def on_policy(interaction: discord.Interaction[ServingClient]) -> None:
    """Keep what somebody decided, and say what holds now, or what is wrong; only they see it."""
    submission = read_submission(interaction.data)
    if submission is None or interaction.guild_id is None:
        await whisper(interaction, _NO_SERVER_TEXT)
        return
    if not may_decide(interaction):
        await whisper(interaction, ADMINS_TEXT)
        return
    place, client = _place(interaction, submission.channel), interaction.client
    by = person_of_member(interaction)
    try:
        policy = await keep_or_defer(submit(client.service.policies, place, submission.typed, by), interaction)
    except PolicyError as error:
        words = await words_for(interaction)
        view = discord.ui.View(timeout=None)
        view.add_item(PolicyButton(submission.about, words))
        await tell(interaction, _build_errors(error.errors, words), view)
        return
    except Exception:  # the library would only log it, and the person would hear nothing
        log.exception("discord.policy_not_kept")
        await whisper(interaction, SORRY_TEXT)
        return
    log.info("policy.changed", platform=PLATFORM, workspace=place.workspace, channel=place.channel)
    words = await words_for(interaction)
    text = build_confirmation(submission.channel, policy, words)
    is_deaf = policy.answer_on is AnswerOn.QUESTIONS and not client.intents.message_content
    await tell(interaction, f"{text}\n\n{words.say(_INTENT_TEXT)}" if is_deaf else text)


def may_decide(interaction: discord.Interaction[ServingClient]) -> bool:
    """Return whether somebody manages the server, or is named by the operator."""
    may = interaction.permissions
    return (
        may.administrator or may.manage_guild or person_of_member(interaction) in interaction.client.named_admins
    )


def person_of_member(interaction: discord.Interaction[Any]) -> str:
    """Return who interacts, as a member of the server, in the form of ``SUPPORTBOT_ADMINS``."""
    return f"{PLATFORM}:{interaction.guild_id}:{interaction.user.id}"


async def _open(interaction: discord.Interaction[ServingClient], about: str) -> None:
    if interaction.guild_id is None:
        await whisper(interaction, _NO_SERVER_TEXT)
        return
    if not may_decide(interaction):
        await whisper(interaction, ADMINS_TEXT)
        return
    shown = interaction.client.service.policies.shown(_place(interaction, _channel_named(about)))
    policy = await keep_or_defer(shown, interaction)
    words = await words_for(interaction)
    if interaction.response.is_done() or not await show(interaction, build_policy(about, policy, words)):
        await whisper(interaction, SORRY_TEXT)


def _place(interaction: discord.Interaction[Any], channel: str) -> Place:
    return Place(platform=PLATFORM, workspace=str(interaction.guild_id), channel=channel)


def _channel_of(interaction: discord.Interaction[Any]) -> str:
    """Return the channel that is decided about: of a thread, the one that it belongs to."""
    channel = interaction.channel
    return str(channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id)


def _field(name: str, now: str, words: Words) -> discord.ui.Label[Any]:
    if name not in _CHOICES:
        written: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=name, required=False, max_length=_LONGEST, default=now or None
        )
        hint = words.say(HINTS[name], example=HOURS_EXAMPLE)
        return discord.ui.Label(text=words.say(LABELS[name]), description=hint, component=written)
    chosen: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=name,
        options=[
            discord.SelectOption(label=words.say(choice), value=value, default=value == (now or NONE))
            for value, choice in _CHOICES[name].items()
        ],
    )
    return discord.ui.Label(text=words.say(LABELS[name]), component=chosen)


def _read(field: object) -> str | None:
    match field:
        case {"values": [str(value)]} | {"value": str(value)}:
            return "" if value == NONE else value
        case {"value": None}:
            return ""
    return None


def _channel_named(about: str) -> str:
    return "" if about in (_ALL, _DIGEST) else about


def _fields(about: str) -> tuple[str, ...]:
    return DIGEST_FIELDS if about == _DIGEST else FIELDS


def _build_errors(errors: Mapping[str, str], words: Words) -> str:
    wrong = (f"• {words.say(LABELS.get(name, name))}: {words.say(sentence)}" for name, sentence in errors.items())
    return "\n".join([words.say("Nothing was saved:"), *wrong])
