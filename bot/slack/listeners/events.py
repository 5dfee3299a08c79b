"""Messages: mentions, direct messages and follow-ups are questions. The others are checked for people's answers,
and for questions to nobody in particular.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.hearing import (
    read_change,
    read_direct_reply,
    read_follow_up,
    read_question,
    read_remark,
    read_unasked,
)
from bot.slack.listeners._status import show_heard, show_thinking
from bot.slack.patience import Patience
from supportbot.intake.handoff import Heard
from supportbot.intake.questions import IncomingQuestion, is_reaction
from supportbot.intake.threads import read_order
from supportbot.service import Service


async def hear(
    body: Mapping[str, object], client: AsyncWebClient, service: Service, background: Background, seconds: float
) -> None:
    """Take what somebody said, in an event or read back, for what it is.

    Raises:
        TimeoutError: it could not be kept within so many seconds.
    """
    async with asyncio.timeout(seconds):
        if (question := read_question(body)) is not None:
            reply = read_direct_reply(body)
            if reply and await service.hearing.overhear(reply, may_follow_up=False) is not Heard.NOT_OURS:
                return
            if not await _heed(question, client, service, background):
                await _ask(question, client, service, background)
            return
        if (remark := read_remark(body)) is not None:
            heard = await service.hearing.overhear(remark)
            if heard is Heard.FOLLOW_UP and (question := read_follow_up(body)) is not None:
                await _ask(question, client, service, background)
            if heard is not Heard.NOT_OURS:
                return
        if (change := read_change(body)) is not None:
            await service.hearing.overhear_change("slack", change.identity, change.text)
            await service.hearing.reword("slack", change.identity, change.text)
        if (question := read_unasked(body)) is not None:
            await service.ask(question)  # without a sign that it was heard: perhaps nothing is said


def register(app: AsyncApp, service: Service, background: Background, patience: Patience) -> None:
    """Connect the listener for events."""

    async def on_said(body: dict[str, object], client: AsyncWebClient) -> None:
        await hear(body, client, service, background, patience.hear_seconds)

    app.event("app_mention")(on_said)
    app.event("message")(on_said)


async def _heed(
    question: IncomingQuestion, client: AsyncWebClient, service: Service, background: Background
) -> bool:
    """Be quiet in a thread, or no longer, if that is what somebody says; return whether it was."""
    quiet = read_order(question.text)
    is_direct = question.channel.startswith("D")  # where every message is a question
    if quiet is None or is_direct or question.thread == question.reply_to["ts"]:
        return False
    if not await service.hearing.be_quiet(
        question.platform, question.workspace, question.channel, question.thread, quiet=quiet
    ):
        return False
    show_heard(background, client, question.channel, str(question.reply_to["ts"]), quiet=quiet)
    return True


async def _ask(
    question: IncomingQuestion, client: AsyncWebClient, service: Service, background: Background
) -> None:
    if is_reaction(question.text):
        return
    accepted = await service.ask(question)
    if accepted.new and not accepted.refused:
        show_thinking(background, client, question.channel, question.thread, accepted.words)
