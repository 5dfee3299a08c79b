"""Whether an ID token can be believed: who signed it, who it is from and for, when, and for which sign-in.

OpenID Connect Core, 3.1.3.7. The signature is checked by joserfc, the claims by Authlib.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from supportbot.access.errors import SignInError
from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

LEEWAY_SECONDS = 60
"""How far two clocks may be apart."""

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with a key that the provider alone has: never "none", and none with a secret that we have too."""

_UNTRUSTED = N_(
    "The response from {provider} can't be trusted, so you were not signed in. Please start again. If this "
    "happens again, tell an admin."
)
_EXPIRED = N_(
    "The response from {provider} has expired. Please start again. If this happens again, the clock on the "
    "bot's machine may be wrong."
)
_EARLY = N_(
    "The response from {provider} is not valid yet. The clock on the bot's machine or at the provider is "
    "wrong. An admin can set it."
)
_FOR_ANOTHER = N_(
    "The response from {provider} is for another application. An admin can check the client ID in the bot's "
    "settings."
)
_WRONG = {"iat": _EARLY, "nbf": _EARLY, "aud": _FOR_ANOTHER, "azp": _FOR_ANOTHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token has to say.

    Attributes:
        provider: what people call it.
        issuer: who it is from.
        client_id: who it is for.
        nonce: of the sign-in.
        access_token: which came with it, and whose digest it may have; empty for none.
    """

    provider: str
    issuer: str
    client_id: str
    nonce: str
    access_token: str


def read_id_token(text: str, keys: KeySet, expected: Expected, *, is_last: bool = False) -> Mapping[str, Any]:
    """Return the claims of an ID token that can be believed.

    Args:
        text: the token.
        keys: of the provider.
        expected: what it has to say.
        is_last: whether there are no newer keys, so that an unknown one is refused.

    Raises:
        SignInError: it can't be believed; the sentence says why.
        InvalidKeyIdError: it names a key that is not among ``keys``.
    """
    try:
        token = jwt.decode(text, keys, registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False))
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": expected.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": expected.client_id},
            },
            {
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": expected.access_token,
            },
        )
        claims.validate(leeway=LEEWAY_SECONDS)
    except InvalidKeyIdError as error:
        if not is_last:
            raise
        raise _refusal(_UNTRUSTED, error, expected) from None
    except ExpiredTokenError as error:
        raise _refusal(_EXPIRED, error, expected) from None
    except ClaimError as error:
        is_there = isinstance(error, InvalidClaimError)
        raise _refusal(_WRONG.get(error.claim, _UNTRUSTED) if is_there else _UNTRUSTED, error, expected) from None
    except (JoseError, ValueError, TypeError) as error:
        raise _refusal(_UNTRUSTED, error, expected) from None
    return dict(claims)


def _refusal(sentence: str, error: Exception, expected: Expected) -> SignInError:
    claim = error.claim if isinstance(error, ClaimError) else ""
    log.warning("oidc.refused", kind=type(error).__name__, claim=claim)
    return SignInError(Sentence(sentence, provider=expected.provider))
