"""Fetching from the model hub, without waiting for a hub that says nothing.

The hub's client waits for ever: a hub or proxy that accepts connections and stays silent would hang a start. So a
first request has a time limit; if the hub answers it, the download may take as long as it needs. If the hub fails,
an earlier download is used.

This module doesn't know what it fetches, and it imports the client only when needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

SECONDS = 2.0
"""Seconds to connect, and then for a first answer. The client tries twice, and a longer wait looks like a hang."""


class HubError(Exception):
    """Something could not be fetched; the text is half a sentence, which the caller completes with the remedy."""


class NotOnHubError(HubError):
    """The hub has nothing of that name, or the name is not valid on a hub."""


def fetch(name: str, patterns: Sequence[str]) -> Path:
    """Return the folder of a model; fetches it unless it is in the hub's cache.

    Args:
        name: a hub id.
        patterns: which files are wanted.

    Raises:
        NotOnHubError: there is no such model.
        HubError: the hub cannot be reached or fails, and nothing was fetched before.
    """
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    try:
        HfApi().model_info(name, timeout=SECONDS)
    except (HFValidationError, RepositoryNotFoundError) as error:
        return _kept(name, patterns, NotOnHubError("the model hub has none of that name"), error)
    except Exception as error:  # the exceptions of the hub's HTTP library differ between versions
        return _kept(name, patterns, HubError("the model hub cannot be reached to fetch it"), error)
    try:
        return Path(snapshot_download(name, allow_patterns=[*patterns]))
    except Exception as error:  # as above, or the disk is full
        return _kept(name, patterns, HubError("fetching it from the model hub failed"), error)


def _kept(name: str, patterns: Sequence[str], failure: HubError, reason: Exception) -> Path:
    """Return the copy that an earlier start fetched, or raise the given error."""
    from huggingface_hub import snapshot_download

    log.debug("hub.failed", name=name, error=str(reason))
    try:
        return Path(snapshot_download(name, allow_patterns=[*patterns], local_files_only=True))
    except (OSError, ValueError):
        raise failure from reason
