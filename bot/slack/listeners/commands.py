"""The slash command. Whatever it is called in the app's settings, it asks a question; ``forget me`` is none.

``human`` before a question has a human asked, where somebody is set up for that.
"""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.erasure import ASK_TEXT, asks_to_be_forgotten
from bot.slack.forgetting import build_question
from bot.slack.hearing import read_command
from bot.slack.views import THINKING_TEXT, build_usage
from supportbot.handoffs.asking import CannotAskError
from supportbot.service import Service


class _Commands:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def on_ask(self, ack: AsyncAck, body: dict[str, object]) -> None:
        question = read_command(body)
        if question is None:
            await ack()
        elif not question.text:
            await ack(text=build_usage(str(body["command"])), response_type="ephemeral")
        elif asks_to_be_forgotten(question.text) and self._service.can_forget:
            await ack(text=ASK_TEXT, blocks=build_question(), response_type="ephemeral")
        else:
            try:
                await self._service.command(question)
            except CannotAskError as error:
                await ack(text=str(error), response_type="ephemeral")
            else:
                await ack(text=THINKING_TEXT, response_type="ephemeral")


def register(app: AsyncApp, service: Service) -> None:
    """Connect the listener for commands."""
    app.command(re.compile("^/"))(_Commands(service).on_ask)
