"""HTTP mode: the endpoint for Slack's requests, and nobody else's. The signature is checked over the raw bytes
before anything is parsed. Forged, stale or replayed requests get 401, signed but malformed ones 400, and neither
reaches a listener.
"""

from __future__ import annotations

import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.slack.bolt import dispatch

PATH = "/slack/events"

MAX_BODY_BYTES = 1_000_000
"""Slack's largest messages, 40,000 characters with their blocks, stay far below."""

_MISSED_SECONDS = 300.0
"""An outage brings many events again, and one look back is for them all. Slack tries for longer than this."""

_REMEMBER_SECONDS = 601.0
"""A signature is valid from five minutes before to five minutes after its timestamp, by our clock."""


class Endpoint:
    """Receives Slack's requests for a Bolt app.

    Args:
        app: hears.
        signing_secret: known to Slack and us.
        on_missed: called when Slack could not reach us before, so it may have given up telling us other things.
    """

    def __init__(self, app: AsyncApp, signing_secret: str, on_missed: Callable[[], None] = lambda: None) -> None:
        self._app = app
        self._on_missed = on_missed
        self._missed_at = -math.inf
        self._verifier = SignatureVerifier(signing_secret)
        self._seen = _Seen()

    async def receive(self, request: Request) -> Response:
        """Answer one POST."""
        signature = request.headers.get("x-slack-signature", "")
        if not signature:  # for nobody's sake, so its body isn't waited for
            return PlainTextResponse("There is no signature.", status_code=401, headers={"Connection": "close"})
        raw = await _body(request)
        if raw is None:
            return PlainTextResponse("The body is too large.", status_code=413)
        if not self._is_genuine(raw, request) or not self._seen.add(signature):
            return PlainTextResponse("The signature is not valid.", status_code=401)
        payload = _parse(raw, request.headers.get("content-type", ""))
        if payload is None:
            return PlainTextResponse("The body is malformed.", status_code=400)
        if "x-slack-retry-num" in request.headers and time.monotonic() - self._missed_at > _MISSED_SECONDS:
            self._missed_at = time.monotonic()
            self._on_missed()
        response = await dispatch(self._app, payload)
        if response.status != 200:
            self._seen.forget(signature)  # it did nothing, so the same request may come again
        return to_starlette_response(response)

    def _is_genuine(self, raw: bytes, request: Request) -> bool:
        try:
            return self._verifier.is_valid_request(raw, request.headers)
        except (TypeError, ValueError):  # the library's for a timestamp "abc", a signature "é", a body not UTF-8
            return False


class _Seen:
    """The signatures of the last ten minutes; only genuine ones come in, so nobody else can fill it."""

    def __init__(self) -> None:
        self._at: OrderedDict[str, float] = OrderedDict()

    def add(self, signature: str) -> bool:
        """Remember a signature; return False if it was there."""
        now = time.monotonic()
        while self._at and next(iter(self._at.values())) < now - _REMEMBER_SECONDS:
            self._at.popitem(last=False)
        if signature in self._at:
            return False
        self._at[signature] = now
        return True

    def forget(self, signature: str) -> None:
        self._at.pop(signature, None)


async def _body(request: Request) -> bytes | None:
    """Return the whole body, or None once it is too large; for how long it may take is the port's business."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _parse(raw: bytes, content_type: str) -> dict[str, Any] | None:
    """Return the payload of an event (JSON), a click (JSON in a form) or a command (form)."""
    try:
        text = raw.decode()
        if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            payload = json.loads(text)
        else:
            form = {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
            payload = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
