"""The provider itself: discovery, a page to sign in at, tokens for codes, and faults until they are fixed.

It checks what a provider checks: the client and its secret, the redirect address, PKCE, and that a code is used
once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import BasicAuth, web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "12345.67890"
CLIENT_SECRET = "0123456789abcdef0123456789abcdef"

Json = dict[str, Any]


class LocalProvider:
    """A provider on a free port of 127.0.0.1; use it with ``async with``.

    Args:
        is_slack: whether it has Slack's addresses and answers: errors with the status 200, and no word on PKCE.

    Attributes:
        person: the claims of whoever signs in next, besides those that all tokens have.
        told: claims of its page about people; None for all of ``person``.
        redirects: the addresses to which it sends people back.
        asked: the query of each request for its page.
        shown: the form of each request for a token.
        left: how many have been at its page for signing out.
        team: in which the bot's token of Slack is.
    """

    def __init__(self, *, is_slack: bool = False) -> None:
        self.is_slack = is_slack
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.redirects: set[str] = set()
        self.asked: list[Mapping[str, str]] = []
        self.shown: list[Mapping[str, str]] = []
        self.team = "T0001"
        self.left = 0
        self._codes: dict[str, Mapping[str, str]] = {}
        self._people: dict[str, Json] = {}
        self._port = 0
        self.fix()

    def fix(self) -> None:
        """Have no fault any more, and nobody who signs in but Ana.

        What faults there can be: ``metadata`` and ``claims`` replace what is said (None takes it away), ``header``
        adds to a token's, ``signer`` signs in the place of the key, ``token`` is sent instead of every token,
        ``status`` is that of every answer, and ``body`` is sent instead of the page of this path.
        """
        self.person: Json = {
            "sub": "ana-1",
            "name": "Ana Lopez",
            "email": "ana@shop.example",
            "email_verified": True,
        }
        self.told: Json | None = None
        self.metadata: Json = {}
        self.claims: Json = {}
        self.header: Json = {}
        self.signer: Any = None
        self.token: Json | None = None
        self.status = 0
        self.body: dict[str, str] = {}

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        app = web.Application(middlewares=[self._fail])
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/leave", self._leave)
        app.router.add_get("/authorize", self._page)
        app.router.add_post("/authorize", self._sign_in)
        app.router.add_post("/token", self._token)
        app.router.add_get("/people", self._user_info)
        app.router.add_post("/api/auth.test", self._auth_test)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        await self._runner.cleanup()

    async def open(self) -> None:
        """Listen, at the port at which it was before."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Listen no more."""
        await self._site.stop()

    @web.middleware
    async def _fail(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.status:
            return web.json_response({"error": "server_error"}, status=self.status)
        if (body := self.body.get(request.path)) is not None:
            return web.Response(text=body, content_type="application/json")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _discovery(self, request: web.Request) -> web.Response:
        said: Json = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/people",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
        if not self.is_slack:
            said["code_challenge_methods_supported"] = ["S256"]
            said["end_session_endpoint"] = f"{self.issuer}/leave?realm=team"
        return web.json_response(_replaced(said, self.metadata))

    async def _leave(self, request: web.Request) -> web.Response:
        """Ask somebody whether they want to be signed out, and lead back to the client afterwards."""
        back = request.query["post_logout_redirect_uri"]
        if (request.query["client_id"], request.query["realm"]) != (
            CLIENT_ID,
            "team",
        ) or back not in self.redirects:
            raise web.HTTPBadRequest(text="This request is not of a client of ours.")
        self.left += 1
        page = f'<!doctype html><html lang="en"><title>Provider</title><a href="{back}">Back to the console</a>'
        return web.Response(text=page, content_type="text/html")

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _page(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self._check(request.query)
        form = '<form method="post"><button>Allow</button></form>'
        page = f'<!doctype html><html lang="en"><title>Provider</title>{form}'
        return web.Response(text=page, content_type="text/html")

    async def _sign_in(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        self._check(request.query)
        code = secrets.token_urlsafe()
        self._codes[code] = dict(request.query)
        answer = {"code": code, "state": request.query["state"]}
        raise web.HTTPSeeOther(f"{request.query['redirect_uri']}?{urlencode(answer)}")

    def _check(self, query: Mapping[str, str]) -> None:
        is_right = (
            query["client_id"] == CLIENT_ID
            and query["response_type"] == "code"
            and query["redirect_uri"] in self.redirects
            and "openid" in query["scope"].split()
            and ("code_challenge" in query) is not self.is_slack
            and query.get("code_challenge_method", "S256") == "S256"
        )
        if not is_right:
            raise web.HTTPBadRequest(text="This request is not of a client of ours.")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.shown.append(form)
        auth = request.headers.get("Authorization", "")
        client = BasicAuth.decode(auth) if auth else BasicAuth(form["client_id"], form["client_secret"])
        if (client.login, client.password) != (CLIENT_ID, CLIENT_SECRET):
            return self._refuse("invalid_client", 401)
        asked = self._codes.pop(form["code"], None)  # once
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return self._refuse("invalid_grant", 400)
        if not self.is_slack and asked["code_challenge"] != _challenge(form["code_verifier"]):
            return self._refuse("invalid_grant", 400)
        if self.token is not None:
            return web.json_response(self.token)
        access = secrets.token_urlsafe()
        self._people[access] = self.person if self.told is None else self.told
        token = {
            "ok": True,
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 30,
            "id_token": self.sign(asked.get("nonce", "")),
        }
        return web.json_response(token)

    def sign(self, nonce: str) -> str:
        """Return an ID token of the person, with the faults that there are."""
        at = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT_ID, "iat": at, "exp": at + 300, "nonce": nonce, **self.person}
        if self.told is not None:
            said = {name: value for name, value in said.items() if name not in self.told or name == "sub"}
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        signer = self.signer or self.key
        if header["alg"] == "none":
            return ".".join((*(_encoded(json.dumps(part).encode()) for part in (header, said)), ""))
        return jwt.encode(header, _replaced(said, self.claims), signer, algorithms=[str(header["alg"])])

    def _refuse(self, error: str, status: int) -> web.Response:
        if self.is_slack:
            return web.json_response({"ok": False, "error": error})
        return web.json_response({"error": error, "error_description": "of theirs"}, status=status)

    async def _user_info(self, request: web.Request) -> web.Response:
        access = request.headers["Authorization"].removeprefix("Bearer ")
        person = self._people.pop(access, None)
        return web.json_response(person) if person else web.json_response({}, status=401)

    async def _auth_test(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").startswith("Bearer xoxb-"):
            return web.json_response({"ok": True, "team_id": self.team, "user_id": "U9"})
        return web.json_response({"ok": False, "error": "not_authed"})


def _replaced(said: Json, by: Json) -> Json:
    return {name: value for name, value in {**said, **by}.items() if value is not None}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return _encoded(digest)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
