"""One answer on the page, from the moment that its question is on its way to the vote on it and what that was for.

What people and models wrote goes into text nodes only, so it can't become markup, a link or a script.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from nicegui.elements.mixins.text_element import TextElement

from bot.again import TRY_TEXT
from bot.approval import build_approval, build_date
from bot.handoffs import ASK_TEXT, RESOLVED_TEXT, SOMEBODY, UNREACHED_TEXT
from bot.quotation import MARK, build_source
from bot.web.components import ExplanationForm
from bot.web.formatting import build_blocks
from bot.web.nodes import node, on_click
from bot.web.views import DEMO
from supportbot import markdown
from supportbot.db.states import AnswerSource, HandoffState, QuestionState
from supportbot.feedback.votes import Explanation, Vote
from supportbot.intake.history import Exchange
from supportbot.intake.questions import Suggestion
from supportbot.intake.samples import is_offered
from supportbot.printable import printable
from supportbot.words import N_, Words

_THUMBS = {Vote.UP: (N_("Helpful"), "thumb up"), Vote.DOWN: (N_("Not helpful"), "thumb down")}
_ANSWERED = (QuestionState.ANSWERED, QuestionState.DELIVERED)
_ASKED = {
    HandoffState.OPEN: N_("I've asked a human. You'll get the answer here."),
    HandoffState.ANSWERED: N_("A human has answered."),
    HandoffState.RESOLVED: N_("This is resolved."),
    HandoffState.UNREACHED: UNREACHED_TEXT,
}
_VERIFIED = N_("A person approved this answer. It is shown word for word.")
_QUOTED = N_("This is quoted from a document. Nobody has approved it as an answer.")


class AnswerView:
    """One answer, from the moment that its question is on its way to the vote on it and what the vote was for.

    Args:
        on_vote: called with the answer's id and the thumb that was clicked.
        on_explain: called with the answer's id and what somebody says was wrong with it.
        on_choose: called with the answer's id and the number of the suggestion that was clicked.
        on_try_again: called with the exchange whose question is to get another answer, below this one.
        on_ask_human: called with the answer's id and the question's, when a human is wanted.
        on_resolve: called with the question's id when its asker needs nobody any more.
        words: the bot's own.
    """

    def __init__(
        self,
        on_vote: Callable[[AnswerView, int, Vote], object],
        on_explain: Callable[[AnswerView, int, Explanation], object],
        on_choose: Callable[[int, int], object],
        on_try_again: Callable[[AnswerView, Exchange], object],
        on_ask_human: Callable[[AnswerView, int, int], object],
        on_resolve: Callable[[AnswerView, int], object],
        words: Words,
    ) -> None:
        self._words = words
        self._on_try_again = on_try_again
        self._on_ask_human = on_ask_human
        self._on_resolve = on_resolve
        self._on_vote = on_vote
        self._on_explain = on_explain
        self._on_choose = on_choose
        self._form: ExplanationForm | None = None
        self._shown_people: tuple[Exchange, str] | None = None
        self._raw = ""  # a piece may end in the middle of an emoji
        self._thumbs: dict[Vote, TextElement] = {}
        # Busy: a screen reader waits for the whole answer instead of reading every piece.
        label = words.say("The bot answered")
        with node("article", classes="answer", aria_label=label, aria_busy="true") as self._article:
            with node("div", classes="waiting") as self._waiting:
                self._stage = node("span", words.say("Sending…"))
            self._said = node("div", classes="said", dir="auto")
            self._below = node("div")
            self._people = node("div", aria_live="polite")
            self._facts = node("footer", classes="facts")
        self._said.set_visibility(False)

    def think(self) -> None:
        """Say that the question is safe and being answered."""
        self._stage.text = self._words.say("Thinking…")

    def write(self, text: str) -> None:
        """Add what the model just wrote; an empty piece takes back what was there."""
        self._raw = self._raw + text if text else ""
        self._show(self._raw)

    def finish(self, exchange: Exchange) -> None:
        """Show the whole answer, where it comes from, what else may have been meant, and the thumbs."""
        self._show_whole(exchange.answer or "")
        self._article.props["aria-busy"] = "false"
        words = self._words
        is_answered = exchange.state in _ANSWERED
        is_sure = exchange.source is not AnswerSource.NOT_SURE
        approval = build_approval(exchange.grounds, str, partial(build_date, words=words), words)
        source = build_source(exchange.grounds, str, words)
        with self._below:
            if exchange.answer_id is not None and exchange.grounds.suggestions:
                self._build_suggestions(exchange.answer_id, exchange.grounds.suggestions)
            if exchange.grounds.demo:
                node("p", words.say(DEMO), classes="demo")
            if is_answered and is_offered(exchange.source, exchange.sample):
                self._build_button(words.say(TRY_TEXT), self._on_try_again, self, exchange)
        self.show_people(exchange)
        with self._facts:
            if not is_sure:
                self._article.classes("unsure")
                badge = words.say("Not sure") if is_answered else words.say("Not answered")
                node("span", badge, classes="badge")
            if approval:
                node("span", words.say("Verified"), classes="badge verified", title=words.say(_VERIFIED))
            if source:
                node("span", words.say(MARK), classes="badge", title=words.say(_QUOTED))
            if is_answered and exchange.answer_id is not None:
                self._build_thumbs(exchange.answer_id)
            self._thanks = node("span", classes="thanks", role="status")
            by_whom = words.say("by {approval}", approval=approval)
            origin = by_whom if approval else source or _origin(exchange, words)
            node("span", origin, classes="origin", dir="auto")
        # The page's conversation is seen by one person, so the count of votes is that person's vote.
        if exchange.votes_up or exchange.votes_down:
            self.show_vote(Vote.UP if exchange.votes_up else Vote.DOWN)

    def show_people(self, exchange: Exchange, when: str = "") -> None:
        """Offer that a human is asked, or show that one was, and what people have answered.

        Args:
            exchange: as it is now.
            when: from when on somebody is there, if that is not now.
        """
        if (exchange, when) == self._shown_people:
            return  # what is drawn again would lose a click that is on its way
        self._shown_people = (exchange, when)
        words = self._words
        self._people.clear()
        with self._people:
            for text in exchange.by_people if exchange.handoff is not None else ():
                node("p", words.say("{name} answers:", name=words.say(SOMEBODY)), classes="by")
                node("div", printable(text), classes="said", dir="auto")
            if exchange.handoff is not None:
                asked = words.say(_ASKED[exchange.handoff])
                node("p", " ".join(filter(None, (asked, when))), classes="asked")
                if exchange.handoff in (HandoffState.OPEN, HandoffState.ANSWERED):
                    self._build_button(words.say(RESOLVED_TEXT), self._on_resolve, self, exchange.first_id)
            elif exchange.grounds.offers_human and exchange.state in _ANSWERED and exchange.answer_id is not None:
                label = words.say(ASK_TEXT)
                self._build_button(label, self._on_ask_human, self, exchange.answer_id, exchange.first_id)

    def _build_button(self, label: str, handler: Callable[..., object], *arguments: object) -> None:
        with node("div", classes="suggestions"):
            on_click(node("button", label, classes="suggestion", type="button"), handler, *arguments)

    def fail(self, sentence: str) -> None:
        """Say that there is no answer."""
        self._show(sentence)
        self._article.props["aria-busy"] = "false"
        self._article.classes("unsure")

    def show_vote(self, vote: Vote, thanks: str = "") -> None:
        """Show which thumb counts, and say thanks for a moment; nobody is asked what was wrong after a 👍."""
        for thumb, element in self._thumbs.items():
            element.props["aria-pressed"] = "true" if thumb is vote else "false"
        if vote is Vote.UP:
            self._close_form()
        self._say_thanks(thanks)

    def ask_why(self, answer_id: int, before: Explanation) -> None:
        """Ask what was wrong, with what was said before; a form that is open stays, with what is typed in it."""
        if self._form is None:
            with self._article:
                self._form = ExplanationForm(
                    f"reason-{answer_id}",
                    before,
                    self._words,
                    on_send=partial(self._on_explain, self, answer_id),
                    on_skip=self._close_form,
                )

    def show_explained(self) -> None:
        """Say thanks for an explanation that is kept."""
        self._close_form()
        self._say_thanks(self._words.say("Thanks, that helps"))

    def _close_form(self) -> None:
        if self._form is not None:
            self._form.delete()
            self._form = None

    def _say_thanks(self, thanks: str) -> None:
        self._thanks.clear()
        if thanks:
            with self._thanks:  # a new element each time, so that its fading starts again
                node("span", thanks, classes="fading")

    def _show(self, text: str) -> None:
        self._waiting.set_visibility(False)
        self._said.set_visibility(True)
        self._said.text = printable(text)

    def _show_whole(self, text: str) -> None:
        """Show an answer with its Markdown, which only the whole of it makes clear."""
        blocks = markdown.read(text)
        if markdown.is_plain(text, blocks):
            self._show(text)
            return
        self._show("")
        with self._said.classes("formatted"):
            build_blocks(blocks)

    def _build_suggestions(self, answer_id: int, suggestions: Sequence[Suggestion]) -> None:
        lead = self._words.say("Did you mean:")
        with node("div", classes="suggestions", role="group", aria_label=lead.rstrip(":")):
            node("p", lead)
            for number, suggestion in enumerate(suggestions):
                button = node("button", suggestion.question, classes="suggestion", type="button", dir="auto")
                on_click(button, self._on_choose, answer_id, number)

    def _build_thumbs(self, answer_id: int) -> None:
        with node("div", classes="thumbs", role="group", aria_label=self._words.say("Was this helpful?")):
            for vote, (helpful, classes) in _THUMBS.items():
                label = self._words.say(helpful)
                thumb = node(
                    "button", classes=classes, type="button", title=label, aria_label=label, aria_pressed="false"
                )
                on_click(thumb, self._on_vote, self, answer_id, vote)
                self._thumbs[vote] = thumb


def _origin(exchange: Exchange, words: Words) -> str:
    """Return which model wrote an answer, in how long; nothing for an answer that none wrote."""
    if exchange.source is AnswerSource.APPROVED or exchange.model_version is None:
        return ""
    if exchange.latency_ms is None:
        return exchange.model_version
    # Nobody cares how far below a tenth of a second it was, and "0.0 s" looks broken.
    return f"{exchange.model_version} · {words.tenths(max(exchange.latency_ms / 1000, 0.1))} s"
