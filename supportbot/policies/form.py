"""A form about a channel, as an admin sends it: what it changes, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.policies.policy import Policy
from supportbot.policies.store import Place, Policies
from supportbot.policies.wording import checked, read_settings, typed_settings

FIELDS = ("answer_on", "verified_only", "quiet_hours", "handoff_target", "language")
"""The settings that forms have; the others are the command line's."""

DIGEST_FIELDS = ("digest", "digest_channel")
"""Those that only the forms of a whole workspace have, or a form of their own where one has no room for more."""


async def submit(policies: Policies, place: Place, typed: Mapping[str, str], by: str) -> Policy:
    """Change what a form changes, and return what holds then.

    Only what differs from what holds now is decided about the place. So whatever nobody touched still follows the
    workspace.

    Args:
        policies: where decisions are kept.
        place: that the form is about.
        typed: the texts of its fields, as people type them.
        by: who sent it.

    Raises:
        PolicyError: what is wrong, by field.
    """
    now = await policies.shown(place)
    before = typed_settings(now)
    settings = read_settings({name: text for name, text in typed.items() if text.strip() != before.get(name)})
    changed = {name: value for name, value in settings.items() if value != getattr(now, name)}
    checked(now, changed)
    return await policies.change(place, changed, by) if changed else now
