"""A provider over HTTP: how it is asked, and the error if it does not answer like one. An error is one sentence;
the log has a word for its kind, and nothing of what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from supportbot.access.errors import ProviderError
from supportbot.access.oidc.registration import Registration
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 10.0
"""For each request; somebody waits before an empty page."""

UNREACHABLE = N_(
    "{provider} can't be reached right now. Try again in a minute, or sign in with a link from an admin."
)
NO_PROVIDER = N_(
    "{provider} doesn't respond as a sign-in provider. An admin can run `supportbot doctor` on the bot's "
    "machine to see what is wrong."
)


class Client:
    """Asks one provider.

    Args:
        registration: how the console is known there.
    """

    def __init__(self, registration: Registration) -> None:
        self._registration = registration

    def open(self, metadata: Mapping[str, Any] | None = None) -> AsyncOAuth2Client:
        """Return what speaks to it, to be closed; ``metadata`` is what it says of itself, where that is known."""
        told = metadata or {}
        methods = told.get("token_endpoint_auth_methods_supported")
        is_basic = not isinstance(methods, list) or "client_secret_basic" in methods
        return AsyncOAuth2Client(
            client_id=self._registration.client_id,
            client_secret=self._registration.client_secret.get_secret_value(),
            token_endpoint_auth_method="client_secret_basic" if is_basic else "client_secret_post",
            scope=self._registration.scopes,
            code_challenge_method="S256" if self.has_pkce(told) else None,
            leeway=0,  # what it gives is used at once
            timeout=TIMEOUT_SECONDS,
        )

    def has_pkce(self, metadata: Mapping[str, Any]) -> bool:
        """Return whether it takes PKCE's verifier."""
        told = metadata.get("code_challenge_methods_supported")
        return "S256" in told if isinstance(told, list) else self._registration.has_quiet_pkce

    async def get(self, client: AsyncOAuth2Client, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
        """Return the JSON object at an address.

        Raises:
            ProviderError: there is none.
        """
        try:
            response = await client.request("GET", url, withhold_token=withhold_token)
            response.raise_for_status()
            told = response.json()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            is_theirs = isinstance(error, httpx2.HTTPStatusError) and error.response.status_code < 500
            raise self.fault(NO_PROVIDER if is_theirs else UNREACHABLE, error) from None
        except (ValueError, AuthlibBaseError) as error:
            raise self.fault(NO_PROVIDER, error) from None
        if not isinstance(told, dict):
            raise self.fault(NO_PROVIDER, TypeError("it did not send a JSON object"))
        return told

    def fault(self, sentence: str, error: Exception) -> ProviderError:
        """Return what to raise, having told the log of it."""
        self.note(error)
        return ProviderError(Sentence(sentence, provider=self._registration.name), _kind(error))

    def note(self, error: Exception) -> None:
        """Tell the log what kind of fault it was."""
        log.warning("oidc.failed", provider=self._registration.key, kind=_kind(error))


def _kind(error: Exception) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        return f"status {error.response.status_code}"
    # Our own words, or those of the reader of JSON, which quote nothing.
    return str(error) if type(error) in (ValueError, TypeError) else type(error).__name__
