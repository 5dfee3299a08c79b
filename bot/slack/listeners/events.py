"""What people say: mentions and direct messages are questions; the rest is overheard for who answers instead."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.hearing import read_change, read_question, read_remark
from bot.slack.listeners._status import show_thinking
from supportbot.intake.questions import IncomingQuestion, is_reaction
from supportbot.service import Service


class _Events:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_said(self, body: dict[str, object], client: AsyncWebClient) -> None:
        if (question := read_question(body)) is not None:
            await self._ask(question, client)
        elif (remark := read_remark(body)) is not None:
            await self._service.overhear(remark)
        elif (change := read_change(body)) is not None:
            await self._service.overhear_change("slack", change.identity, change.text)

    async def _ask(self, question: IncomingQuestion, client: AsyncWebClient) -> None:
        if is_reaction(question.text):
            return
        accepted = await self._service.ask(question)
        if accepted.new:
            show_thinking(self._background, client, question.channel, question.thread)


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listeners for events."""
    events = _Events(service, background)
    app.event("app_mention")(events.on_said)
    app.event("message")(events.on_said)
