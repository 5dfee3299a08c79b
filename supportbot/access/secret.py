"""Secrets that are given away and come back: the database keeps digests, from which nobody gets back to them.

A plain digest is enough for 256 random bits: there is nothing to guess, so nothing to slow down or to salt.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits, as text that fits into an address."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """Return under what the database knows a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(session: str) -> str:
    """Return what the forms of a session carry; other sites cannot know it, and it does not tell the session."""
    return hmac.new(session.encode(), b"form", "sha256").hexdigest()
