"""Slash commands. Whatever their names in the app's settings, they ask a question, except ``forget me`` and
``config``.

``human`` before a question has a human asked, where somebody is set up for that.
"""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.erasure import ASK_TEXT, asks_to_be_forgotten
from bot.policies import NOT_HERE_TEXT, asks_to_configure
from bot.slack.forgetting import build_question
from bot.slack.hearing import read_command
from bot.slack.listeners.policy import PolicyForm
from bot.slack.origin import place_of
from bot.slack.views import THINKING_TEXT, build_usage
from supportbot.handoffs.asking import CannotAskError
from supportbot.intake.reception import Reception
from supportbot.service import Service


class _Commands:
    def __init__(self, service: Service, form: PolicyForm) -> None:
        self._service = service
        self._form = form

    async def on_ask(self, ack: AsyncAck, body: dict[str, object], client: AsyncWebClient) -> None:
        question = read_command(body)
        if question is None:
            await ack()
        elif not question.text:
            words = await self._service.words(place_of(body))
            await ack(text=build_usage(str(body["command"]), words), response_type="ephemeral")
        elif asks_to_be_forgotten(question.text) and self._service.can_forget:
            words = await self._service.words(place_of(body))
            await ack(text=words.say(ASK_TEXT), blocks=build_question(words), response_type="ephemeral")
        elif asks_to_configure(question.text):
            await self._form.open(ack, body, client, question.text)
        else:
            try:
                accepted = await self._service.command(question)
            except CannotAskError as error:
                words = await self._service.words(place_of(body))
                await ack(text=words.say(str(error)), response_type="ephemeral")
                return
            is_heard = accepted.reception is not Reception.CLOSED
            told = accepted.words.say(THINKING_TEXT if is_heard else NOT_HERE_TEXT)
            await ack(text=told, response_type="ephemeral")


def register(app: AsyncApp, service: Service, form: PolicyForm) -> None:
    """Connect the listener for commands."""
    app.command(re.compile("^/"))(_Commands(service, form).on_ask)
