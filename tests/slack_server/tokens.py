"""Which token is whose: those that every workspace gives an app that is installed there, and how they end."""

from __future__ import annotations

import base64
import secrets

from aiohttp import web

from tests.slack_server.records import Json
from tests.slack_server.state import APP, TEAM, TEAMS, Team

CLIENT_ID = "1234567890.0987654321"
CLIENT_SECRET = "fedcba9876543210fedcba9876543210"
INSTALLER = "U0INSTALLER"


class TokenError(Exception):
    """Slack's name of what is wrong with a token, a code or the app's secret."""


class Tokens:
    """All of them.

    Args:
        bot_token: of the first workspace, which stays.

    Attributes:
        expires_in: seconds that a token is said to last; None for tokens that stay.
        granted: the scopes of those that are given; nothing says nothing of them.
    """

    def __init__(self, bot_token: str) -> None:
        self._teams = {bot_token: TEAM}
        self._ended: dict[str, str] = {}
        self._codes: dict[str, tuple[str, bool]] = {}
        self._refreshing: dict[str, str] = {}
        self.expires_in: int | None = None
        self.granted = ""

    def team_of(self, token: str) -> Team:
        """Return the workspace of a bot token.

        Raises:
            TokenError: it is none.
        """
        if token in self._ended:
            raise TokenError(self._ended[token])
        if token not in self._teams:
            raise TokenError("invalid_auth" if token else "not_authed")
        return TEAMS[self._teams[token]]

    def allow(self, team: str, *, org_wide: bool = False) -> str:
        """Have somebody allow the app in their workspace; return the code that their browser brings back."""
        code = f"1.2.{secrets.token_hex(8)}"
        self._codes[code] = team, org_wide
        return code

    def end(self, team: str, why: str) -> None:
        """Let the tokens of a workspace end."""
        for token in [token for token, its in self._teams.items() if its == team]:
            del self._teams[token]
            self._ended[token] = why

    def revoke(self, token: str) -> None:
        """Let one token end."""
        del self._teams[token]
        self._ended[token] = "token_revoked"

    def access(self, request: web.Request, arguments: Json) -> Json:
        """Answer ``oauth.v2.access``.

        Raises:
            TokenError: it is refused.
        """
        proof = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {proof}":
            raise TokenError("bad_client_secret")
        org_wide = False
        if arguments.get("grant_type") == "refresh_token":
            team = self._refreshing.pop(str(arguments.get("refresh_token")), "")
            if not team:
                raise TokenError("invalid_refresh_token")
        else:
            team, org_wide = self._codes.pop(str(arguments.get("code")), ("", False))
            if not team:
                raise TokenError("invalid_code")
        return self._given(team, org_wide=org_wide)

    def _given(self, team: str, *, org_wide: bool) -> Json:
        token = f"xoxb-{team.lower()}-{secrets.token_hex(8)}"
        self._teams[token] = team
        answer: Json = {
            "access_token": token,
            "token_type": "bot",
            "scope": self.granted,
            "bot_user_id": TEAMS[team].bot_user,
            "app_id": APP,
            "team": None if org_wide else {"id": team, "name": TEAMS[team].name},
            "enterprise": {"id": "E1", "name": "Enterprise"} if org_wide else None,
            "authed_user": {"id": INSTALLER},
            "is_enterprise_install": org_wide,
        }
        if self.expires_in is not None:
            refresh = f"xoxe-1-{secrets.token_hex(8)}"
            self._refreshing[refresh] = team
            answer |= {"refresh_token": refresh, "expires_in": self.expires_in}
        return answer
