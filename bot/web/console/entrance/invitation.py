"""How the operator of a fresh bot comes in: the daemon shows a link, to a person and never to a log."""

from __future__ import annotations

import sys

import structlog

from supportbot.access.address import console_origin, sign_in_path
from supportbot.access.errors import OperatorError
from supportbot.config import Settings
from supportbot.core import Core
from supportbot.db.audit import current_user

log = structlog.get_logger(__name__)


async def show_console(core: Core, settings: Settings, port: int) -> None:
    """Print a link that signs the user of this process in, once; where nobody reads, say how to get one.

    Args:
        core: whose console it is.
        settings: of this process.
        port: of its page.
    """
    origin = console_origin(settings, port)
    user = current_user()
    try:
        if sys.stdout.isatty():
            link = await core.console.access.links.invite(user, None, user, restore=False)
            sentence = f"Operators sign in here; the link works once, within ten minutes: {origin}"
            sys.stdout.write(f"{sentence}{sign_in_path(link.secret)}\n")
            sys.stdout.flush()
            return
    except OperatorError:  # their access was ended; whoever decided that makes links
        pass
    log.info("daemon.console", page=f"{origin}/console", remedy="`supportbot console` prints a link to sign in")
