"""The way to a provider of sign-in and back: two addresses for each, which only pass on what a browser brings.

The way there is a link and no form: browsers that follow a form look at where it leads in the end as well, and the
security policy lets forms lead nowhere else. Nothing is lost by that, since only who began can finish.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.web.console.entrance.cookies import begun_in, forget_begun, keep_begun, let_in, source_of
from supportbot.access.address import SIGN_IN_PATH
from supportbot.access.oidc.registration import begin_path, callback_path
from supportbot.access.providers import Providers


class Arrivals:
    """Signs people in with providers.

    Args:
        providers: those that are set.
    """

    def __init__(self, providers: Providers) -> None:
        self._providers = providers

    async def answer(self, request: Request, *, is_secure: bool) -> Response | None:
        """Return the answer to a request for an address of a provider; None for any other.

        Raises:
            SupportBotError: nobody is signed in; the sentence says why.
        """
        for one in self._providers.offered(is_secure=is_secure):
            redirect = f"{request.state.origin}{callback_path(one.key)}"
            if request.url.path == begin_path(one.key):
                departure = await self._providers.begin(one.key, redirect)
                response: Response = RedirectResponse(departure.address, status_code=303)
                keep_begun(response, departure.cookie, is_secure=is_secure)
                response.headers["Cache-Control"] = "no-store"
                return response
            if request.url.path == callback_path(one.key) and not request.query_params:
                return RedirectResponse(SIGN_IN_PATH, status_code=303)  # who has signed out there
            if request.url.path == callback_path(one.key):
                secret = await self._providers.finish(
                    one.key,
                    redirect,
                    cookie=begun_in(request, is_secure=is_secure),
                    sent=request.query_params,
                    source=source_of(request),
                )
                response = let_in(secret, is_secure=is_secure)
                forget_begun(response, is_secure=is_secure)
                return response
        return None
