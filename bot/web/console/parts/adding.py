"""Putting an answer into the review queue, from wherever one is seen; the undo bar takes it out again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.web.console.parts.acting import act
from bot.web.console.visit import Visit
from supportbot.access.roles import Action, Operator
from supportbot.feedback.curation.chosen import Put


async def add_to_review(visit: Visit, put: Callable[[str], Awaitable[Put]]) -> None:
    """Put something into the queue, and say so.

    Args:
        visit: of whoever clicked.
        put: does it, given the name for the audit.
    """
    review, frame, say = visit.console.review, visit.frame, visit.words.say

    async def deed(operator: Operator) -> Put:
        return await put(operator.name)

    if (done := await act(visit, Action.REVIEW, deed)) is None:
        return
    if done.was_put:
        frame.say(say("Already waiting under Review."))
        return

    async def undo() -> None:
        async def take_back(operator: Operator) -> bool:
            await review.take_back(done, operator.name)
            return True

        if await act(visit, Action.REVIEW, take_back):
            frame.show_open("review", await review.count_open())
            frame.say(say("Removed from the queue."))

    frame.show_open("review", await review.count_open())
    frame.offer_undo(say("Added to Review, ahead of items from the log."), undo)
