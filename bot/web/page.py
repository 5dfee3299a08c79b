"""One open page: what is typed goes to the service, what the service says is shown.

A page that is closed stops watching; the question is in the inbox and its answer in the database, where the next
visit finds it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import structlog
from nicegui import background_tasks, ui

from bot.again import TRIED_ALREADY_TEXT
from bot.web.answer import AnswerView
from bot.web.components import Composer, Transcript
from bot.web.nodes import node
from bot.web.people import People
from bot.web.views import build_footnote, build_greeting, build_header, build_question
from bot.web.votes import Votes
from bot.web.welcome import PLAIN, Welcome
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.intake.history import Exchange
from supportbot.intake.questions import IncomingQuestion
from supportbot.service import Service
from supportbot.telemetry.way import hearing
from supportbot.words import N_, Words

log = structlog.get_logger(__name__)

MAX_CHARACTERS = 4_000
"""Far more than any question of support, and about four times what the model's window holds."""

MAX_OPEN = 4
"""Questions of one page that may wait for their answers at once."""

COLOURS = Path(__file__).with_name("colours.css")
_STYLE = Path(__file__).with_name("page.css")
_PLATFORM = "web"

_NOT_STORED = N_("Your question couldn't be saved, so nobody will answer it. Please try again in a moment.")
_ASKED_ALREADY = N_("You've already asked this. The answer is above or on its way.")
_NOT_FOLLOWED = N_(
    "The answer can't be shown right now. Your question is saved. Please reload the page in a moment."
)
_ERASED = N_("This question was erased.")
_NO_HISTORY = N_("Earlier messages can't be shown right now. Please reload the page in a moment.")
_TOO_MANY = N_("Please wait for the answers to your earlier questions first.")


class Chat:
    """A conversation as one browser tab shows it.

    Args:
        service: the support bot.
        workspace: under which questions are kept.
        conversation: its name, see ``visitor``.
        words: the bot's own, for this visitor.
    """

    def __init__(self, service: Service, workspace: str, conversation: str, words: Words) -> None:
        self._words = words
        self._service = service
        self._workspace = workspace
        self._conversation = conversation
        self._person = f"{_PLATFORM}:{conversation}"
        self._client = ui.context.client
        self._shown: set[int] = set()
        self._last: AnswerView | None = None
        self._unanswered: set[AnswerView] = set()
        self._following: set[asyncio.Task[None]] = set()
        self._votes = Votes(service, self._person, self._say, words)
        self._people = People(service.handoffs, self._person, self._say, self._start, words)

    async def open(
        self,
        model_version: str,
        get_welcome: Callable[[], Awaitable[Welcome]],
        is_learned_from: Callable[[], Awaitable[bool]],
    ) -> None:
        """Build the page, with what was said before."""
        self._client.on_delete(self._stop_following)
        welcome, learns = await _welcome(get_welcome), await _learns(is_learned_from)
        ui.page_title(welcome.name)
        ui.add_css(COLOURS)
        ui.add_css(_STYLE)
        build_header(welcome.name, model_version, self._words)
        with node("div", classes="content measure", lang=self._words.language):
            self._greeting = build_greeting(welcome, self._ask, self._words)
            self._transcript = Transcript(self._words)
            self._notice = node("p", classes="notice", role="alert")
        with node("div", classes="bottom", lang=self._words.language), node("div", classes="measure"):
            Composer(self._on_send, self._words, limit=MAX_CHARACTERS)
            build_footnote(self._words, is_learned_from=learns)
        await self._restore()

    async def _restore(self) -> None:
        try:
            exchanges = await self._service.conversation(_PLATFORM, self._conversation, self._conversation)
        except Exception:
            log.exception("page.history_failed")
            self._say(_NO_HISTORY)
            return
        first_id = None
        for exchange in exchanges:
            below = self._last if exchange.first_id == first_id else None
            first_id = exchange.first_id
            answer = self._show_question(exchange.question, below=below)
            self._shown.add(exchange.question_id)
            if exchange.answer is None:
                self._follow(exchange.question_id, answer)
            else:
                answer.finish(exchange)
                if exchange.handoff is not None:
                    self._people.follow(exchange.question_id, answer)

    async def _on_send(self, text: object) -> None:
        if isinstance(text, str):  # a browser can be made to send anything
            await self._ask(text)

    async def _ask(self, text: str) -> None:
        text = text.strip()[:MAX_CHARACTERS]
        if not text or not self._may_ask():
            return
        answer = self._show_question(text)
        self._unanswered.add(answer)
        try:
            with hearing():
                accepted = await self._service.ask(self._question(text, uuid.uuid4().hex))
        except Exception:
            log.exception("page.ask_failed")
            self._unanswered.discard(answer)
            answer.fail(self._words.say(_NOT_STORED))
        else:
            self._follow(accepted.question_id, answer)

    async def _choose(self, answer_id: int, number: int) -> None:
        """Ask a question that an answer has suggested."""
        if not self._may_ask():
            return
        # The same at every click, so a second one asks nothing again.
        identity = f"suggestion:{answer_id}:{number}:{self._conversation}"
        asked = ""

        def build(text: str) -> IncomingQuestion:
            nonlocal asked
            asked = text
            return self._question(text, identity)

        try:
            with hearing():
                accepted = await self._service.choose(answer_id, number, self._person, build)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_STORED))
        except Exception:
            log.exception("page.choice_failed", answer_id=answer_id)
            self._say(_NOT_STORED)
        else:
            if accepted.question_id in self._shown:
                self._say(_ASKED_ALREADY)
            elif not self._client.is_deleted:  # closed while the question was being stored
                self._follow(accepted.question_id, self._show_question(asked))

    async def _try_again(self, before: AnswerView, exchange: Exchange) -> None:
        """Have another answer drawn."""
        if exchange.answer_id is None or not self._may_ask():
            return

        def build(text: str) -> IncomingQuestion:
            return self._question(text, "")

        try:
            with hearing():
                accepted = await self._service.try_again(exchange.answer_id, self._person, build)
        except SupportBotError as error:
            self._say(sentence_for_users(error, _NOT_STORED))
        except Exception:
            log.exception("page.not_tried_again", answer_id=exchange.answer_id)
            self._say(_NOT_STORED)
        else:
            if accepted.question_id in self._shown:
                self._say(TRIED_ALREADY_TEXT)
            elif not self._client.is_deleted:  # as above
                answer = self._show_question(exchange.question, below=before)
                self._follow(accepted.question_id, answer)

    def _may_ask(self) -> bool:
        """Return whether one more question may be asked now, and say so if not."""
        is_free = len(self._unanswered) < MAX_OPEN
        self._say("" if is_free else _TOO_MANY)
        return is_free

    def _question(self, text: str, identity: str) -> IncomingQuestion:
        return IncomingQuestion(
            platform=_PLATFORM,
            workspace=self._workspace,
            # Each visit is a channel of its own, as a direct message is: visitors take turns like channels.
            channel=self._conversation,
            thread=self._conversation,
            identity=identity,
            asker=self._person,
            text=text,
            reply_to={},
            placeholder=True,
            locale=self._words.language,
        )

    def _show_question(self, text: str, *, below: AnswerView | None = None) -> AnswerView:
        """Show what was asked, and return where its answer will stand.

        Args:
            text: what was asked.
            below: the answer to it before; right below that, the question is not shown again.
        """
        self._greeting.set_visibility(False)
        with self._transcript:
            if below is None or below is not self._last:
                build_question(text, self._words)
            self._last = AnswerView(
                self._votes.vote,
                self._votes.explain,
                self._choose,
                self._try_again,
                self._people.ask,
                self._people.resolve,
                self._words,
            )
        return self._last

    def _follow(self, question_id: int, answer: AnswerView) -> None:
        """Show an answer as it is written, without making anybody wait for it."""
        self._shown.add(question_id)
        if self._client.is_deleted:  # closed while the question was being stored
            return
        answer.think()
        self._unanswered.add(answer)
        self._start(self._show_answer(question_id, answer), f"follow-{question_id}")

    def _start(self, following: Coroutine[Any, Any, None], name: str) -> None:
        """Follow something until it ends or the page is closed."""
        if self._client.is_deleted:
            following.close()
            return
        task = background_tasks.create(following, name=name)
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    def _say(self, sentence: str) -> None:
        """Show one of the bot's own sentences above the field; nothing for none."""
        self._notice.text = self._words.say(sentence)

    async def _show_answer(self, question_id: int, answer: AnswerView) -> None:
        try:
            async with aclosing(self._service.follow(question_id)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, str):
                        answer.write(piece)
                    else:
                        answer.finish(piece)
                        break
                else:  # erased in the meantime
                    answer.fail(self._words.say(_ERASED))
        except Exception:
            log.exception("page.follow_failed", question_id=question_id)
            answer.fail(self._words.say(_NOT_FOLLOWED))
        finally:
            self._unanswered.discard(answer)

    def _stop_following(self) -> None:
        for task in self._following:
            task.cancel()


async def _welcome(get_welcome: Callable[[], Awaitable[Welcome]]) -> Welcome:
    """Return what the visitor is to find; without it, the page works anyway."""
    try:
        return await get_welcome()
    except Exception:
        log.exception("page.welcome_failed")
        return PLAIN


async def _learns(is_learned_from: Callable[[], Awaitable[bool]]) -> bool:
    """Return whether to say that answers may be used for training; where that can't be known, it is said."""
    try:
        return await is_learned_from()
    except Exception:
        log.exception("page.consent_failed")
        return True
