"""Clicks on "Erase everything of mine", and on "Cancel".

An erasure may take longer than Slack waits, so it is acknowledged first; whoever clicked is told when it is done,
in place of the question, and may click again if it failed.
"""

from __future__ import annotations

from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.erasure import CANCELLED_TEXT, ERASING_TEXT, FAILED_TEXT, build_told
from bot.slack._background import Background
from bot.slack.forgetting import FORGET_ACTION, read_clicker
from bot.slack.origin import place_of
from supportbot.privacy.person import Person
from supportbot.service import Service
from supportbot.words import Words

log = structlog.get_logger(__name__)


class _Forgetting:
    def __init__(self, service: Service, background: Background) -> None:
        self._service = service
        self._background = background

    async def on_click(self, ack: AsyncAck, body: dict[str, object], respond: AsyncRespond) -> None:
        person = read_clicker(body)
        words = await self._service.words(place_of(body))
        if person is not None and self._service.can_forget:
            self._background.start("forget", partial(self._forget, person, respond, words))
        else:
            self._background.start("cancel", partial(_tell, respond, words.say(CANCELLED_TEXT)))
        await ack()

    async def _forget(self, person: Person, respond: AsyncRespond, words: Words) -> None:
        try:
            await _tell(respond, words.say(ERASING_TEXT))
        except Exception as error:  # a nicety, and a network fails as it likes
            log.debug("slack.call_failed", call="erasing", error=type(error).__name__)
        try:
            text = build_told("slack", await self._service.forget(person), words)
        except Exception:  # the background would swallow it, and the person would hear nothing
            log.exception("slack.not_forgotten")
            text = words.say(FAILED_TEXT)
        await _tell(respond, text)


async def _tell(respond: AsyncRespond, text: str) -> None:
    await respond(text=text, response_type="ephemeral", replace_original=True)


def register(app: AsyncApp, service: Service, background: Background) -> None:
    """Connect the listener for these clicks."""
    app.action(FORGET_ACTION)(_Forgetting(service, background).on_click)
