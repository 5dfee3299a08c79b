"""Secrets in addresses: where they hide, and an address as it may be shown.

Works on any ``scheme://user:password@host/path?key=value``; this module does not know what the schemes mean.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

_USER_INFO = re.compile(r"(?<=://)[^\s/?#]+(?=@)")

_SECRET_KEY = re.compile(r"pass(?!file$)|pwd|secret|token|credential", re.IGNORECASE)
"""Parts of the names under which drivers take secrets, such as ``password`` and ``sslpassword``; the name of a
file that holds one (``passfile``) is none."""


def secrets_of(address: str) -> list[str]:
    """Return the password of an address, as it is written there and as it is meant."""
    found = _USER_INFO.search(address)
    password = found[0].partition(":")[2] if found else ""
    return list(dict.fromkeys((password, unquote(password)))) if password else []


def secret_keys(address: str) -> list[str]:
    """Return the keys in the query of an address that hold a secret."""
    pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return [key for key, _ in pairs if _SECRET_KEY.search(key)]


def without_user(text: str) -> str:
    """Return a text in which no address names its user or password."""
    return _USER_INFO.sub("…", text)


def without_host(address: str) -> str:
    """Return the address of a database without whose and where it is: scheme and name of the database."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{'…' if parts.netloc else ''}{parts.path}"
