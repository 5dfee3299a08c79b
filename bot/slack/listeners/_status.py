"""Small signs: the line "is thinking…", which Slack shows until the bot posts, and that a request was received."""

from __future__ import annotations

from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.views import LOADING_MESSAGES, THINKING_STATUS
from supportbot.words import Words


def show_thinking(background: Background, client: AsyncWebClient, channel: str, thread: str, words: Words) -> None:
    """Say in a thread that an answer is being thought about."""
    set_status = partial(
        client.assistant_threads_setStatus,
        channel_id=channel,
        thread_ts=thread,
        status=words.say(THINKING_STATUS),
        loading_messages=[words.say(one) for one in LOADING_MESSAGES],
    )
    background.start("setStatus", set_status)


def show_heard(background: Background, client: AsyncWebClient, channel: str, ts: str, *, quiet: bool) -> None:
    """Show under a message that the bot is quiet in its thread from now on, or no longer."""
    name = "mute" if quiet else "speaker"
    background.start("reactions", partial(client.reactions_add, channel=channel, timestamp=ts, name=name))
