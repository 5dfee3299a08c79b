"""Who opens a tab of the app: the Home tab is built again for them, the Messages tab gets suggested prompts.

Slack tells of it whenever somebody looks, so a person's view is built once in some seconds only.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack._background import Background
from bot.slack.admins import Admins
from bot.slack.api_errors import error_code
from bot.slack.home import (
    MOST_PROMPTS,
    MOST_WAITING,
    RECENT,
    SETTINGS_ACTION,
    ForAdmins,
    Opened,
    build_home,
    build_prompts,
    read_opened,
    read_started,
)
from bot.slack.listeners.policy import PolicyForm
from bot.slack.lookups import find_link
from supportbot.handoffs.listing import Waiting
from supportbot.policies.store import Place
from supportbot.service import Service
from supportbot.statistics.overview import Overview

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
_REMEMBERED = 10_000


class Turns:
    """Lets everybody have something once in some seconds.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def take(self, *who: str) -> bool:
        """Return whether it is their turn, and take it."""
        now = self._clock()
        if now - self._taken.get(who, -PAUSE_SECONDS) < PAUSE_SECONDS:
            return False
        self._taken[who] = now
        self._taken.move_to_end(who)
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        return True


class _Home:
    def __init__(
        self, service: Service, background: Background, admins: Admins, lacking: Callable[[str], str]
    ) -> None:
        self._service = service
        self._background = background
        self._admins = admins
        self._lacking = lacking
        self._turns = Turns()

    async def on_opened(self, body: dict[str, object], client: AsyncWebClient) -> None:
        opened, overview = read_opened(body), self._service.overview
        if opened is None or overview is None or not self._turns.take(opened.workspace, opened.user, opened.tab):
            return
        if opened.tab == "home":
            self._background.start("views.publish", partial(self._publish, opened, overview, client))
        elif opened.tab == "messages":
            show = partial(client.assistant_threads_setSuggestedPrompts, channel_id=opened.channel)
            self._suggest(opened.workspace, overview, show)

    async def on_thread(self, body: dict[str, object], client: AsyncWebClient) -> None:
        started, overview = read_started(body), self._service.overview
        if (
            started is None
            or overview is None
            or not self._turns.take(started.workspace, started.user, started.thread)
        ):
            return
        show = partial(
            client.assistant_threads_setSuggestedPrompts, channel_id=started.channel, thread_ts=started.thread
        )
        self._suggest(started.workspace, overview, show)

    async def _publish(self, opened: Opened, overview: Overview, client: AsyncWebClient) -> None:
        try:
            view = await self._view(opened, overview, client)
        except Exception:  # the background would swallow it
            log.exception("slack.home_failed")
            return
        await client.views_publish(user_id=opened.user, view=view)

    async def _view(self, opened: Opened, overview: Overview, client: AsyncWebClient) -> View:
        asked = await overview.questions_of("slack", opened.workspace, opened.user, RECENT)
        is_admin = await self._admins.are_shown(client, opened.workspace, opened.user)
        locale = self._admins.locale_of(opened.workspace, opened.user)
        words = await self._service.words(Place(platform="slack", workspace=opened.workspace), locale)
        if not is_admin:
            return build_home(asked, words=words)
        figures, handoffs = await overview.statistics("slack", opened.workspace), self._service.handoffs
        waiting = await handoffs.waiting("slack", opened.workspace, MOST_WAITING) if handoffs else None
        links = await _links(client, waiting.oldest if waiting else ())
        return build_home(asked, ForAdmins(figures, self._lacking(opened.workspace), waiting, links), words)

    def _suggest(self, workspace: str, overview: Overview, show: partial[Any]) -> None:
        self._background.start("setSuggestedPrompts", partial(_suggest, workspace, overview, show))


async def _links(client: AsyncWebClient, waiting: Sequence[Waiting]) -> dict[int, str]:
    """Return the addresses of the messages that ask people in channels; nobody else opens a direct message."""
    links: dict[int, str] = {}
    for one in waiting:
        channel, _, ts = (one.post_identity or "").partition(":")
        if one.platform == "slack" and ts and not channel.startswith("D"):
            try:
                link = await find_link(client, channel, ts)
            except SlackApiError as error:
                log.info("slack.link_not_found", reason=error_code(error))
                break  # the tab is shown without the others
            links |= {one.handoff_id: link} if link else {}
    return links


async def _suggest(workspace: str, overview: Overview, show: partial[Any]) -> None:
    try:
        prompts = build_prompts(await overview.popular("slack", workspace, MOST_PROMPTS))
    except Exception:  # the background would swallow it
        log.exception("slack.prompts_failed")
        return
    if prompts:
        await show(prompts=prompts)


def register(
    app: AsyncApp,
    service: Service,
    background: Background,
    admins: Admins,
    lacking: Callable[[str], str],
    form: PolicyForm,
) -> None:
    """Connect the listeners for tabs; ``lacking`` says what the app lacks in a workspace."""
    home = _Home(service, background, admins, lacking)
    app.event("app_home_opened")(home.on_opened)
    app.event("assistant_thread_started")(home.on_thread)
    app.action(SETTINGS_ACTION)(form.open_from_home)
