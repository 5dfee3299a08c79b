"""Logs: one line an event, for people or for collectors, in which no secret and nobody's text ever appears.

Everything, also what the libraries log through the standard module, is written by one handler (``lines``): secrets
are blacked out (``redactor``), exceptions are told by type and place (``supportbot.faults``), values are short and
visible (``plain``), libraries are heard from a warning up and without what they fill in (``foreign``), and what
repeats itself is counted (``repeated``). Questions and answers are not logged: they are in the database.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from supportbot.config import Settings
from supportbot.errors import SupportBotError
from supportbot.faults import OUR_PACKAGES
from supportbot.telemetry.foreign import is_ours
from supportbot.telemetry.lines import Lines
from supportbot.telemetry.plain import Plain
from supportbot.telemetry.redactor import Redactor
from supportbot.telemetry.tracing import add_ids


def configure_logging(settings: Settings) -> None:
    """Send all logs to standard error in one format."""
    is_terminal = sys.stderr.isatty()
    renderer: Processor = structlog.processors.JSONRenderer()
    if settings.log_format == "text" or (settings.log_format == "auto" and is_terminal):
        renderer = structlog.dev.ConsoleRenderer(colors=is_terminal)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root = logging.getLogger()
    for before in root.handlers[:]:
        root.removeHandler(before)
        if isinstance(before, Lines):
            before.close()
    root.addHandler(Lines(sys.stderr, Plain(Redactor(settings.secrets())), renderer))
    root.setLevel(max(level, logging.WARNING))
    for package in OUR_PACKAGES:
        logging.getLogger(package).setLevel(level)
    hear_libraries()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            add_ids,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _keep_exception,
            _hand_over,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def hear_libraries() -> None:
    """Take away the handlers that libraries bring along, which write to standard error past all rules.

    Some do so when they are imported, so this is worth repeating after that.
    """
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and logger.handlers and not is_ours(name):
            logger.handlers[:] = [one for one in logger.handlers if not isinstance(one, logging.StreamHandler)]
            logger.propagate = True


def _keep_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Put the exception itself in the place of the ways to name it."""
    named = event.pop("exc_info", None)
    error = named[1] if isinstance(named, tuple) else named
    if error is True:
        error = sys.exception()
    if isinstance(error, SupportBotError):  # expected: it has a sentence, and a traceback is for defects
        event["error"] = str(error)
    elif isinstance(error, BaseException):
        event["exc_info"] = error
    return event


def _hand_over(logger: WrappedLogger, name: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, object]]:
    return (event,), {"extra": {"_from_us": True}}
