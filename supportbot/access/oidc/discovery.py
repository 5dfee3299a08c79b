"""What a provider says of itself, and the keys it signs with (OpenID Connect Discovery 1.0), kept for an hour."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key

from supportbot.access.errors import ProviderError
from supportbot.access.oidc.client import NO_PROVIDER, Client
from supportbot.config.sign_in import is_safe

_KEEP_SECONDS = 3600.0
"""What a provider says of itself holds so long. Keys that it adds meanwhile are asked for when one is missing."""

_ASK_AGAIN_SECONDS = 10.0
"""Unknown keys are asked for no more often: a token can name any."""

_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a provider says of itself, and its keys."""

    metadata: Mapping[str, Any]
    keys: KeySet
    at: float


class Discovery:
    """Keeps what is known of one provider.

    Args:
        issuer: as it names itself.
        client: asks it.
    """

    def __init__(self, issuer: str, client: Client) -> None:
        self._issuer = issuer.rstrip("/")
        self._client = client
        self._known: Known | None = None
        self._lock = asyncio.Lock()
        self._failure: tuple[str, str] | None = None
        self._failed_at = 0.0

    async def know(self) -> Known:
        """Return what is known, having asked if necessary.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        asked_at = time.monotonic()
        async with self._lock:
            if self._failure and self._failed_at >= asked_at:  # whoever waited for that need not wait once more
                raise ProviderError(*self._failure)
            if self._known is None or time.monotonic() - self._known.at > _KEEP_SECONDS:
                try:
                    self._known = await self.ask()
                except ProviderError as error:
                    self._failure, self._failed_at = (error.args[0], error.reason), time.monotonic()
                    raise
            return self._known

    async def newer_than(self, known: Known) -> Known | None:
        """Return what is known where a key is missing; None where that was asked a moment ago.

        Raises:
            ProviderError: the provider does not answer as one.
        """
        if time.monotonic() - known.at < _ASK_AGAIN_SECONDS:
            return None
        self._known = None
        return await self.know()

    async def ask(self) -> Known:
        """Ask the provider again.

        Raises:
            ProviderError: it does not answer as one.
        """
        async with self._client.open() as client:
            metadata = await self._client.get(client, f"{self._issuer}/.well-known/openid-configuration")
            if str(metadata.get("issuer")).rstrip("/") != self._issuer:
                raise self._wrong("it calls itself another issuer")
            if wrong := [name for name in _NEEDED if not is_safe(str(metadata.get(name)))]:
                raise self._wrong(f"its {wrong[0]} is missing or not an address with https")
            if (endpoint := metadata.get("userinfo_endpoint")) and not is_safe(str(endpoint)):
                raise self._wrong("its userinfo_endpoint is not an address with https")
            told = (await self._client.get(client, metadata["jwks_uri"])).get("keys")
        listed = told if isinstance(told, list) else []
        keys = [key for one in listed if (key := _signing_key(one)) is not None]
        if not keys:
            raise self._wrong("it has no key for signatures")
        return Known(metadata=metadata, keys=KeySet(keys), at=time.monotonic())

    def _wrong(self, what: str) -> ProviderError:
        return self._client.fault(NO_PROVIDER, ValueError(what))


def _signing_key(told: object) -> Key | None:
    """Return a key that is for signatures; None for one that is not, or of a kind that nobody here knows."""
    if not isinstance(told, dict) or told.get("use", "sig") != "sig" or told.get("kty") == "oct":
        return None
    try:
        return import_key(told)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
