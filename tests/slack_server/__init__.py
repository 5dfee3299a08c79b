"""A Slack on this machine, for tests: Socket Mode, the Web API and HTTP mode, and it misbehaves on request.

Everything that it saw is kept in memory, and tests wait for conditions instead of sleeping. It works in the
process of the test as well as against a real daemon, which finds it by ``LocalSlack.environment()``.
"""

from tests.slack_server.faults import ApiError, Fault, HttpAnswer, RateLimited, Reset
from tests.slack_server.records import Call, Channel, Envelope, Ephemeral, Message, Modal
from tests.slack_server.server import LocalSlack

__all__ = [
    "ApiError",
    "Call",
    "Channel",
    "Envelope",
    "Ephemeral",
    "Fault",
    "HttpAnswer",
    "LocalSlack",
    "Message",
    "Modal",
    "RateLimited",
    "Reset",
]
