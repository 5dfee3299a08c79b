"""A provider as it answers: where it is found, whom it says has signed in, and whether that can be believed.

It knows neither operators nor roles. What goes wrong is one sentence; the log has a word for the kind of it, and
nothing of what was sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key

from supportbot.access.errors import ProviderError, SignInError
from supportbot.access.oidc.begun import Begun
from supportbot.access.oidc.id_token import Expected, read_id_token
from supportbot.access.oidc.registration import Registration
from supportbot.config.sign_in import is_safe
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10.0
"""For each request; somebody waits before an empty page."""

_KEEP_SECONDS = 3600.0
"""What a provider says of itself holds so long. Keys that it adds meanwhile are asked for when one is missing."""

_ASK_AGAIN_SECONDS = 10.0
"""Unknown keys are asked for no more often: a token can name any."""

_UNREACHABLE = N_(
    "{provider} cannot be reached at this moment: try again in a minute, or sign in with a link from an admin."
)
_NO_PROVIDER = N_(
    "{provider} does not answer as a provider of sign-in does: an admin can run `supportbot doctor` on the bot's "
    "machine, which says what is wrong."
)
_NOT_CONFIRMED = N_(
    "{provider} did not confirm the sign-in: please begin again. If that happens again, an admin can check "
    "whether the client id and the client secret belong together."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a provider says of itself, and its keys."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: float


class Provider:
    """One provider, asked over HTTP.

    Args:
        registration: how the console is known there.
    """

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        self._known: Known | None = None
        self._lock = asyncio.Lock()
        self._failure: tuple[str, str] | None = None
        self._failed_at = 0.0

    async def address(self, begun: Begun, redirect: str, **more: str) -> str:
        """Return where a browser goes to sign in.

        Args:
            begun: what ties its return to it.
            redirect: where it comes back to.
            more: parameters of this provider's own.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        known = await self._know()
        async with self._client(known) as client:
            url, _ = client.create_authorization_url(
                known.metadata["authorization_endpoint"],
                state=begun.state,
                code_verifier=begun.verifier,
                nonce=begun.nonce,
                redirect_uri=redirect,
                **more,
            )
        return str(url)

    async def claims(self, begun: Begun, redirect: str, code: str) -> Mapping[str, Any]:
        """Return what the provider says of who has signed in, checked.

        Args:
            begun: with whom they come back.
            redirect: as it was for ``address``.
            code: what they bring.

        Raises:
            ProviderError: the provider does not answer as one.
            SignInError: there is nothing that can be believed.
        """
        known = await self._know()
        async with self._client(known) as client:
            token = await self._exchange(client, known, begun, redirect, code)
            expected = Expected(
                provider=self.registration.name,
                issuer=known.metadata["issuer"],
                client_id=self.registration.client_id,
                nonce=begun.nonce,
                access_token=str(token.get("access_token", "")),
            )
            text = str(token.get("id_token", ""))
            try:
                claims = read_id_token(text, known.keys, expected)
            except InvalidKeyIdError:  # a key that is newer than what we know
                claims = await self._read_with_new_keys(known, text, expected)
            return _joined(claims, await self._user_info(client, known, claims))

    async def sign_out_address(self, redirect: str) -> str | None:
        """Return where a browser goes to be signed out at the provider; None if the provider has no such place.

        The provider asks there who it is: no token is kept that would name them (RP-Initiated Logout 1.0, 2).

        Args:
            redirect: where it comes back to.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        endpoint = str((await self._know()).metadata.get("end_session_endpoint"))
        if not is_safe(endpoint):
            return None
        sent = {"client_id": self.registration.client_id, "post_logout_redirect_uri": redirect}
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(sent)}"

    async def count_keys(self) -> int:
        """Ask the provider anew, and return how many keys it has.

        Raises:
            ProviderError: it does not answer as one.
        """
        self._known = None
        return len((await self._know()).keys.keys)

    @property
    def issuer(self) -> str:
        """What the provider calls itself, as it was set."""
        return self.registration.issuer

    async def _exchange(
        self, client: AsyncOAuth2Client, known: Known, begun: Begun, redirect: str, code: str
    ) -> Mapping[str, Any]:
        shown = {"code_verifier": begun.verifier} if self._has_pkce(known) else {}
        try:
            token = await client.fetch_token(
                known.metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect,
                **shown,
            )
        except httpx2.HTTPError as error:
            raise self._fault(_UNREACHABLE, error) from None
        except AuthlibBaseError as error:
            self._log(error)
            raise SignInError(Sentence(_NOT_CONFIRMED, provider=self.registration.name)) from None
        except (ValueError, TypeError) as error:  # what it sent is no JSON, or not of the form of a token
            raise self._fault(_NO_PROVIDER, error) from None
        if not isinstance(token, dict):
            raise self._fault(_NO_PROVIDER, TypeError("what it sent is no JSON object"))
        return token

    async def _user_info(
        self, client: AsyncOAuth2Client, known: Known, claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what else the provider says of them; some say names, addresses or groups nowhere but there."""
        endpoint = known.metadata.get("userinfo_endpoint")
        role_claim = self.registration.role_claim
        has_role = not role_claim or role_claim in claims or role_claim.partition(".")[0] in claims
        is_whole = has_role and {"name", "email"} <= claims.keys()
        if not endpoint or not client.token.get("access_token") or is_whole:
            return {}
        told = await self._get(client, endpoint, withhold_token=False)
        if told.get("sub") != claims["sub"]:  # OpenID Connect Core, 5.3.2: it may be about somebody else
            raise self._fault(_NO_PROVIDER, ValueError("it told of somebody else"))
        return told

    async def _read_with_new_keys(self, known: Known, text: str, expected: Expected) -> Mapping[str, Any]:
        if time.monotonic() - known.at < _ASK_AGAIN_SECONDS:
            return read_id_token(text, known.keys, expected, is_last=True)
        self._known = None
        return read_id_token(text, (await self._know()).keys, expected, is_last=True)

    async def _know(self) -> Known:
        asked_at = time.monotonic()
        async with self._lock:
            if self._failure and self._failed_at >= asked_at:  # whoever waited for that need not wait once more
                raise ProviderError(*self._failure)
            if self._known is None or time.monotonic() - self._known.at > _KEEP_SECONDS:
                try:
                    self._known = await self._discover()
                except ProviderError as error:
                    self._failure, self._failed_at = (error.args[0], error.reason), time.monotonic()
                    raise
            return self._known

    async def _discover(self) -> Known:
        async with self._client(None) as client:
            issuer = self.registration.issuer.rstrip("/")
            metadata = await self._get(client, f"{issuer}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if str(metadata.get("issuer")).rstrip("/") != issuer:
                raise self._fault(_NO_PROVIDER, ValueError("it calls itself another issuer"))
            if wrong := [name for name in needed if not is_safe(str(metadata.get(name)))]:
                raise self._fault(_NO_PROVIDER, ValueError(f"its {wrong[0]} is missing, or no address with https"))
            if (endpoint := metadata.get("userinfo_endpoint")) and not is_safe(str(endpoint)):
                raise self._fault(_NO_PROVIDER, ValueError("its userinfo_endpoint is no address with https"))
            told = await self._get(client, metadata["jwks_uri"])
        keys = [key for one in _listed(told) if (key := _signing_key(one)) is not None]
        if not keys:
            raise self._fault(_NO_PROVIDER, ValueError("it has no key for signatures"))
        return Known(metadata=metadata, keys=KeySet(keys), at=time.monotonic())

    async def _get(self, client: AsyncOAuth2Client, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
        try:
            response = await client.request("GET", url, withhold_token=withhold_token)
            response.raise_for_status()
            told = response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            is_theirs = isinstance(error, httpx2.HTTPStatusError) and error.response.status_code < 500
            raise self._fault(_NO_PROVIDER if is_theirs else _UNREACHABLE, error) from None
        except (ValueError, AuthlibBaseError) as error:
            raise self._fault(_NO_PROVIDER, error) from None
        if not isinstance(told, dict):
            raise self._fault(_NO_PROVIDER, TypeError("what it sent is no JSON object"))
        return told

    def _client(self, known: Known | None) -> AsyncOAuth2Client:
        secret = self.registration.client_secret.get_secret_value()
        methods = known.metadata.get("token_endpoint_auth_methods_supported") if known else None
        is_basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return AsyncOAuth2Client(
            client_id=self.registration.client_id,
            client_secret=secret,
            token_endpoint_auth_method="client_secret_basic" if is_basic else "client_secret_post",
            scope=self.registration.scopes,
            code_challenge_method="S256" if self._has_pkce(known) else None,
            leeway=0,  # what it gives is used at once
            timeout=TIMEOUT_SECONDS,
        )

    def _has_pkce(self, known: Known | None) -> bool:
        told = known.metadata.get("code_challenge_methods_supported") if known else None
        return "S256" in told if isinstance(told, list) else self.registration.has_quiet_pkce

    def _fault(self, sentence: str, error: Exception) -> ProviderError:
        self._log(error)
        return ProviderError(Sentence(sentence, provider=self.registration.name), _kind(error))

    def _log(self, error: Exception) -> None:
        log.warning("oidc.failed", provider=self.registration.key, kind=_kind(error))


def _joined(claims: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a token says, and what it leaves out as the page about people tells it.

    An address and whether it is verified come from one of them: the page may be about another address.
    """
    pair = {"email", "email_verified"}
    source = told if "email" in told and not pair <= claims.keys() else claims
    return {**told, **claims, **{name: source.get(name) for name in pair}}


def _listed(told: Mapping[str, Any]) -> list[Any]:
    keys = told.get("keys")
    return keys if isinstance(keys, list) else []


def _signing_key(told: object) -> Key | None:
    """Return a key that is for signatures; None for one that is not, or of a kind that nobody here knows."""
    if not isinstance(told, dict) or told.get("use", "sig") != "sig" or told.get("kty") == "oct":
        return None
    try:
        return import_key(told)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _kind(error: Exception) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"status {error.response.status_code}"
    if type(error) in (
        ValueError,
        TypeError,
    ):  # our own words, or those of the reader of JSON, which quote nothing
        return str(error)
    return type(error).__name__
