"""Clicks that ask once more: on "try again", and on "ask again".

Nothing is acknowledged before it is stored; only the person who clicked sees an error.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.again import TRIED_ALREADY_TEXT
from bot.policies import NOT_HERE_TEXT
from bot.slack._background import Background
from bot.slack.admins import Admins
from bot.slack.again import ASK_ACTION, TRY_ACTION, Click, read_click
from bot.slack.listeners._status import show_thinking
from bot.slack.origin import place_of
from bot.slack.views import ASKED_ALREADY_TEXT, SORRY_TEXT, THINKING_TEXT
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.intake.questions import Accepted
from supportbot.intake.reception import Reception
from supportbot.service import Service

log = structlog.get_logger(__name__)


class _Again:
    def __init__(self, service: Service, background: Background, admins: Admins) -> None:
        self._service = service
        self._background = background
        self._admins = admins

    async def on_try(
        self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        if (click := read_click(body)) is not None:
            kept = self._service.try_again(
                click.number,
                click.clicked.person,
                click.question,
                workspace=click.clicked.workspace,
                is_admin=partial(self._admins.are_shown, client, click.clicked.workspace, click.clicked.user),
            )
            await self._tell(click, kept, TRIED_ALREADY_TEXT, body, respond, client)
        await ack()

    async def on_ask(
        self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond, client: AsyncWebClient
    ) -> None:
        if (click := read_click(body)) is not None:
            kept = self._service.ask_again(
                click.number, click.clicked.person, click.question, workspace=click.clicked.workspace
            )
            await self._tell(click, kept, ASKED_ALREADY_TEXT, body, respond, client)
        await ack()

    async def _tell(
        self,
        click: Click,
        kept: Coroutine[Any, Any, Accepted],
        already: str,
        body: dict[str, object],
        respond: AsyncRespond,
        client: AsyncWebClient,
    ) -> None:
        """Keep the question; show that it is thought about, or tell the person what is wrong."""
        try:
            accepted = await kept
        except SupportBotError as error:
            told = sentence_for_users(error, SORRY_TEXT)
        except Exception:
            log.exception("slack.not_asked_again", number=click.number)
            told = SORRY_TEXT
        else:
            if accepted.reception is Reception.CLOSED:
                told = NOT_HERE_TEXT
            elif not accepted.new:
                told = already
            elif click.clicked.place.is_private:
                told = THINKING_TEXT
            else:
                show_thinking(
                    self._background, client, click.clicked.channel, click.clicked.place.thread, accepted.words
                )
                return
        words = await self._service.words(place_of(body))
        whisper = partial(
            respond,
            text=words.say(told),
            response_type="ephemeral",
            replace_original=False,
            thread_ts=click.clicked.place.thread_ts,
        )
        self._background.start("tell", whisper)


def register(app: AsyncApp, service: Service, background: Background, admins: Admins) -> None:
    """Connect the listeners for clicks that ask once more."""
    again = _Again(service, background, admins)
    app.action(TRY_ACTION)(again.on_try)
    app.action(ASK_ACTION)(again.on_ask)
