"""Signing in and out: pages of plain HTML, a cookie for a session, and forms that only they can send.

A link is used up by the button of the page that it opens, not by being opened: previews of links and browsers that
fetch ahead open them too.
"""

from __future__ import annotations

import hmac
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

import jinja2
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from bot.web.console.entrance.arrivals import Arrivals
from bot.web.console.entrance.cookies import forget_begun, let_in, let_out, secret_in, source_of
from bot.web.console.frame import SIGN_OUT_PATH
from bot.web.page import COLOURS
from supportbot.access.access import Access
from supportbot.access.address import SIGN_IN_PATH
from supportbot.access.errors import ProviderError, SignInError
from supportbot.access.oidc.registration import begin_path
from supportbot.access.secret import form_token
from supportbot.access.sessions import Session
from supportbot.errors import SupportBotError
from supportbot.words import N_, Language, Words, nearest, preferred

_LONGEST_FORM = 1_000
"""Bytes; the forms have one short field."""

_HOW = N_(
    "You need a sign-in link. An admin can create one under Settings, or with this command on the bot's machine:"
)

_HOW_ELSE = N_(
    "Or use a sign-in link. An admin can create one under Settings, or with this command on the bot's machine:"
)

_TEMPLATE = Path(__file__).with_name("entrance.html")


class Entrance:
    """The pages before the console.

    Args:
        access: who may come in.
        name: of the bot.
        language: of the console's words, where the browser names none that there is.
    """

    def __init__(self, access: Access, name: str, language: Language) -> None:
        self._access = access
        self._arrivals = Arrivals(access.providers)
        self._name = name
        self._language = language
        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        self._template = environment.from_string(_TEMPLATE.read_text())
        self._colours = COLOURS.read_text()

    def words(self, request: HTTPConnection) -> Words:
        """Return the console's words for whoever asks."""
        named = nearest(*preferred(request.headers.get("accept-language", "")))
        return Words(named or self._language)

    async def answer(self, request: Request, session: Session | None, *, is_secure: bool) -> Response | None:
        """Return the answer to a request for signing in or out; None for anything else.

        Args:
            request: of the console.
            session: of who has signed in already.
            is_secure: whether it came over https.
        """
        match request.method, request.url.path:
            case "GET", str(path) if path == SIGN_IN_PATH:
                return self._build_page(request, token=request.query_params.get("token", ""))
            case "POST", str(path) if path == SIGN_IN_PATH:
                return await self._sign_in(request, is_secure=is_secure)
            case "POST", str(path) if path == SIGN_OUT_PATH:
                return await self._sign_out(request, session, is_secure=is_secure)
            case "GET", str(path) if path.startswith(f"{SIGN_IN_PATH}/"):
                return await self._go_elsewhere(request, is_secure=is_secure)
        return None

    async def _go_elsewhere(self, request: Request, *, is_secure: bool) -> Response | None:
        try:
            return await self._arrivals.answer(request, is_secure=is_secure)
        except SupportBotError as error:
            status = 503 if isinstance(error, ProviderError) else 403
            response = self._build_page(request, problem=error.args[0], status_code=status)
            forget_begun(response, is_secure=is_secure)
            return response

    async def _sign_in(self, request: Request, *, is_secure: bool) -> Response:
        try:
            secret = await self._access.links.sign_in(await _token(request), source_of(request))
        except SignInError as error:
            return self._build_page(request, problem=str(error), status_code=403)
        return let_in(secret, is_secure=is_secure)

    async def _sign_out(self, request: Request, session: Session | None, *, is_secure: bool) -> Response:
        if session is not None:
            expected = form_token(secret_in(request, is_secure=is_secure))
            if not hmac.compare_digest(expected.encode(), (await _token(request)).encode()):
                return PlainTextResponse("This form is not of this page: reload it.", status_code=403)
            await self._access.sessions.end(session.id, session.id)
        origin = request.state.origin
        there = session and await self._access.providers.sign_out_address(session.operator.id, origin)
        response: Response = RedirectResponse(SIGN_IN_PATH, status_code=303)
        if there:
            response = _build_onward(there, self.words(request))
        let_out(response, is_secure=is_secure)
        return response

    def _build_page(
        self, request: Request, *, token: str = "", problem: str = "", status_code: int = 200
    ) -> HTMLResponse:
        words = self.words(request)
        offered = self._access.providers.offered(is_secure=request.state.origin.startswith("https:"))
        page = self._template.render(
            colours=self._colours,
            name=self._name,
            token=token,
            problem=words.say(problem),
            sign_in=words.say("Sign in"),
            how=words.say(_HOW_ELSE if offered else _HOW),
            providers=[
                (begin_path(one.key), words.say("Sign in with {provider}", provider=one.name)) for one in offered
            ],
            language=words.language,
        )
        return HTMLResponse(page, status_code=status_code, headers={"Cache-Control": "no-store"})


def build_reload() -> HTMLResponse:
    """Return a page that loads its address once more, without having been linked from elsewhere."""
    page = '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0"><title>…</title></html>'
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


def _build_onward(address: str, words: Words) -> HTMLResponse:
    """Return a page that goes on to another one; a form itself may lead nowhere else."""
    there, sentence = escape(address), escape(words.say("You're signed out here. Continue"))
    page = (
        f'<!doctype html><html lang="{words.language}"><meta http-equiv="refresh" content="0; url={there}">'
        f'<title>…</title><a href="{there}">{sentence}</a></html>'
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


async def _token(request: Request) -> str:
    """Return what a form carries; empty if it carries nothing of ours."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return ""
    fields = parse_qs(body.decode("ascii", "replace"))
    return fields.get("token", [""])[0]
