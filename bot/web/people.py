"""Asking a human from the page: the click, what people answer, and closing it.

A page that is closed stops watching; what people answer is in the database, where the next visit finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import structlog

from bot.handoffs import build_when
from bot.web.answer import AnswerView
from supportbot.db.states import HandoffState
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.handoffs.asking import Handoffs
from supportbot.words import N_, Words

log = structlog.get_logger(__name__)

_NOT_ASKED = N_("Nobody could be asked right now. Please try again in a moment.")
_NOT_RESOLVED = N_("This couldn't be closed. Please try again in a moment.")
_NOT_FOLLOWED = N_("Answers from people can't be shown right now. Please reload the page in a moment.")


class People:
    """The people behind one open page.

    Args:
        handoffs: asks them; None where nobody can be asked, and so no button offers it.
        person: the visitor.
        say: shows one of the bot's own sentences to the visitor.
        start: has something run until the page is closed, under a name.
        words: the bot's own, for this visitor.
    """

    def __init__(
        self,
        handoffs: Handoffs | None,
        person: str,
        say: Callable[[str], None],
        start: Callable[[Coroutine[Any, Any, None], str], None],
        words: Words,
    ) -> None:
        self._words = words
        self._handoffs = handoffs
        self._person = person
        self._say = say
        self._start = start

    async def ask(self, answer: AnswerView, answer_id: int, question_id: int) -> None:
        """Ask a human what an answer is about."""
        if self._handoffs is None:
            return
        try:
            asked = await self._handoffs.ask(answer_id, self._person)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_ASKED))
        except Exception:
            log.exception("page.human_not_asked", answer_id=answer_id)
            self._say(_NOT_ASKED)
        else:
            self._say("")
            self.follow(question_id, answer, build_when(asked.back, self._words) if asked.back else "")

    async def resolve(self, answer: AnswerView, question_id: int) -> None:
        """Close what a human was asked; whoever follows it shows that."""
        if self._handoffs is None:
            return
        try:
            await self._handoffs.resolve_for_asker(question_id, self._person)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_RESOLVED))
        except Exception:
            log.exception("page.not_resolved", question_id=question_id)
            self._say(_NOT_RESOLVED)

    def follow(self, question_id: int, answer: AnswerView, when: str = "") -> None:
        """Show what people answer, as they do.

        Args:
            question_id: what they were asked.
            answer: the bot's, below which it appears.
            when: from when on somebody is there, if that is not now.
        """
        if self._handoffs is not None:
            self._start(self._show(self._handoffs, question_id, answer, when), f"follow-people-{question_id}")

    async def _show(self, handoffs: Handoffs, question_id: int, answer: AnswerView, when: str) -> None:
        try:
            async with aclosing(handoffs.follow(question_id)) as exchanges:
                async for exchange in exchanges:
                    answer.show_people(exchange, when if exchange.handoff is HandoffState.OPEN else "")
        except Exception:
            log.exception("page.people_not_followed", question_id=question_id)
            self._say(_NOT_FOLLOWED)
