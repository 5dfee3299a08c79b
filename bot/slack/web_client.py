"""Slack's Web API as the adapter calls it: the library's client, with its retries off and its blind spot covered.

The library takes for granted that an answer is an object; a list or a page of somebody else makes it fail as a
defect would.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.bolt import library_logger
from bot.slack.scopes import Scopes


class NotSlackError(aiohttp.ClientError):
    """Somebody else answered, such as a proxy or a captive portal."""


class WebClient(AsyncWebClient):
    """See above.

    Args:
        token: what each call carries, if it carries any.
        base_url: where the Web API is; None for Slack's own.
        session: makes the calls.
        scopes: tells the operator which permission a refused call lacked.
    """

    def __init__(
        self, token: str | None, base_url: str | None, session: aiohttp.ClientSession, scopes: Scopes
    ) -> None:
        super().__init__(
            token=token,
            base_url=base_url or AsyncWebClient.BASE_URL,
            session=session,
            retry_handlers=[],  # the outbox and the connections retry, and know what is safe to retry
            logger=library_logger(),
        )
        self._scopes = scopes

    async def _request(self, *, http_verb: str, api_url: str, req_args: dict[str, Any]) -> dict[str, Any]:
        answer = await super()._request(http_verb=http_verb, api_url=api_url, req_args=req_args)
        if answer["data"] and not isinstance(answer["data"], dict):
            raise NotSlackError
        self._scopes.note(api_url.rpartition("/")[2], answer["data"])
        return answer
