"""Mentions in channels and direct messages: both are questions."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.hearing import read_question
from bot.slack.views import THINKING_STATUS
from supportbot.service import Service


class _Events:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_question(self, body: dict[str, object], client: AsyncWebClient) -> None:
        question = read_question(body)
        if question is None:
            return
        accepted = await self._service.ask(question)
        if accepted.new:
            set_status = partial(
                client.assistant_threads_setStatus,
                channel_id=question.channel,
                thread_ts=question.thread,
                status=THINKING_STATUS,
            )
            self._background.start("setStatus", set_status)


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listeners for events."""
    events = _Events(service, background)
    app.event("app_mention")(events.on_question)
    app.event("message")(events.on_question)
