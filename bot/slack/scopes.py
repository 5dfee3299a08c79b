"""Permissions (scopes) that the app lacks, said to the operator: at the start, and when a call is refused for one.

Every message may cause a refused call, so each missing scope is logged once a day. It is remembered, and admins
see it in the Home tab and with `supportbot doctor`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from importlib.resources import files

import structlog
import yaml

from supportbot.words import N_, Sentence

log = structlog.get_logger(__name__)

_SAY_AGAIN_SECONDS = 24 * 3600.0
_REMEDY = (
    "update the app with the manifest that comes with the bot (bot/slack/manifest.yaml), "
    "and install it to the workspace again"
)
_LACKS = N_(
    "The app lacks scopes: {scopes}. To fix this, update the app with the manifest that comes with the bot "
    "(bot/slack/manifest.yaml), and reinstall it to the workspace."
)
_NAMES = re.compile(r"[a-z][a-z:._-]*(?: *, *[a-z][a-z:._-]*)*")


class Scopes:
    """What was said already.

    Args:
        clock: seconds that only grow.
        on_change: called whenever ``sentence`` may have changed, and with the first answer that tells of scopes.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        on_change: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._said: dict[str, float] = {}
        self._lacking: dict[str, None] = {}

    @property
    def sentence(self) -> str:
        """What the app lacks and how to fix it, in one sentence; empty if it lacks nothing that is known."""
        return Sentence(_LACKS, scopes=", ".join(self._lacking)) if self._lacking else ""

    def note(self, method: str, answer: object) -> None:
        """Say which scope an answer of the Web API asks for, if that is why the call was refused."""
        match answer:
            case {"error": "missing_scope", "needed": str(needed)} if _NAMES.fullmatch(needed):
                now = self._clock()
                self._lack({**self._lacking, **dict.fromkeys(name.strip() for name in needed.split(","))})
                if now - self._said.get(needed, -_SAY_AGAIN_SECONDS) >= _SAY_AGAIN_SECONDS:
                    self._said[needed] = now
                    log.warning("slack.scope_missing", needed=needed, call=method, remedy=_REMEDY)

    def compare(self, headers: Mapping[str, str]) -> None:
        """Say which scopes of the manifest a token lacks, by the headers of an answer; they need not tell."""
        if granted := headers.get("x-oauth-scopes"):
            has = {name.strip() for name in granted.split(",")}
            lacking = [name for name in wanted_scopes() if name not in has]
            self._lack(dict.fromkeys(lacking), is_first=True)
            if lacking:
                log.warning("slack.scopes_missing", needed=", ".join(lacking), remedy=_REMEDY)

    def _lack(self, lacking: dict[str, None], *, is_first: bool = False) -> None:
        if is_first or lacking != self._lacking:
            self._lacking = lacking
            self._on_change(self.sentence)


def wanted_scopes() -> list[str]:
    """Return the scopes of the manifest."""
    manifest = yaml.safe_load(files("bot.slack").joinpath("manifest.yaml").read_text("utf-8"))
    scopes: list[str] = manifest["oauth_config"]["scopes"]["bot"]
    return scopes
