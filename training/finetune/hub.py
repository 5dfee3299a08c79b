"""Whether a base must come from the Hugging Face hub, and whether the hub answers.

The libraries need a minute of attempts to notice that it does not. This makes one connection with a limit of two
seconds, before those libraries are imported, which takes seconds too. A base that is a folder, a version of the
registry, or in the hub's cache needs no hub.

This module is imported first, so it imports nothing slow.
"""

from __future__ import annotations

import socket
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub import constants, try_to_load_from_cache

from supportbot.config import Settings
from supportbot.errors import ModelError
from supportbot.models.registry import Registry

ACTIVE = "active"
BASE_MODEL = "gpt2"

_SECONDS = 2.0
"""Seconds to connect; a slower hub would not deliver half a gigabyte either."""

_PORTS = {"http": 80, "https": 443}


class _NotOursError(Exception):
    """The command line is wrong; the real parser has the better message."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _NotOursError(message)


def check_base(argv: Sequence[str], settings: Settings) -> None:
    """Refuse a command line whose base would have to come from a hub that can't be reached.

    Raises:
        ModelError: the sentence says what to do instead.
    """
    try:
        flags = _flags(argv)
    except _NotOursError:
        return
    if _is_without_base(flags) or not _is_on_hub(flags.base_model, settings):
        return
    if constants.is_offline_mode():
        why = "HF_HUB_OFFLINE forbids downloads from the Hugging Face hub"
    elif not can_connect(constants.ENDPOINT):
        why = f"the Hugging Face hub can't be reached at {constants.ENDPOINT}"
    else:
        return
    raise ModelError(
        f"The base '{flags.base_model}' is not on this machine, and {why}: use --recipe faq, "
        "which needs no base and makes a small model from the answers only, or set --base-model "
        "to a folder with a model in Hugging Face "
        "format."
    )


def can_connect(endpoint: str) -> bool:
    """Return whether a URL's host, or the proxy to it, accepts a connection within two seconds.

    A separate thread looks up the name, because that has no time limit.
    """
    address = _address(endpoint)
    connected = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection(address, timeout=_SECONDS).close()
        except OSError:
            return
        connected.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return connected.is_set()


def _flags(argv: Sequence[str]) -> Namespace:
    """Read the few flags that decide about the base."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--base-model", "--base_model", dest="base_model", default=BASE_MODEL)
    parser.add_argument("--recipe", default="documented")
    parser.add_argument("--from-db", "--from_db", dest="from_db", action="store_true")
    parser.add_argument("--data")
    parser.add_argument("--dry-run", "--dry_run", dest="dry_run", action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    return parser.parse_known_args(argv)[0]


def _is_without_base(flags: Namespace) -> bool:
    """Return whether no base is loaded, perhaps because the command line is wrong; its parser reports that."""
    rows = flags.from_db != (flags.data is not None) and (flags.data is None or Path(flags.data).is_file())
    return flags.help or flags.dry_run or flags.recipe == "faq" or not rows


def _is_on_hub(base: str, settings: Settings) -> bool:
    if base == ACTIVE or Path(base).is_dir() or base in Registry(settings.models_dir).versions():
        return False
    if base.count("/") > 1 or base.startswith((".", "/", "~")):
        return False  # a folder that is not there
    return not isinstance(try_to_load_from_cache(base, "config.json"), str)


def _address(endpoint: str) -> tuple[str, int]:
    url = urlsplit(endpoint)
    host = url.hostname or ""
    proxy = None if proxy_bypass(host) else getproxies().get(url.scheme)
    if proxy:
        url = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    return url.hostname or "", url.port or _PORTS.get(url.scheme, 443)
