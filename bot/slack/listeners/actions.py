"""Clicks under an answer: on its thumbs, on what else may have been meant, and to ask a human or close that.

A 👎 also opens the modal that asks what was wrong. A choice that can't be kept is acknowledged anyway, and
the person told so: Slack by itself would only show that something went wrong.
"""

from __future__ import annotations

from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.handoffs import ASKED_ALREADY_TEXT as ASKED_HUMAN_ALREADY_TEXT
from bot.handoffs import CLOSED_ALREADY_TEXT, CLOSED_TEXT
from bot.policies import NOT_HERE_TEXT
from bot.slack._background import Background
from bot.slack.explanation import build_explanation
from bot.slack.feedback import FEEDBACK_ACTION
from bot.slack.feedback import Click as VoteClick
from bot.slack.feedback import read_click as read_vote
from bot.slack.handoffs import ASK_ACTION, RESOLVE_ACTION, Click, read_click
from bot.slack.listeners._status import show_thinking
from bot.slack.origin import place_of
from bot.slack.suggestions import SUGGESTION_ACTION, Choice, read_choice
from bot.slack.views import ASKED_ALREADY_TEXT, SORRY_TEXT, THINKING_TEXT, build_thanks
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.feedback.votes import UnknownAnswerError, Vote, VoteOutcome
from supportbot.intake.reception import Reception
from supportbot.service import Service
from supportbot.words import Words

log = structlog.get_logger(__name__)


class _Actions:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_vote(
        self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        click = read_vote(body)
        if click is not None:
            words = await self._service.words(place_of(body))
            try:
                outcome = await self._service.vote(
                    click.answer_id, click.voter, click.vote, workspace=click.workspace, at=click.at
                )
            except UnknownAnswerError as error:
                text = words.say(str(error))
            else:
                text = build_thanks(outcome, words)
                self._ask_why(click, outcome, client, words)
            self._whisper("thank", text, respond, click.thread_ts)
        await ack()

    async def on_choice(
        self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        choice = read_choice(body)
        if choice is not None and (told := await self._choose(choice, client)):
            await self._tell(told, body, respond, choice.clicked.place.thread_ts)
        await ack()

    async def on_ask_human(self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond) -> None:
        click = read_click(body)
        if click is not None and (told := await self._ask_human(click)):
            await self._tell(told, body, respond, click.thread_ts)
        await ack()

    async def on_resolved(self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond) -> None:
        click = read_click(body)
        if click is not None:
            await self._tell(await self._resolve(click), body, respond, click.thread_ts)
        await ack()

    async def _ask_human(self, click: Click) -> str | None:
        """Ask a human; return the message for the person who clicked, if any."""
        if self._service.handoffs is None:
            return None
        try:
            asked = await self._service.handoffs.ask(click.number, click.person, workspace=click.workspace)
        except SupportBotError as error:
            return sentence_for_users(error, SORRY_TEXT)
        except Exception:
            log.exception("slack.human_not_asked", answer_id=click.number)
            return SORRY_TEXT
        return None if asked.new else ASKED_HUMAN_ALREADY_TEXT

    async def _resolve(self, click: Click) -> str:
        if self._service.handoffs is None:
            return SORRY_TEXT
        try:
            is_new = await self._service.handoffs.resolve(
                click.number, click.person, workspace=click.workspace, clicked=click.message
            )
        except SupportBotError as error:
            return sentence_for_users(error, SORRY_TEXT)
        except Exception:
            log.exception("slack.not_resolved", handoff_id=click.number)
            return SORRY_TEXT
        return CLOSED_TEXT if is_new else CLOSED_ALREADY_TEXT

    async def _choose(self, choice: Choice, client: AsyncWebClient) -> str | None:
        """Ask what was chosen; return the message for the person, if any."""
        try:
            accepted = await self._service.choose(
                choice.answer_id,
                choice.number,
                choice.clicked.person,
                choice.question,
                workspace=choice.clicked.workspace,
            )
        except SupportBotError as error:
            return sentence_for_users(error, SORRY_TEXT)
        except Exception:
            log.exception("slack.choice_failed", answer_id=choice.answer_id)
            return SORRY_TEXT
        if accepted.reception is Reception.CLOSED:
            return NOT_HERE_TEXT
        if not accepted.new:
            return ASKED_ALREADY_TEXT
        if choice.clicked.place.is_private:
            return THINKING_TEXT
        show_thinking(
            self._background, client, choice.clicked.channel, choice.clicked.place.thread, accepted.words
        )
        return None

    def _ask_why(self, click: VoteClick, outcome: VoteOutcome, client: AsyncWebClient, words: Words) -> None:
        """Open the modal after a 👎, if it can be opened; the vote is safe already, and thanked for without it."""
        if outcome.vote is Vote.DOWN and click.trigger_id is not None:
            view = build_explanation(click.answer_id, build_thanks(outcome, words), outcome.explanation, words)
            self._background.start(
                "views.open", partial(client.views_open, trigger_id=click.trigger_id, view=view)
            )

    async def _tell(
        self, sentence: str, body: dict[str, object], respond: AsyncRespond, thread_ts: str | None
    ) -> None:
        words = await self._service.words(place_of(body))
        self._whisper("tell", words.say(sentence), respond, thread_ts)

    def _whisper(self, name: str, text: str, respond: AsyncRespond, thread_ts: str | None) -> None:
        """Tell the person who clicked, and nobody else."""
        whisper = partial(
            respond, text=text, response_type="ephemeral", replace_original=False, thread_ts=thread_ts
        )
        self._background.start(name, whisper)


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listeners for clicks."""
    actions = _Actions(service, background)
    app.action(FEEDBACK_ACTION)(actions.on_vote)
    app.action(SUGGESTION_ACTION)(actions.on_choice)
    app.action(ASK_ACTION)(actions.on_ask_human)
    app.action(RESOLVE_ACTION)(actions.on_resolved)
