"""The gaps of Today: what people asked and did not get, and where the answer is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from bot.web.console.frame import button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.visit import Visit
from bot.web.formatting import build_blocks
from bot.web.nodes import node
from supportbot import markdown
from supportbot.access.roles import Action, Operator, may
from supportbot.insights.closing import Dismissed, Written
from supportbot.insights.gaps import AskedOnce, Found, Gap
from supportbot.insights.period import Period
from supportbot.printable import printable
from supportbot.statistics.unmet import Shortfall
from supportbot.words import N_, Words

LONGEST_ANSWER = 8_000
"""Characters of an answer; Slack and Discord cut longer messages into several."""

_MOST_WORDINGS = 20
"""Different questions of a gap that are listed, and may become wordings; more teach little."""

_LONGEST_QUESTION = 300
"""Characters of a question that are shown."""

_SHORTFALLS: Mapping[Shortfall, str] = {
    Shortfall.NOT_SURE: N_("{number} not sure"),
    Shortfall.VOTED_DOWN: N_("{number} voted down"),
    Shortfall.HANDED_OFF: N_("{number} handed off"),
}
_NOTHING = N_("No gaps. Every question in this period was answered, and no answer was voted down.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written.

    Attributes:
        answer: in Markdown.
        more: further ways of asking.
        chosen: places of the questions that lead to it.
    """

    answer: str
    more: Sequence[str]
    chosen: Sequence[int]


class AnswerForm(ui.element, component="answer.js"):
    """Where an answer is written.

    Args:
        questions: those that may lead to it.
        words: the console's own.
        on_save: called with what a browser sent, unless somebody plays tricks.
        on_preview: as above.
        on_cancel: called when somebody would rather not.
    """

    def __init__(
        self,
        questions: Sequence[str],
        words: Words,
        on_save: Callable[[Draft], object],
        on_preview: Callable[[Draft], object],
        on_cancel: Callable[[], object],
    ) -> None:
        super().__init__()
        self._props["questions"] = list(questions)
        self._props["limit"] = LONGEST_ANSWER
        self._props["words"] = {
            "label": words.say("Write the answer"),
            "answer": words.say("Answer in Markdown. People get it word for word."),
            "questions": words.say("Questions this answers"),
            "more": words.say("Other ways to ask this, one per line (optional)"),
            "counter": words.say("{used} of {limit} characters"),
            "save": words.say("Approve"),
            "preview": words.say("Preview"),
            "cancel": words.say("Cancel"),
        }
        self.on("save", lambda event: _given(event, len(questions), on_save))
        self.on("preview", lambda event: _given(event, len(questions), on_preview))
        self.on("cancel", on_cancel, args=[])


def read_draft(sent: object, questions: int) -> Draft | None:
    """Return what a browser sent with the form, or None: it can be made to send anything."""
    match sent:
        case {"answer": str(answer), "more": str(more), "chosen": list(chosen)} if all(
            isinstance(place, int) and 0 <= place < questions for place in chosen
        ):
            lines = [line.strip() for line in more[:LONGEST_ANSWER].splitlines()]
            return Draft(answer[:LONGEST_ANSWER], [line for line in lines if line], chosen)
    return None


def _given(event: GenericEventArguments, questions: int, handler: Callable[[Draft], object]) -> object:
    draft = read_draft(event.args, questions)
    return draft and handler(draft)


class GapList:
    """The gaps of a period, found once the rest of the page is there.

    Args:
        visit: of who looks.
        period: which.
    """

    def __init__(self, visit: Visit, period: Period) -> None:
        self._visit = visit
        self._words = visit.words
        self._gaps = visit.console.today.gaps
        self._period = period
        self._client = ui.context.client
        node("h2", self._words.say("Gaps"))
        node(
            "p",
            self._words.say("Questions without a good answer, grouped by topic. Most-asked first."),
            classes="muted",
        )
        self._list = node("div", classes="gaps", aria_live="polite")
        with self._list:
            node("p", self._words.say("Looking for gaps…"), classes="muted", role="status")
        ui.timer(0, self._show, once=True)

    async def _show(self) -> None:
        found = await attempt(self._visit, lambda: self._gaps.find(self._period))
        if self._client.is_deleted:  # closed meanwhile
            return
        self._list.clear()
        with self._list:
            if found is None:
                button(self._words.say("Try again"), self._show)
            else:
                self._build(found)

    def _build(self, found: Found) -> None:
        words = self._words
        if not found.gaps:
            node("p", words.say(_NOTHING))
        for gap in found.gaps:
            GapView(gap, self._visit, self._show)
        if found.more:
            node(
                "p",
                words.say_many(
                    "{number} more group of questions is not shown. Answer these first.",
                    "{number} more groups of questions are not shown. Answer these first.",
                    found.more,
                ),
                classes="muted",
            )


class GapView:
    """One gap, with what can be done about it.

    Args:
        gap: which.
        visit: of who looks.
        on_undone: called when something was taken back.
    """

    def __init__(self, gap: Gap, visit: Visit, on_undone: Callable[[], Awaitable[None]]) -> None:
        self._gap = gap
        self._visit = visit
        self._words = visit.words
        self._gaps = visit.console.today.gaps
        self._on_undone = on_undone
        self._wordings = _different(gap.questions)
        with node("article", classes="card gap") as self._article:
            self._build_head()
            self._actions = node("div", classes="row")
            self._form = node("div")
        self._close()

    def _build_head(self) -> None:
        words, gap = self._words, self._gap
        node("h3", _cut(gap.example), dir="auto")
        people = words.say_many("{number} person", "{number} people", gap.people)
        seen = words.day(gap.first)
        if gap.last - gap.first >= timedelta(days=1):
            seen = words.say("{first} to {last}", first=seen, last=words.day(gap.last))
        counts = Counter(question.shortfall for question in gap.questions)
        parts = [
            words.say(named, number=words.number(counts[kind]))
            for kind, named in _SHORTFALLS.items()
            if counts[kind]
        ]
        node("p", " · ".join((people, *parts, seen)), classes="muted")
        if len(self._wordings) > 1:
            with node("details"):
                node("summary", words.say("Questions asked"))
                with node("ul"):
                    for question in self._wordings:
                        node("li", _cut(question.text), dir="auto")

    def _close(self) -> None:
        """Show what can be done, and no form."""
        self._form.clear()
        self._actions.clear()
        if may(self._visit.operator.role, Action.TEACH):
            with self._actions:
                button(self._words.say("Write the answer"), self._open, classes="main")
                button(self._words.say("Off topic"), self._dismiss)

    def _open(self) -> None:
        self._actions.clear()
        with self._form:
            AnswerForm(
                [printable(_cut(question.text)) for question in self._wordings],
                self._words,
                on_save=self._write,
                on_preview=self._preview,
                on_cancel=self._close,
            )
            self._shown: TextElement = node("div", classes="preview formatted", aria_live="polite")

    def _preview(self, draft: Draft) -> None:
        self._shown.clear()
        with self._shown:
            build_blocks(markdown.read(draft.answer))

    async def _write(self, draft: Draft) -> None:
        texts = {self._wordings[place].text for place in draft.chosen}
        asked = [question.question_id for question in self._gap.questions if question.text in texts]

        async def write(operator: Operator) -> Written:
            return await self._gaps.closing.write(self._gap.ids, asked, draft.more, draft.answer, operator.name)

        written = await act(self._visit, Action.TEACH, write)
        if written is not None:
            sentence = N_("Approved. Anyone who asks this now gets your answer.")
            self._closed(sentence, lambda operator: self._gaps.closing.take_back(written, operator.name))

    async def _dismiss(self) -> None:
        texts = [question.text for question in self._gap.questions]

        async def dismiss(operator: Operator) -> Dismissed:
            return await self._gaps.closing.dismiss(texts, operator.name)

        dismissed = await act(self._visit, Action.TEACH, dismiss)
        if dismissed is not None:
            sentence = N_("Marked as off topic. The bot won't answer such questions.")
            self._closed(sentence, lambda operator: self._gaps.closing.bring_back(dismissed, operator.name))

    def _closed(self, sentence: str, undo: Callable[[Operator], Awaitable[None]]) -> None:
        """Let the gap go, and offer to take back what closed it."""

        async def take_back() -> None:
            async def taken_back(operator: Operator) -> bool:
                await undo(operator)
                return True

            if await act(self._visit, Action.TEACH, taken_back):
                await self._on_undone()

        self._article.delete()
        self._visit.frame.offer_undo(self._words.say(sentence), take_back)


def _different(questions: Sequence[AskedOnce]) -> list[AskedOnce]:
    """Return the questions that read differently, the newest first."""
    texts: dict[str, AskedOnce] = {}
    for question in questions:
        texts.setdefault(" ".join(question.text.split()).casefold(), question)
    return list(texts.values())[:_MOST_WORDINGS]


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUESTION else f"{text[: _LONGEST_QUESTION - 1].rstrip()}…"
