"""What a visitor of the page thinks of an answer: the thumb, and what was wrong."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.web.answer import AnswerView
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.feedback.votes import Explanation, Vote
from supportbot.service import Service
from supportbot.words import N_, Words

log = structlog.get_logger(__name__)

_NOT_VOTED = N_("Your vote couldn't be saved. Please try again in a moment.")
_NOT_EXPLAINED = N_("Your reason couldn't be saved. Please send it again in a moment.")


class Votes:
    """The votes of one open page.

    Args:
        service: the support bot.
        person: the visitor.
        say: shows one of the bot's own sentences to the visitor.
        words: the bot's own, for this visitor.
    """

    def __init__(self, service: Service, person: str, say: Callable[[str], None], words: Words) -> None:
        self._service = service
        self._person = person
        self._say = say
        self._words = words

    async def vote(self, answer: AnswerView, answer_id: int, vote: Vote) -> None:
        """Keep a thumb, and ask what was wrong after one that is down."""
        try:
            outcome = await self._service.vote(answer_id, self._person, vote)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_VOTED))
        except Exception:
            log.exception("page.vote_failed", answer_id=answer_id)
            self._say(_NOT_VOTED)
        else:
            thanks = N_("Thanks for the feedback") if outcome.previous is None else N_("Changed, thank you")
            answer.show_vote(vote, thanks=self._words.say(thanks) if outcome.changed else "")
            if vote is Vote.DOWN:
                answer.ask_why(answer_id, outcome.explanation)

    async def explain(self, answer: AnswerView, answer_id: int, said: Explanation) -> None:
        """Keep what was wrong with an answer."""
        try:
            await self._service.explain(answer_id, self._person, said.reason, said.correction)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_EXPLAINED))
        except Exception:
            log.exception("page.explain_failed", answer_id=answer_id)
            self._say(_NOT_EXPLAINED)
        else:
            self._say("")
            answer.show_explained()
