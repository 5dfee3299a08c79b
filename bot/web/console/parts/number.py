"""Numbers of rows in an address, which anybody can type by hand."""

from __future__ import annotations

_MOST = 2**63 - 1
"""What databases number rows up to."""


def read_number(text: str) -> int | None:
    """Return the number of a row; None for a text that can't be one."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MOST))
    return number if is_number and (number := int(text)) <= _MOST else None
