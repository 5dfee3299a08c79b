"""Clicks on the thumbs under an answer. A 👎 also opens the modal that asks what was wrong."""

from __future__ import annotations

from functools import partial

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.explanation import build_explanation
from bot.slack.feedback import FEEDBACK_ACTION, Click, read_click
from bot.slack.views import build_thanks
from supportbot.feedback.votes import UnknownAnswerError, Vote, VoteOutcome
from supportbot.service import Service


class _Actions:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_vote(
        self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        click = read_click(body)
        if click is not None:
            try:
                outcome = await self._service.vote(click.answer_id, click.voter, click.vote)
            except UnknownAnswerError as error:
                text = str(error)
            else:
                text = build_thanks(outcome)
                self._ask_why(click, outcome, client)
            thank = partial(
                respond,
                text=text,
                response_type="ephemeral",
                replace_original=False,
                thread_ts=click.thread_ts,
            )
            self._background.start("thank", thank)
        await ack()

    def _ask_why(self, click: Click, outcome: VoteOutcome, client: AsyncWebClient) -> None:
        """Open the modal after a 👎, if it can be opened; the vote is safe already, and thanked for without it."""
        if outcome.vote is Vote.DOWN and click.trigger_id is not None:
            view = build_explanation(click.answer_id, build_thanks(outcome), outcome.explanation)
            self._background.start(
                "views.open", partial(client.views_open, trigger_id=click.trigger_id, view=view)
            )


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listener for clicks."""
    app.action(FEEDBACK_ACTION)(_Actions(service, background).on_vote)
