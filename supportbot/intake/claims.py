"""A claimed question, with all that its worker needs: read with the claim, since each query costs time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from supportbot.intake.earlier import Turn
from supportbot.intake.samples import Drawn
from supportbot.policies.policy import Policy
from supportbot.words import ENGLISH, Words


@dataclass(frozen=True, slots=True)
class Claim:
    """A question that this worker, and no other, may answer now.

    Attributes:
        question_id: its number.
        conversation_id: of its conversation.
        platform: as in ``IncomingQuestion``.
        workspace_id: the number of the workspace.
        channel: as in ``IncomingQuestion``.
        text: as above.
        attempt: how often it was taken up, this time included.
        lapses: how many workers took it up and never said what became of it.
        waited: how long ago it came, by the database's clock.
        late: whether it was asked long before it came.
        unasked: whether nobody asked the bot.
        sample_of: as in ``IncomingQuestion``.
        sample: as above.
        words: the bot's own.
        trace: what its row carries of its trace, if it is traced.
        policy: what holds where it was asked.
        earlier: what its asker asked there before, and was answered, the newest last.
        drawn: what was drawn before for a question that is to get another answer; None for any other.
    """

    question_id: int
    conversation_id: int
    platform: str
    workspace_id: int
    channel: str
    text: str
    attempt: int
    lapses: int
    waited: timedelta
    late: bool = False
    unasked: bool = False
    sample_of: int | None = None
    sample: int = 1
    words: Words = ENGLISH
    trace: str | None = None
    policy: Policy = field(default_factory=Policy)
    earlier: tuple[Turn, ...] = ()
    drawn: Drawn | None = None
