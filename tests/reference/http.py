"""The page of HTTP: what the bot serves on its port, with the paths that the code has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi.routing import APIRoute

from benchmarks.document.table import build_table
from bot.slack.endpoint import MAX_BODY_BYTES
from bot.slack.endpoint import PATH as EVENTS_PATH
from bot.slack.installing import INSTALL_PATH, REDIRECT_PATH
from bot.web.console.frame import SIGN_OUT_PATH
from bot.web.console.pages import PAGES, ROOT
from bot.web.health import READINESS_SECONDS, build_probes
from supportbot.access.address import SIGN_IN_PATH
from supportbot.access.oidc.registration import begin_path, callback_path

_HEAD = """# HTTP

The bot serves these on `SUPPORTBOT_WEB_HOST` and `SUPPORTBOT_WEB_PORT`. It answers to IP addresses, `localhost`
and the hosts of `SUPPORTBOT_WEB_ORIGINS`, and refuses requests from other origins; see [the page](../page.md).

"""

_MEANINGS: Mapping[str, str] = {
    "/healthz": "`ok` while the event loop runs. Restart the process on this one.",
    "/readyz": "200 if questions can be answered now, else 503. The body is JSON, `ready` and `problems`: "
    f"see [operating](../operating.md#what-readyz-says). It takes at most {READINESS_SECONDS:g} s.",
    "/metrics": "The [metrics](metrics.md) in the text format of Prometheus.",
}
"""Of the probes; a probe without a meaning here is an error."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that the bot serves.

    Attributes:
        method: of HTTP.
        path: with the names of its variable parts in braces.
        access: who may ask.
        meaning: what it returns or does.
        needs: the setting without which it is not there; nothing if it always is.
    """

    method: str
    path: str
    access: str
    meaning: str
    needs: str = ""


def endpoints() -> list[Endpoint]:
    """Return everything that the bot serves, in the order of the page."""
    return [*_probes(), *_chat(), *_console(), *_slack()]


def build_page() -> str:
    """Return the page in Markdown."""
    rows = [
        (f"`{one.method} {one.path}`", one.access, one.meaning + (f" Needs {one.needs}." if one.needs else ""))
        for one in endpoints()
    ]
    return _HEAD + build_table(("request", "who", "meaning"), rows)


def _probes() -> list[Endpoint]:
    async def is_ready() -> Mapping[str, str]:
        return {}

    paths = [route.path for route in build_probes(is_ready).routes if isinstance(route, APIRoute)]
    return [Endpoint("GET", path, "anybody", _MEANINGS[path]) for path in paths]


def _chat() -> list[Endpoint]:
    return [Endpoint("GET", "/", "anybody", "The chat page. The conversation goes over a web socket.")]


def _console() -> list[Endpoint]:
    signed_in, provider = "who has signed in", "an OpenID Connect provider or Slack"
    return [
        Endpoint("GET", ROOT, signed_in, "The console, at *Today*."),
        *(Endpoint("GET", page.path, signed_in, f"*{page.title}*.") for page in PAGES.values()),
        Endpoint("GET", SIGN_IN_PATH, "anybody", "The form to sign in. With `token` it is filled in from a link."),
        Endpoint("POST", SIGN_IN_PATH, "who has a link", "Signs in with the `token` of the form, once."),
        Endpoint("GET", begin_path("{provider}"), "anybody", "Goes to the provider.", provider),
        Endpoint(
            "GET",
            callback_path("{provider}"),
            "the provider's redirect",
            "Signs in who comes back. Register this address with the provider.",
            provider,
        ),
        Endpoint("POST", SIGN_OUT_PATH, signed_in, "Ends the session."),
    ]


def _slack() -> list[Endpoint]:
    return [
        Endpoint(
            "POST",
            EVENTS_PATH,
            "Slack, by its signature",
            f"Events, commands and clicks, at most {MAX_BODY_BYTES // 1_000_000} MB each.",
            "`SUPPORTBOT_SLACK_HTTP`",
        ),
        Endpoint("GET", INSTALL_PATH, "anybody", "Begins to install the app in a workspace.", "`SLACK_CLIENT_ID`"),
        Endpoint("GET", REDIRECT_PATH, "Slack's redirect", "Ends the installation.", "`SLACK_CLIENT_ID`"),
    ]
