"""The Bolt app: which middleware runs, what is acknowledged, and what Slack should deliver again. Listeners run
before the response (``process_before_response``), so a question is committed before it is acknowledged, and a
listener that fails leaves the event unacknowledged: Slack delivers it again. Everything else is acknowledged, also
events without a listener and those that Bolt itself rejects, because a second delivery would end in the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.listener.async_listener_error_handler import AsyncCustomListenerErrorHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.telemetry.way import hearing

log = structlog.get_logger(__name__)

_LIBRARY_LOGGER = "bot.slack.library"


def build_bolt(
    client: AsyncWebClient,
    on_failure: Callable[[], None] = lambda: None,
) -> AsyncApp:
    """Return a Bolt app without listeners.

    Args:
        client: without a token, because Bolt would spend a call of ``auth.test`` on it before the first event, and
            lose that event if the call failed.
        on_failure: called when a listener failed, for Slack gives up delivering after a while.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # ``origin`` looks the workspace up: only there a payload that can't be judged yet can be left for later.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)

    app = AsyncApp(
        name=_LIBRARY_LOGGER,  # Bolt sets the level of the logger of this name
        logger=library_logger(),
        client=client,
        authorize=authorize,
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,  # the HTTP endpoint verifies the raw bytes, before anything is parsed
        ignoring_self_events_enabled=False,  # ``hearing`` ignores every bot, and trips over no odd payload
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    app.error(_acknowledge_indigestible)
    # After ``app.error``, which sets both handlers: a failing listener is another matter than a failing Bolt.
    app.listener_runner.listener_error_handler = AsyncCustomListenerErrorHandler(
        logger=app.logger, func=_error_handler(on_failure)
    )
    return app


async def dispatch(app: AsyncApp, payload: dict[str, Any]) -> BoltResponse:
    """Give a payload whose origin is proven to its listener, and return what Slack is to hear.

    Status 200 acknowledges; anything else makes Slack deliver the payload again.
    """
    try:
        # Verified already, so this mode suits payloads from HTTP as well.
        request = AsyncBoltRequest(mode="socket_mode", body=payload)
        with hearing():
            return await app.async_dispatch(request)
    except (
        Exception
    ) as error:  # Bolt also trips over odd payloads while it looks for the handler of the first error
        return await _acknowledge_indigestible(error)


def library_logger() -> logging.Logger:
    """Return a logger for Slack's libraries, which logs nothing but critical errors: the adapter logs what matters
    itself.

    They would log every failed attempt of an outage with its traceback, and warn of settings that are meant.
    """
    logger = logging.getLogger(_LIBRARY_LOGGER)
    logger.setLevel(logging.CRITICAL)
    return logger


async def _acknowledge_indigestible(error: Exception) -> BoltResponse:
    log.info("slack.payload_ignored", error=type(error).__name__)
    return BoltResponse(status=200)


def _error_handler(on_failure: Callable[[], None]) -> Callable[..., Awaitable[BoltResponse]]:
    # Bolt passes arguments by their names.
    async def on_listener_error(error: Exception) -> BoltResponse:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(status=200)
        log.error("slack.not_acknowledged", exc_info=error)
        on_failure()
        return BoltResponse(status=500)

    return on_listener_error
