"""Modals that were sent: what was wrong with an answer.

Nothing is acknowledged before it is kept. If it can't be kept Slack says so in the modal, where what was typed
still stands, and Send can be pressed again.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.slack.explanation import EXPLANATION_VIEW, build_told, read_submission
from bot.slack.origin import place_of
from supportbot.feedback.votes import UnknownAnswerError
from supportbot.service import Service
from supportbot.words import N_

_THANKS_TITLE = N_("Thanks")
_THANKS = N_("Thanks, your reason was saved with your vote. The team reviews it before the bot learns from it.")
_SORRY_TITLE = N_("Not saved")


class _Submissions:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def on_explanation(self, ack: AsyncAck, body: dict[str, object]) -> None:
        submission = read_submission(body)
        if submission is None:
            await ack()
            return
        said = submission.said
        words = await self._service.words(place_of(body))
        try:
            await self._service.explain(
                submission.answer_id,
                submission.voter,
                said.reason,
                said.correction,
                workspace=submission.workspace,
            )
        except UnknownAnswerError as error:
            told = build_told(words.say(_SORRY_TITLE), words.say(str(error)), words)
        else:
            told = build_told(words.say(_THANKS_TITLE), words.say(_THANKS), words)
        # The modal itself says thanks: only the voter sees it, in whatever channel the answer is.
        await ack(response_action="update", view=told)


def register(app: AsyncApp, service: Service) -> None:
    """Connect the listener for modals."""
    app.view(EXPLANATION_VIEW)(_Submissions(service).on_explanation)
