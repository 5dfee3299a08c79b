"""The daemon: opens everything, runs until a signal stops it, then finishes its work and closes everything. It
always serves the local page, and Slack and Discord if there are tokens for them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from importlib import import_module
from pathlib import Path

import structlog

from bot.adapter import Adapter
from bot.announcing import announce, keep_watchdog
from bot.readiness import Readiness
from bot.stopping import hear_signals
from supportbot.backup.schedule import make_schedule
from supportbot.bootstrap import open_core
from supportbot.config import ENV_FILE, Settings, adopt_standard, load_settings
from supportbot.core import Core
from supportbot.db.health import watch as watch_storage
from supportbot.db.session import Database
from supportbot.db.shared_key import page_key
from supportbot.errors import SupportBotError
from supportbot.feedback.consent import may_be_learned_from
from supportbot.feedback.review.collecting import Collecting
from supportbot.private import find_open, keep_private
from supportbot.service import Service
from supportbot.systemd.notify import ServiceManager
from supportbot.telemetry import metrics, tracing
from supportbot.telemetry.logs import configure_logging, hear_libraries
from supportbot.telemetry.pulse import settle, watch_event_loop
from supportbot.telemetry.uncaught import log_uncaught

log = structlog.get_logger("bot")

OpenAdapter = Callable[[Service, Settings], AbstractAsyncContextManager[Adapter]]

DRAIN_SECONDS = 6.0
"""Time for answers in progress after SIGTERM; with delivery it is eight, and ``bot.stopping`` ends it after
ten."""

FLUSH_SECONDS = 2.0
"""Time for replies that are written but not yet on their platform."""

EXIT_CANNOT_RUN = 2
"""A setting, a model or a database that an operator must fix; restarting by itself would not help."""


async def run(settings: Settings) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Raises:
        SupportBotError: something that the operator must fix.
    """
    stopping = hear_signals()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(tracing.exporting())
        if manager := ServiceManager.take_from(os.environ):
            stack.callback(manager.close)
        platforms = {"web", *_configured(settings)}
        core = await stack.enter_async_context(open_core(settings, platforms=platforms, daemon=True))
        # The libraries of a platform take half a second to import, in which the process of the model can start.
        async with asyncio.TaskGroup() as starting:
            starting.create_task(core.prepare())
            importing = starting.create_task(asyncio.to_thread(_import_platforms, settings, core.database))
        adapters = {
            name: await stack.enter_async_context(open_adapter(core.service, settings))
            for name, open_adapter in importing.result().items()
        }

        from bot.web.app import add_page, build_web
        from bot.web.console.entrance.invitation import show_console
        from bot.web.health import ask
        from bot.web.sender import WebSender
        from bot.web.server import WebServer

        readiness = Readiness(core, adapters, stopping)
        app = build_web(
            core.service,
            model_version=lambda: core.model_version if core.answerer.generates else "",
            readiness=readiness.problems,
            remarks=readiness.remarks,
            settings=settings,
            key=await page_key(core.database),
            is_learned_from=partial(may_be_learned_from, core.database, "web"),
            welcome=core.welcome,
            console=core.console if settings.console_is_on else None,
        )
        for adapter in adapters.values():
            for path, endpoint in adapter.http_routes.items():
                app.add_api_route(path, endpoint, methods=["POST"], include_in_schema=False)
            for path, page in adapter.pages.items():
                add_page(app, path, page, settings)
        server = await stack.enter_async_context(
            WebServer(
                app,
                settings.web_host,
                settings.web_port,
                is_proxied=settings.page_is_proxied,
                console_port=settings.console_port if settings.console_is_on else 0,
            )
        )
        core.add_sender(WebSender())
        for name, adapter in adapters.items():
            core.add_sender(adapter.sender)
            if core.streams:
                core.streams.add(adapter.stage)
            core.digests.add(adapter.digests)
            metrics.CONNECTED.labels(name).set_function(partial(_is_connected, adapter))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(core.worker.run(), name="worker")
            delivering = [tasks.create_task(dispatcher.run()) for dispatcher in core.dispatchers.values()]
            background = [tasks.create_task(adapter.run(), name=name) for name, adapter in adapters.items()]
            background.append(tasks.create_task(watch_event_loop(), name="pulse"))
            background.append(tasks.create_task(core.knowledge.run(), name="knowledge"))
            background.append(tasks.create_task(watch_storage(core.database), name="storage"))
            if schedule := make_schedule(settings):
                background.append(tasks.create_task(schedule.run(), name="backups"))
            background.append(tasks.create_task(core.upkeep.run(), name="upkeep"))
            background.append(tasks.create_task(core.reminders.run(), name="reminders"))
            background.append(tasks.create_task(core.digests.run(), name="digests"))
            background.append(tasks.create_task(core.expectations.run(), name="expectations"))
            if core.passages:
                background.append(tasks.create_task(core.passages.run(), name="passages"))
            if core.reloader:
                background.append(tasks.create_task(core.reloader.run(), name="reloader"))
            if core.following:
                background.append(tasks.create_task(core.following.run(), name="following"))
            if core.trial:
                background.append(tasks.create_task(core.trial.run(), name="trial"))
            if core.judging:
                background.append(tasks.create_task(core.judging.run(), name="judging"))
            if manager:
                does = partial(_describe, core, platforms)
                is_ready = partial(ask, readiness.problems)
                tasks.create_task(announce(manager, is_ready, does, stopping), name="announcing")
                background.append(tasks.create_task(keep_watchdog(manager), name="watchdog"))
            hear_libraries()  # those that were imported meanwhile
            settle()
            log.info(
                "daemon.ready",
                page=server.url,
                model_version=core.model_version,
                platforms=sorted(platforms),
            )
            if settings.console_is_on:
                until_quiet = core.answerer.generator.slots.until_quiet
                collecting = Collecting(core.database, core.console.review.collect)
                background.append(tasks.create_task(core.console.today.gaps.run(until_quiet), name="gaps"))
                background.append(tasks.create_task(collecting.run(until_quiet), name="review"))
                await show_console(core, settings, server.port)
            await stopping.wait()
            log.info("daemon.stopping")
            if core.reloader:
                core.reloader.stop()
            await core.worker.drain(DRAIN_SECONDS)
            for dispatcher in core.dispatchers.values():
                dispatcher.stop()
            # What can't be delivered now is delivered after the next start.
            await asyncio.wait(delivering, timeout=FLUSH_SECONDS)
            if core.streams:
                await core.streams.aclose()
            for task in (*delivering, *background):
                task.cancel()
    log.info("daemon.stopped")


def _import_platforms(settings: Settings, database: Database) -> dict[str, OpenAdapter]:
    """Import the page, and the platforms that there are tokens for; return what opens these."""
    import_module("bot.web.app")  # `run` asks for it next
    opening: dict[str, OpenAdapter] = {}
    if settings.slack_is_on:
        from bot.slack.app import open_slack

        opening["slack"] = partial(open_slack, database=database)
    if settings.discord_token:
        from bot.discord.client import open_discord

        opening["discord"] = open_discord
    return opening


def _describe(core: Core, platforms: Collection[str]) -> str:
    return f"Answering on {', '.join(sorted(platforms))} with {core.model_version}."


def _is_connected(adapter: Adapter) -> float:
    return float(adapter.is_connected)


def _configured(settings: Settings) -> set[str]:
    are_on = {"slack": settings.slack_is_on, "discord": settings.discord_token is not None}
    return {platform for platform, is_on in are_on.items() if is_on}


def main() -> None:
    """Run the daemon; what an operator can fix is one sentence and exit status 2."""
    keep_private()
    try:
        settings = load_settings()
        adopt_standard()
        configure_logging(settings)
        log_uncaught()
        for path, remedy in find_open(Path(ENV_FILE), settings.home):
            log.warning("daemon.open_to_others", place=str(path), remedy=remedy)
        asyncio.run(run(settings))
    except* SupportBotError as group:  # one from a task of the group comes wrapped, any other is wrapped here
        for error in _leaves(group):
            print(f"supportbot: {error}", file=sys.stderr)  # noqa: T201 - the sentence for the operator
        sys.exit(EXIT_CANNOT_RUN)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
