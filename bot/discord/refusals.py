"""What Discord's refusals mean for a reply: the sentence for the operator, and whether to try again.

The codes are those of https://discord.com/developers/docs/topics/opcodes-and-status-codes#json. Discord's own
words stay out of the record: they may repeat what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Mapping

import discord

from supportbot.delivery.dispatch import RetryLaterError, UndeliverableError

INVALID_WEBHOOK_TOKEN = 50027
CANNOT_REPLY_WITHOUT_HISTORY = 160002
MISSING_ACCESS = 50001
_MISSING_PERMISSIONS = 50013
_INVALID_FORM = 50035
_UNKNOWN_MESSAGE = 10008

_BAN_SECONDS = 60.0  # when a proxy in front of Discord says 429 without saying for how long

_DELETED = "The question was deleted before its answer was ready, so nothing is shown."

_FINAL: Mapping[int, str] = {
    10003: "The channel was deleted.",
    10004: "The server is gone, or the bot was removed from it.",
    10013: "The asker's account is gone.",
    20001: "Discord does not allow bots to write there.",
    30033: "The thread is full: it has as many members as Discord allows.",
    40007: "The asker is banned from the server.",
    40094: "Discord allows no more messages as an answer to that command.",
    50006: "Discord does not accept an empty message.",
    50007: "The asker does not accept direct messages from the bot.",
    50008: "Nothing can be written in a channel of that kind.",
    50009: "The server's verification level keeps the bot out of the channel.",
    50024: "Nothing can be written in a channel of that kind.",
    _INVALID_FORM: "Discord does not accept the form of the answer: please report it.",
    50083: "The thread is archived: if the answer is still needed, open the thread and ask again.",
    50278: "The asker and the bot no longer share a server, so the bot cannot write to them.",
    160005: "The thread is locked: a moderator must unlock it before the bot can answer there.",
    200000: "AutoMod blocked the answer: exempt the bot's role in the server's AutoMod rules.",
    240000: "Discord blocked the answer because of an address in it.",
}

_PASSING: Mapping[int, str] = {
    20016: "slow mode",
    20022: "announcements are limited",
    20028: "too many messages in the channel",
    20029: "too many messages in the server",
    40004: "Discord has switched off sending for a while",
    40062: "rate limit",
    130000: "Discord is overloaded",
}


def verdict(error: discord.HTTPException, place: str) -> RetryLaterError | UndeliverableError:
    """Return what an error of Discord means for a reply.

    Args:
        error: what Discord answered.
        place: the permission that is needed to write where the reply goes, in words.
    """
    if error.status == 429 or error.code in _PASSING:
        return RetryLaterError(_PASSING.get(error.code, "rate limit"), retry_after(error), whole_channel=True)
    if error.status not in (400, 403, 404):
        return RetryLaterError(f"Discord answered HTTP {error.status}")
    if is_deleted(error):
        sentence = _DELETED
    elif permission := missing_permission(error, place):
        sentence = f"The bot may not write there: give it {permission}."
    else:
        sentence = _FINAL.get(error.code, "Discord does not accept the answer there.")
    return UndeliverableError(f"{sentence} (Discord error {error.code}, HTTP {error.status})")


def missing_permission(error: discord.HTTPException, place: str) -> str | None:
    """Return the permission that Discord misses, in words; None if it misses something else."""
    return {MISSING_ACCESS: "View Channels", _MISSING_PERMISSIONS: place}.get(error.code)


def is_deleted(error: discord.HTTPException) -> bool:
    """Return whether the message that a reply refers to is gone.

    Discord says so as a fault of that field, whose name is ours; the words beside it depend on the language.
    """
    return error.code == _UNKNOWN_MESSAGE or (error.code == _INVALID_FORM and "In message_reference" in error.text)


def retry_after(error: discord.HTTPException) -> float:
    """Return the seconds to wait after a 429."""
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):
        return _BAN_SECONDS
