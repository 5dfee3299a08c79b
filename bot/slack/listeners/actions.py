"""Clicks on the thumbs under an answer."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.slack._background import Background
from bot.slack.feedback import FEEDBACK_ACTION, read_click
from bot.slack.views import build_thanks
from supportbot.service import Service
from supportbot.votes import UnknownAnswerError


class _Actions:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_vote(self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond) -> None:
        click = read_click(body)
        if click is not None:
            try:
                text = build_thanks(await self._service.vote(click.answer_id, click.voter, click.vote))
            except UnknownAnswerError as error:
                text = str(error)
            thank = partial(
                respond,
                text=text,
                response_type="ephemeral",
                replace_original=False,
                thread_ts=click.thread_ts,
            )
            self._background.start("thank", thank)
        await ack()


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listener for clicks."""
    app.action(FEEDBACK_ACTION)(_Actions(service, background).on_vote)
