"""Ways around the log: what Python itself would write to standard error becomes a line as any other.

For the daemon alone: somebody at a terminal is better served by what Python does.
"""

from __future__ import annotations

import sys
import threading
import warnings
from types import TracebackType
from typing import TextIO

import structlog

from supportbot.faults import describe, short_path

log = structlog.get_logger(__name__)


def log_uncaught() -> None:
    """Log exceptions that nobody caught, and warnings, instead of printing them with their words."""
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread_exception
    sys.unraisablehook = _on_unraisable
    warnings.showwarning = _on_warning


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("uncaught.exception", exc_info=error)


def _on_thread_exception(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        log.error("uncaught.in_thread", exc_info=args.exc_value)


def _on_unraisable(args: sys.UnraisableHookArgs) -> None:
    log.error("uncaught.unraisable", exc_info=args.exc_value)


def _on_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    said = describe(message) if isinstance(message, Warning) else category.__name__
    log.warning("python.warning", category=said, place=f"{short_path(filename)}:{lineno}")
