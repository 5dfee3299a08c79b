"""One conversation: what was asked and answered in turn, what became of each, and what may be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.web.console.conversations.answer import AnswerPart, build_facts, build_text
from bot.web.console.conversations.filters import PATH
from bot.web.console.frame import button
from bot.web.console.labels import DELIVERIES, HANDOFFS, MESSAGES, QUESTIONS, platform_name
from bot.web.console.parts.acting import act
from bot.web.console.parts.elements import Table, moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.conversations.conversations import UnknownQuestionError
from supportbot.conversations.thread import HandedOver, Thread, Turn
from supportbot.words import N_, Words

_WRITE = "/console/knowledge/new?question={number}"
_TRY = "/console/playground?question={number}"


class ConversationView:
    """A conversation as it is read.

    Args:
        visit: of whoever reads.
        question_id: the question whose conversation it is; None for an address that names none.
    """

    def __init__(self, visit: Visit, question_id: int | None) -> None:
        self._visit = visit
        self._words = visit.words
        self._question_id = question_id
        title = "" if question_id is None else str(question_id)
        node("h1", self._words.say("Question {number}", number=title).strip())
        self._place = node("div", classes="thread")

    async def show(self) -> None:
        """Read the conversation, and show it as it is now."""
        conversations = self._visit.console.conversations
        self._place.clear()
        with self._place:
            try:
                thread = await conversations.thread(self._question_id or 0, self._visit.operator.name)
            except UnknownQuestionError as error:
                node("p", self._words.say(str(error)))
                node("a", self._words.say("All conversations"), href=PATH)
                return
            self._build(thread)

    def _build(self, thread: Thread) -> None:
        words = self._words
        with node("p", classes="muted place", dir="auto"):
            where = (platform_name(thread.platform, words), thread.workspace, thread.channel)
            node("span", " · ".join(one for one in where if one))
        if thread.earlier:
            node("a", words.say("Earlier in this conversation"), href=f"{PATH}/{thread.earlier}")
        for turn in thread.turns:
            self._build_turn(turn, is_opened=turn.question_id == thread.opened)
        if thread.later:
            node("a", words.say("Later in this conversation"), href=f"{PATH}/{thread.later}")

    def _build_turn(self, turn: Turn, *, is_opened: bool) -> None:
        words = self._words
        label = words.say("Question {number}", number=turn.question_id)
        with node("article", classes="turn card opened" if is_opened else "turn card", aria_label=label):
            if turn.sample_of is not None:
                with node("p", classes="muted"):
                    node("span", words.say("Answer {number} to the same question:", number=turn.sample))
                    node("a", f"#{turn.sample_of}", href=f"{PATH}/{turn.sample_of}")
            build_text(turn.text, words.say("Question text"), "asked")
            with node("p", classes="muted facts"):
                node("a", f"#{turn.question_id}", href=f"{PATH}/{turn.question_id}")
                node("span", turn.asker, dir="auto")
                moment(turn.received_at, words)
                node("span", words.say(QUESTIONS[turn.state]), classes="tag")
            for answer in turn.answers:
                AnswerPart(self._visit, answer, is_open=is_opened)
            if not turn.answers:
                node("p", words.say("No answer."), classes="muted")
            if turn.handoff:
                self._build_handoff(turn.handoff)
            self._build_course(turn, is_open=is_opened)
            if may(self._visit.operator.role, Action.TEACH):
                with node("div", classes="row deeds"):
                    address = _WRITE.format(number=turn.question_id)
                    node("a", words.say("Write the answer"), classes="button", href=address)
                    node(
                        "a",
                        words.say("Try in Playground"),
                        classes="button",
                        href=_TRY.format(number=turn.question_id),
                    )
                    button(words.say("Off topic"), self._mark_foreign, turn.question_id)

    def _build_course(self, turn: Turn, *, is_open: bool) -> None:
        words = self._words
        with node("details", open=is_open):
            node("summary", words.say("Timeline and messages"))
            later = (
                (N_("Picked up"), turn.claimed_at),
                (N_("Answered"), turn.answered_at),
                (N_("Delivered"), turn.delivered_at),
            )
            with node("dl", classes="facts"):
                self._build_moments([(N_("Asked"), turn.received_at)])
                build_facts(
                    (
                        words.say(name),
                        words.say("after {seconds} s", seconds=_seconds(turn.received_at, at, words)),
                    )
                    for name, at in later
                    if at
                )
                if turn.reason:
                    build_facts([(words.say("Reason"), turn.reason)])
                if turn.attempts > 1:
                    build_facts([(words.say("Attempts"), words.number(turn.attempts))])
            if turn.deliveries:
                self._build_deliveries(turn)

    def _build_deliveries(self, turn: Turn) -> None:
        words = self._words
        headings = [words.say(name) for name in (N_("Message"), N_("Status"), N_("Attempts"), N_("Last error"))]
        table = Table(words.say("Messages"), headings)
        for one in turn.deliveries:
            message, state, attempts, problem = table.row()
            message.text = words.say(MESSAGES[one.kind])
            with state:
                node("span", words.say(DELIVERIES[one.state]), classes=f"tag {one.state}")
                if one.delivered_at:
                    moment(one.delivered_at, words)
            attempts.text = words.number(one.attempts)
            with problem:
                node("span", one.last_error or "–", dir="auto")

    def _build_handoff(self, handoff: HandedOver) -> None:
        words = self._words
        with node("section", classes="handed-over", aria_label=words.say("Hand-off")):
            with node("p"):
                where = f"{platform_name(handoff.platform, words)} · {handoff.target}"
                node("span", words.say("Handed off to {whom}.", whom=where), dir="auto")
                node("span", words.say(HANDOFFS[handoff.state]), classes=f"tag handoff {handoff.state}")
            moments = (
                (N_("Asked"), handoff.asked_at),
                (N_("First reply"), handoff.first_reply_at),
                (N_("Reminded"), handoff.reminded_at),
                (N_("Closed"), handoff.resolved_at),
            )
            with node("dl", classes="facts"):
                self._build_moments(moments)
            if handoff.is_open and may(self._visit.operator.role, Action.CLOSE):
                button(words.say("Close the hand-off"), self._ask_to_close, handoff.handoff_id)

    def _build_moments(self, moments: Iterable[tuple[str, datetime | None]]) -> None:
        for name, at in moments:
            if at:
                with node("div"):
                    node("dt", self._words.say(name))
                    with node("dd"):
                        moment(at, self._words)

    def _ask_to_close(self, handoff_id: int) -> None:
        words = self._words
        question = words.say("Close this hand-off? Nobody is reminded of it again, and it can't be reopened.")
        self._visit.frame.ask(question, words.say("Close hand-off"), lambda: self._close_handoff(handoff_id))

    async def _close_handoff(self, handoff_id: int) -> None:
        async def deed(operator: Operator) -> bool:
            return await self._visit.console.conversations.close_handoff(handoff_id, operator.name)

        is_new = await act(self._visit, Action.CLOSE, deed)
        if is_new is not None:
            closed = N_("The hand-off is closed.") if is_new else N_("The hand-off was already closed.")
            await self.show()
            self._visit.frame.say(self._words.say(closed))

    async def _mark_foreign(self, question_id: int) -> None:
        conversations = self._visit.console.conversations

        async def deed(operator: Operator) -> int:
            return await conversations.mark_foreign(question_id, operator.name)

        foreign_id = await act(self._visit, Action.TEACH, deed)
        if foreign_id is None:
            return

        async def undo() -> None:
            async def take_back(operator: Operator) -> bool:
                await conversations.unmark_foreign(foreign_id, operator.name)
                return True

            if await act(self._visit, Action.TEACH, take_back):
                self._visit.frame.say(self._words.say("The question is no longer marked as off topic."))

        told = self._words.say("Marked as off topic. The bot won't answer such questions.")
        self._visit.frame.offer_undo(told, undo)


def _seconds(start: datetime, end: datetime, words: Words) -> str:
    return words.tenths((end - start).total_seconds())
