"""A provider as people sign in with it: where they go, whom it says has signed in, and where they sign out.

It knows neither operators nor roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import InvalidKeyIdError

from supportbot.access.errors import SignInError
from supportbot.access.oidc.begun import Begun
from supportbot.access.oidc.client import NO_PROVIDER, UNREACHABLE, Client
from supportbot.access.oidc.discovery import Discovery, Known
from supportbot.access.oidc.id_token import Expected, read_id_token
from supportbot.access.oidc.registration import Registration
from supportbot.config.sign_in import is_safe
from supportbot.words import N_, Sentence

_NOT_CONFIRMED = N_(
    "{provider} didn't confirm the sign-in. Please start again. If this happens again, an admin can check "
    "that the client ID and client secret match."
)


class Provider:
    """One provider, asked over HTTP.

    Args:
        registration: how the console is known there.
    """

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        self._client = Client(registration)
        self._discovery = Discovery(registration.issuer, self._client)

    async def address(self, begun: Begun, redirect: str, **more: str) -> str:
        """Return where a browser goes to sign in.

        Args:
            begun: what ties its return to it.
            redirect: where it comes back to.
            more: parameters of this provider's own.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        known = await self._discovery.know()
        async with self._client.open(known.metadata) as client:
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
        known = await self._discovery.know()
        async with self._client.open(known.metadata) as client:
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
                newer = await self._discovery.newer_than(known) or known
                claims = read_id_token(text, newer.keys, expected, is_last=True)
            return _joined(claims, await self._user_info(client, known, claims))

    async def sign_out_address(self, redirect: str) -> str | None:
        """Return where a browser goes to be signed out at the provider; None if the provider has no such place.

        The provider asks there who it is: no token is kept that would name them (RP-Initiated Logout 1.0, 2).

        Args:
            redirect: where it comes back to.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        endpoint = str((await self._discovery.know()).metadata.get("end_session_endpoint"))
        if not is_safe(endpoint):
            return None
        sent = {"client_id": self.registration.client_id, "post_logout_redirect_uri": redirect}
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(sent)}"

    async def count_keys(self) -> int:
        """Ask the provider again, and return how many keys it has.

        Raises:
            ProviderError: it does not answer as one.
        """
        return len((await self._discovery.ask()).keys.keys)

    @property
    def issuer(self) -> str:
        """What the provider calls itself, as it was set."""
        return self.registration.issuer

    async def _exchange(
        self, client: AsyncOAuth2Client, known: Known, begun: Begun, redirect: str, code: str
    ) -> Mapping[str, Any]:
        shown = {"code_verifier": begun.verifier} if self._client.has_pkce(known.metadata) else {}
        try:
            token = await client.fetch_token(
                known.metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect,
                **shown,
            )
        except httpx2.HTTPError as error:
            raise self._client.fault(UNREACHABLE, error) from None
        except AuthlibBaseError as error:
            self._client.note(error)
            raise SignInError(Sentence(_NOT_CONFIRMED, provider=self.registration.name)) from None
        except (ValueError, TypeError) as error:  # what it sent is no JSON, or not of the form of a token
            raise self._client.fault(NO_PROVIDER, error) from None
        if not isinstance(token, dict):
            raise self._client.fault(NO_PROVIDER, TypeError("it did not send a JSON object"))
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
        told = await self._client.get(client, endpoint, withhold_token=False)
        if told.get("sub") != claims["sub"]:  # OpenID Connect Core, 5.3.2: it may be about somebody else
            raise self._client.fault(NO_PROVIDER, ValueError("it described another person"))
        return told


def _joined(claims: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a token says, and what it leaves out as the page about people tells it.

    An address and whether it is verified come from one of them: the page may be about another address.
    """
    pair = {"email", "email_verified"}
    source = told if "email" in told and not pair <= claims.keys() else claims
    return {**told, **claims, **{name: source.get(name) for name in pair}}
