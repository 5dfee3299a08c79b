"""A sign-in that has begun: a cookie ties its end to the browser in which it began.

The cookie holds one random number under a signature with a time. The state, the nonce and PKCE's verifier are
derived from it with a key that only the bot has, so the cookie reveals neither nonce nor verifier. Nothing has to
be stored for sign-ins that strangers begin and never finish.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from itsdangerous import BadData, TimestampSigner

from supportbot.access.errors import SignInError
from supportbot.access.secret import new_secret
from supportbot.words import N_

SECONDS = 600
"""Within which whoever went to a provider comes back."""

NOT_BEGUN = N_("This sign-in started in another browser, or more than ten minutes ago. Please start again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A sign-in in progress.

    Attributes:
        cookie: what its browser keeps.
        state: what comes back in the address.
        nonce: what comes back in the ID token.
        verifier: what is shown for the code; of PKCE.
    """

    cookie: str
    state: str
    nonce: str
    verifier: str


class Beginning:
    """Begins sign-ins, and knows them again.

    Args:
        key: of this database, so all daemons know what one of them began.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._signer = TimestampSigner(key, salt="supportbot.oidc", digest_method=hashlib.sha256)

    def begin(self, provider: str) -> Begun:
        """Begin a sign-in with a provider."""
        number = new_secret()
        return self._begun(provider, number, self._signer.sign(f"{provider}:{number}").decode("ascii"))

    def resume(self, provider: str, cookie: str, state: str) -> Begun:
        """Return the sign-in that a browser comes back with.

        Args:
            provider: where it comes from.
            cookie: what it kept.
            state: the one in the address.

        Raises:
            SignInError: it began elsewhere, too long ago, or with another provider.
        """
        try:
            named, _, number = self._signer.unsign(cookie, max_age=SECONDS).decode("ascii").partition(":")
        except (BadData, UnicodeError):
            raise SignInError(NOT_BEGUN) from None
        begun = self._begun(provider, number, cookie)
        if named != provider or not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace")):
            raise SignInError(NOT_BEGUN)
        return begun

    def _begun(self, provider: str, number: str, cookie: str) -> Begun:
        def derived(purpose: str) -> str:
            return hmac.new(self._key, f"oidc:{purpose}:{provider}:{number}".encode(), "sha256").hexdigest()

        return Begun(cookie=cookie, state=derived("state"), nonce=derived("nonce"), verifier=derived("verifier"))
