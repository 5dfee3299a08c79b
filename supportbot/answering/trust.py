"""Whether a model is asked about what is not verified.

The starter is a demonstration, which knows a shop that does not exist: it is asked where nobody has knowledge or a
chat platform of their own, or where an operator names it. Another model is asked if rows of this bot trained it,
or while there is nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from supportbot.answering.live_model import LiveModel

AnswerMode = Literal["verified_first", "generate_only"]


@dataclass(frozen=True, slots=True)
class Trust:
    """What an operator has set about it.

    Attributes:
        mode: whether knowledge is asked at all.
        starter_may_speak: whether the starter is asked while there is no knowledge.
        starter_is_named: whether the operator set the starter by name; then it is asked in any case.
    """

    mode: AnswerMode
    starter_may_speak: bool
    starter_is_named: bool

    @property
    def asks_knowledge(self) -> bool:
        """Whether what is approved comes first."""
        return self.mode == "verified_first"

    def may_ask(self, model: LiveModel, *, has_own: bool) -> bool:
        """Return whether a model is asked.

        Args:
            model: which.
            has_own: whether there is anything of the operator's own that may be said.
        """
        return may_generate(
            is_starter=model.is_starter,
            is_named=self.starter_is_named,
            may_speak=self.starter_may_speak,
            # In that mode the operator wants the model, whatever trained it.
            knows_us=model.knows_us or self.mode == "generate_only",
            has_knowledge=has_own,
        )

    def is_demo(self, model: LiveModel) -> bool:
        """Return whether a model speaks as a demonstration."""
        return model.is_starter and not self.starter_is_named


def may_generate(
    *, is_starter: bool, is_named: bool, may_speak: bool, knows_us: bool, has_knowledge: bool
) -> bool:
    """Return whether a model is asked about what is not verified.

    Args:
        is_starter: whether it is the demonstration.
        is_named: whether the operator set it by name.
        may_speak: whether the demonstration may speak while there is no knowledge.
        knows_us: whether rows of this bot trained it.
        has_knowledge: whether there are live answers of the operator's own.
    """
    if is_starter:
        return is_named or (may_speak and not has_knowledge)
    return knows_us or not has_knowledge
