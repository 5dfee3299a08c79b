"""The one place where log lines are written: every record, ours or a library's, becomes one event and one line.

Nothing that happens here may show a record as it was: Python's own report of a failing handler would.
"""

from __future__ import annotations

import logging
from typing import TextIO

from structlog.typing import EventDict, Processor

from supportbot.faults import locate
from supportbot.telemetry.foreign import OurDetails, read_record
from supportbot.telemetry.plain import Plain
from supportbot.telemetry.repeated import Repeated


class Lines(logging.StreamHandler[TextIO]):
    """Writes events as lines.

    Args:
        stream: where to.
        plain: makes values fit to be shown.
        renderer: turns an event into text.
    """

    def __init__(self, stream: TextIO, plain: Plain, renderer: Processor) -> None:
        super().__init__(stream)
        self._plain = plain
        self._renderer = renderer
        self._repeated = Repeated()
        self.addFilter(OurDetails())

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, if it is no repetition."""
        try:
            for event in self._repeated.admit(read_record(record)):
                self._write(event)
        except Exception as error:
            self._tell(error)

    def close(self) -> None:
        """Write the counts that are still held back."""
        self.acquire()
        try:
            for event in self._repeated.rest():
                self._write(event)
        except Exception as error:
            self._tell(error)
        finally:
            self.release()
        super().close()

    def _write(self, event: EventDict) -> None:
        level = str(event.get("level", ""))
        line = str(self._renderer(None, level, self._plain.event(event)))
        self.stream.write(f"{line}\n")
        self.flush()

    def _tell(self, error: Exception) -> None:
        try:
            self.stream.write(f"A line of the log could not be written: {locate(error)}\n")
            self.flush()
        except (OSError, ValueError):
            return  # nobody reads standard error any more
