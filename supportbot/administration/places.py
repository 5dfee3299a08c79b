"""Places as operators name them: ``slack:T0123``, and the id of a channel."""

from __future__ import annotations

from supportbot.intake.people import workspace_named
from supportbot.policies.errors import PolicyError
from supportbot.policies.store import Place
from supportbot.words import Sentence

PLATFORMS = ("slack", "discord", "web", "cli")


def place_named(workspace: str, channel: str = "") -> Place:
    """Return a place.

    Args:
        workspace: platform and id, with a colon between them.
        channel: the id of a channel; nothing for the whole workspace.

    Raises:
        PolicyError: this names no workspace.
    """
    platform, _, name = workspace.strip().partition(":")
    if platform not in PLATFORMS or not name.strip():
        said = Sentence(
            "'{workspace}' is not a workspace. Use platform and ID, such as slack:T0123 or discord:8001.",
            workspace=workspace,
        )
        raise PolicyError({"workspace": said})
    return Place(platform=platform, workspace=workspace_named(platform, name), channel=channel.strip())
