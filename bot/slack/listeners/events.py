"""What people say: mentions and direct messages are questions; the rest is overheard for who answers instead."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.hearing import read_change, read_question, read_remark
from bot.slack.listeners._status import show_thinking
from bot.slack.patience import Patience
from supportbot.intake.questions import IncomingQuestion, is_reaction
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
            await _ask(question, client, service, background)
        elif (remark := read_remark(body)) is not None:
            await service.overhear(remark)
        elif (change := read_change(body)) is not None:
            await service.overhear_change("slack", change.identity, change.text)
            await service.reword("slack", change.identity, change.text)


def register(app: AsyncApp, service: Service, background: Background, patience: Patience) -> None:
    """Connect the listener for events."""

    async def on_said(body: dict[str, object], client: AsyncWebClient) -> None:
        await hear(body, client, service, background, patience.hear_seconds)

    app.event("app_mention")(on_said)
    app.event("message")(on_said)


async def _ask(
    question: IncomingQuestion, client: AsyncWebClient, service: Service, background: Background
) -> None:
    if is_reaction(question.text):
        return
    accepted = await service.ask(question)
    if accepted.new and not accepted.refused:
        show_thinking(background, client, question.channel, question.thread)
