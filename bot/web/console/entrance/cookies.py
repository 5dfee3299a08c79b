"""The cookies of signing in: the session's, and one that ties the end of a sign-in elsewhere to its beginning."""

from __future__ import annotations

from typing import Literal

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from bot.web.connections import counted_address
from bot.web.console.pages import ROOT
from supportbot.access.oidc.begun import SECONDS
from supportbot.access.sessions import LONGEST

COOKIE = "supportbot_operator"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Browsers take a cookie of this name over https only, from this very host, and for all its paths."""

BEGUN_COOKIE = "supportbot_signing_in"


def let_in(secret: str, *, is_secure: bool) -> Response:
    """Return what gives a browser its session, and shows it the console."""
    response = RedirectResponse(ROOT, status_code=303)
    _set(response, COOKIE, secret, int(LONGEST.total_seconds()), "strict", is_secure=is_secure)
    return response


def let_out(response: Response, *, is_secure: bool) -> None:
    """Have a browser forget its session."""
    _set(response, COOKIE, "", 0, "strict", is_secure=is_secure)


def secret_in(connection: HTTPConnection, *, is_secure: bool) -> str:
    """Return the secret of the session that a browser sent; empty if it sent none."""
    return connection.cookies.get(_named(COOKIE, is_secure=is_secure), "")


def keep_begun(response: Response, value: str, *, is_secure: bool) -> None:
    """Have a browser keep what it began; lax, so that it comes along when a provider sends the browser back."""
    _set(response, BEGUN_COOKIE, value, SECONDS, "lax", is_secure=is_secure)


def forget_begun(response: Response, *, is_secure: bool) -> None:
    """Have a browser forget what it began."""
    _set(response, BEGUN_COOKIE, "", 0, "lax", is_secure=is_secure)


def begun_in(connection: HTTPConnection, *, is_secure: bool) -> str:
    """Return what a browser began; empty if that is nothing."""
    return connection.cookies.get(_named(BEGUN_COOKIE, is_secure=is_secure), "")


def source_of(request: Request) -> str:
    """Return where a browser is, by which failed attempts are counted."""
    return counted_address(request.client.host if request.client else "") or "this machine"


def _named(name: str, *, is_secure: bool) -> str:
    return f"__Host-{name}" if is_secure else name


def _set(
    response: Response, name: str, value: str, seconds: int, same: Literal["lax", "strict"], *, is_secure: bool
) -> None:
    response.set_cookie(
        _named(name, is_secure=is_secure),
        value,
        max_age=seconds,
        path="/",  # web sockets and uploads of pages are elsewhere than the pages
        secure=is_secure,
        httponly=True,
        samesite=same,
    )
