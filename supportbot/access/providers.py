"""Signing in with a provider, from the button to the session: who comes back, and in which role.

The role is determined again each time. A person without one is told so, and loses an earlier one; a removed person
stays removed, whatever the provider says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supportbot.access.attempts import Attempts
from supportbot.access.errors import ProviderError, SignInError
from supportbot.access.oidc.accounts import account_of, admit, withdraw
from supportbot.access.oidc.begun import NOT_BEGUN, Beginning
from supportbot.access.oidc.claimed import read_claims, slack_team
from supportbot.access.oidc.registration import SLACK, Claimed, Registration, callback_path, registrations
from supportbot.access.operators import subject_of
from supportbot.access.sessions import begin
from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.clock import now
from supportbot.db.models import OperatorAccount
from supportbot.db.session import Database
from supportbot.db.shared_key import page_key
from supportbot.words import N_, Sentence

if TYPE_CHECKING:
    from supportbot.access.oidc.provider import Provider
    from supportbot.access.oidc.slack import SlackTeams

_NOT_ALLOWED = N_("{provider} didn't sign you in. Please start again, and allow access there.")
_NO_ROLE = N_(
    "You are signed in at {provider}, but you have no role in this console. An admin can give you one in the "
    "bot's settings or at {provider}."
)
_ENDED = N_("Your access to this console has ended. An admin can restore it under Settings.")
_OTHER_TEAM = N_(
    "The bot is not installed in the Slack workspace you signed in with. Start again and choose a workspace "
    "that has the bot."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where a browser goes to sign in, and what it keeps until it comes back."""

    address: str
    cookie: str


class Providers:
    """Those that are set.

    Args:
        database: where people and sessions are kept.
        settings: of this process; None for no providers.
    """

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        self._database = database
        self._attempts = Attempts(database)
        self._providers: dict[str, Provider] = {}
        self._teams: SlackTeams | None = None
        if settings and (found := registrations(settings)):
            # Half a second of imports, for those who sign in like this alone.
            from supportbot.access.oidc.provider import Provider
            from supportbot.access.oidc.slack import SlackTeams

            self._providers = {one.key: Provider(one) for one in found}
            self._teams = SlackTeams(settings, database) if SLACK in self._providers else None

    def offered(self, *, is_secure: bool) -> list[Registration]:
        """Return the providers with which one can sign in from here.

        Args:
            is_secure: whether the console was opened over https.
        """
        found = [provider.registration for provider in self._providers.values()]
        return [one for one in found if is_secure or not one.is_https_only]

    async def begin(self, key: str, redirect: str) -> Departure:
        """Begin to sign somebody in.

        Args:
            key: of a provider that is offered.
            redirect: the address to which it sends them back.

        Raises:
            ProviderError: it does not answer as one.
        """
        begun = Beginning(await page_key(self._database)).begin(key)
        teams = await self._teams.ids() if self._teams and key == SLACK else frozenset()
        more = {"team": min(teams)} if len(teams) == 1 else {}  # so Slack does not ask which
        address = await self._providers[key].address(begun, redirect, **more)
        return Departure(address=address, cookie=begun.cookie)

    async def finish(self, key: str, redirect: str, *, cookie: str, sent: Mapping[str, str], source: str) -> str:
        """Sign somebody in who comes back, and return the secret of the session that begins.

        Args:
            key: of the provider.
            redirect: the address to which it sent them.
            cookie: what their browser kept.
            sent: the parameters of the address.
            source: where they come from; a source that failed too often has to wait.

        Raises:
            SignInError: they are not signed in; the sentence says why.
            OperatorError: there is no name left for them.
        """
        await self._attempts.check(source)
        try:
            claimed = await self._claimed(key, redirect, cookie, sent)
            return await self._admitted(self._providers[key].registration, claimed)
        except ProviderError:  # nothing that they did
            raise
        except SignInError:
            await self._attempts.failed(source)
            raise

    async def sign_out_address(self, operator_id: int, origin: str) -> str | None:
        """Return where a browser goes to be signed out at the provider of somebody as well.

        Args:
            operator_id: who signs out.
            origin: under which the console is open; the provider sends them back to it.

        Returns:
            None if they come by links, or the provider has no such place, or cannot be reached at this moment.
        """
        if not self._providers:
            return None
        async with self._database.read() as session:
            account = await session.get_one(OperatorAccount, operator_id)
        issuer = (account.identity or "").partition(" ")[0].rstrip("/")
        for key, provider in self._providers.items():
            if issuer == provider.issuer.rstrip("/"):
                try:
                    return await provider.sign_out_address(f"{origin}{callback_path(key)}")
                except ProviderError:  # they are signed out here anyway; the log has why
                    return None
        return None

    async def _claimed(self, key: str, redirect: str, cookie: str, sent: Mapping[str, str]) -> Claimed:
        provider = self._providers[key]
        begun = Beginning(await page_key(self._database)).resume(key, cookie, sent.get("state", ""))
        # RFC 9207: what another provider sent back is not for this one.
        if "iss" in sent and sent["iss"].rstrip("/") != provider.issuer.rstrip("/"):
            raise SignInError(NOT_BEGUN)
        if not sent.get("code"):
            raise SignInError(Sentence(_NOT_ALLOWED, provider=provider.registration.name))
        claims = await provider.claims(begun, redirect, sent["code"])
        if self._teams and key == SLACK and slack_team(claims) not in await self._teams.ids():
            raise SignInError(_OTHER_TEAM)
        return read_claims(claims, provider.registration)

    async def _admitted(self, registration: Registration, claimed: Claimed) -> str:
        """Begin a session for whoever has a role; of anybody else the audit tells."""
        role = registration.rules.role_of(claimed)
        async with self._database.write() as session:
            row = await account_of(session, claimed)
            has_ended = row is not None and row.ended_at is not None
            if role is not None and not has_ended:
                row = await admit(session, claimed, role)
                details = {"provider": registration.key}
                audit.record(
                    session, actor=row.name, action="operator.sign_in", subject=subject_of(row), details=details
                )
                return begin(session, row, await now(session))
            if row is not None and not has_ended:
                await withdraw(session, row)
            audit.record(
                session,
                actor=row.name if row else claimed.identity,
                action="operator.refuse",
                subject=subject_of(row) if row else f"provider:{registration.key}",
                details={"reason": "ended" if has_ended else "no role"},
            )
        raise SignInError(_ENDED if has_ended else Sentence(_NO_ROLE, provider=registration.name))
