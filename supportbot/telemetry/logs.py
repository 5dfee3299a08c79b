"""Logs: one line an event, for people or for collectors, in which no secret ever appears.

Everything, also what the libraries log through the standard module, goes through the same chain, whose last link
blacks out the values of all secret settings and whatever has the shape of a token. Questions and answers are not
logged: they are in the database.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Sequence

import structlog
from structlog.typing import EventDict, WrappedLogger

from supportbot.config import Settings
from supportbot.errors import SupportBotError

_TOKEN = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}"  # Slack
    r"|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"  # Discord bot tokens
    r"|(?<=/webhooks/)\d+/[\w-]{20,}"  # Discord interaction and webhook tokens in addresses
    r"|(?<=[?&]ticket=)[\w-]+"  # Slack's WebSocket tickets
    r"|(?<=hooks\.slack\.com/)[\w/-]+"  # Slack's response addresses, with which anybody may answer for a while
)
_BLACKED_OUT = "[secret]"

_QUIET_LIBRARIES = (
    "httpx",
    "httpcore",
    "httpcore2",
    "httpx2",
    "openai",
    "uvicorn",
    "discord",
    "slack_bolt",
    "slack_sdk",
    "nicegui",
    "alembic",
    "asyncio",
)


class Redactor:
    """A structlog processor and a text filter that hides secrets.

    Args:
        secrets: the values to hide wherever they appear.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        values = sorted((re.escape(secret) for secret in secrets if secret), key=len, reverse=True)
        self._pattern = re.compile("|".join([*values, _TOKEN.pattern]))

    def clean(self, text: str) -> str:
        """Return the text with every secret blacked out."""
        return self._pattern.sub(_BLACKED_OUT, text)

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        """Clean every value of a log event, its traceback included."""
        return {
            key: self.clean(value) if isinstance(value, str) else self._clean_other(value)
            for key, value in event.items()
        }

    def _clean_other(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        shown = str(value)
        cleaned = self.clean(shown)
        return value if cleaned == shown else cleaned


def _say_expected_errors(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Log an error that has a sentence by that sentence; a traceback is for defects."""
    found = event.get("exc_info")
    if isinstance(found, tuple):
        found = found[1]
    error = found if isinstance(found, BaseException) else sys.exception() if found else None
    if isinstance(error, SupportBotError):
        del event["exc_info"]
        event["error"] = str(error)
    return event


def configure_logging(settings: Settings) -> None:
    """Send all logs to standard error in one format, secrets blacked out."""
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _say_expected_errors,
        # Tracebacks become text before the secrets are blacked out, so none hides in them.
        structlog.processors.format_exc_info,
        Redactor(settings.secrets()),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if text
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.PositionalArgumentsFormatter(),
                *before,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # Even at debug the libraries stay at info: their debug lines hold whole payloads, with the text of users.
    libraries_level = logging.INFO if settings.log_level == "debug" else logging.WARNING
    for library in _QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(libraries_level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
