"""What a log blacks out: the values of secret settings, and whatever has the shape of a token.

Shapes are there for tokens that no setting holds, such as those with which a platform lets one question be
answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

_TOKEN = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}"  # Slack
    r"|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # Discord bot tokens
    r"|aW50ZXJhY3Rpb246[\w+/=-]*"  # Discord interaction tokens: what they begin with is base64 of "interaction:"
    r"|(?<=/webhooks/)\d+/[\w%-]{20,}"  # Discord interaction and webhook tokens in addresses
    r"|(?<=/interactions/)\d+/[\w%-]{20,}"
    r"|(?<=token['\"]: ['\"])[^'\"]+"  # any token in a record that is written out, as in a question's reply_to
    r"|(?<=[?&]ticket=)[\w-]+"  # Slack's WebSocket tickets
    r"|(?<=hooks\.slack\.com/)[\w/-]+"  # Slack's response addresses, with which anybody may answer for a while
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user and password in any address
)
_BLACKED_OUT = "[secret]"


class Redactor:
    """Hides secrets in texts.

    Args:
        secrets: the values to hide wherever they appear, as they are and as an address writes them.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        spellings = {spelling for secret in secrets if secret for spelling in (secret, quote(secret, safe=""))}
        values = sorted(map(re.escape, spellings), key=len, reverse=True)
        self._pattern = re.compile("|".join([*values, _TOKEN.pattern]))

    def clean(self, text: str) -> str:
        """Return the text with every secret blacked out."""
        return self._pattern.sub(_BLACKED_OUT, text)
