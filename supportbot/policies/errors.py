"""What may be wrong with a decision, setting by setting, so that a form can say it at the field."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.errors import SupportBotError


class PolicyError(SupportBotError):
    """A policy cannot be changed as it was asked.

    Args:
        errors: a sentence for each setting that is wrong.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)
