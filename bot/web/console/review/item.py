"""One item on one screen: what it is about on the left, what the curator judges on the right.

All texts are people's and models', and go into text nodes only. What redaction took out is marked, and so is what
may be personal and was left in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.frame import button
from bot.web.console.labels import workspace_name
from bot.web.console.pages import ROOT
from bot.web.console.parts.elements import moment
from bot.web.console.review.queue import KINDS
from bot.web.nodes import node, on_click
from supportbot import markdown
from supportbot.db.states import AnswerSource, HandoffState
from supportbot.feedback.review.items import Given, Item, LikeItem, Said
from supportbot.feedback.review.marks import Mark, Piece
from supportbot.feedback.review.near import Near
from supportbot.feedback.votes import REASON_WORDS
from supportbot.words import N_, Words

_SPEAKERS = {"asker": N_("Asker"), "bot": N_("Bot"), "person": N_("Person")}
_SOURCES = {
    AnswerSource.GENERATED: N_("Written by a model"),
    AnswerSource.APPROVED: N_("Approved answer"),
    AnswerSource.QUOTED: N_("Quoted from a document"),
    AnswerSource.NOT_SURE: N_("The bot wasn't sure"),
}
_HANDOFFS = {
    HandoffState.OPEN: N_("A person was asked and hasn't answered yet."),
    HandoffState.ANSWERED: N_("A person was asked and has answered."),
    HandoffState.RESOLVED: N_("A person was asked, and the request is resolved."),
    HandoffState.UNREACHED: N_("A person should have been asked but couldn't be reached."),
}
_NO_CONSENT = N_(
    "This workspace hasn't allowed learning. Approved answers are used only there, and no model learns them."
)
_ALIKE = N_(
    "{number} corrections from {accounts} accounts are nearly the same. Your decision applies to all of "
    "them, and only this text is approved."
)


@dataclass(frozen=True, slots=True)
class Marked:
    """The texts of an item in pieces."""

    question: Sequence[Piece]
    answer: Sequence[Piece]
    rejected: Sequence[Piece]


def build_item(
    item: Item,
    texts: Marked,
    near: Sequence[Near],
    tick: Callable[[int], bool],
    words: Words,
) -> TextElement:
    """Build an item, and return the side on which it is judged.

    Args:
        item: what is shown.
        texts: its texts in pieces.
        near: the approved answers that are nearest to its question.
        tick: ticks an item with the same answer, or no more; says whether it is ticked now.
        words: the console's own.
    """
    with node("div", classes="reviewing"):
        with node("section", classes="context", aria_label=words.say("Context")):
            _build_context(item, texts, near, words)
        with node("section", classes="judgement", aria_label=words.say("Decision")) as judgement:
            title = words.say("Answer to avoid") if item.is_bad else words.say("Proposed answer")
            node("h2", title)
            _build_text(texts.answer, title, words)
            if item.rejected is not None:
                node("h2", words.say("Instead of"))
                _build_text(texts.rejected, words.say("Instead of"), words)
            _build_doubts(texts, words)
            if item.alike is not None:
                number = words.number(len(item.alike.others) + 1)
                accounts = words.number(item.alike.accounts)
                node("p", words.say(_ALIKE, number=number, accounts=accounts), classes="note advice")
            _build_like(item, tick, words)
    return judgement


def build_near(near: Sequence[Near], choose: Callable[[Near], object], words: Words) -> None:
    """Build approved answers to merge into, each with its number as a key."""
    if not near:
        node("p", words.say("No approved answer matches."), classes="muted", role="status")
        return
    with node("ol", classes="entries"):
        for number, one in enumerate(near, start=1):
            with node("li"):
                _build_entry(one, words)
                button(words.say("Merge into answer {number}", number=number), choose, one)


def _build_context(item: Item, texts: Marked, near: Sequence[Near], words: Words) -> None:
    say = words.say
    with node("p", classes="muted"):
        node("span", say(KINDS[item.kind]), classes="kind")
        if item.workspace is not None:
            node("span", workspace_name(item.workspace, words), dir="auto")
        moment(item.created_at, words)
    node("h2", say("Question"))
    _build_text(texts.question, say("Question"), words)
    if item.reasons:
        node("h2", say("Why it is here"))
        with node("ul", classes="reasons"):
            for reason in item.reasons:
                node("li", say(reason))
    if not item.counts:
        node("p", say(_NO_CONSENT), classes="note advice")
    if item.given is not None:
        _build_given(item.given, words)
    if item.thread:
        _build_thread(item.thread, words)
    node("h2", say("Nearest approved answers"))
    if not near:
        node("p", say("No similar answers."), classes="muted")
    with node("ul", classes="entries"):
        for one in near:
            with node("li"):
                _build_entry(one, words)


def _build_given(given: Given, words: Words) -> None:
    say = words.say
    node("h2", say("The bot's answer"))
    _build_words(given.text, say("The bot's answer"))
    told = [say(_SOURCES[given.source])] if given.source in _SOURCES else []
    if given.model_version:
        told.append(say("Model {version}", version=given.model_version))
    if given.similarity is not None:
        told.append(say("similarity {similarity}", similarity=words.percent(given.similarity)))
    told.append(say("votes: {up} up, {down} down", up=words.number(given.up), down=words.number(given.down)))
    told += [f"{say(REASON_WORDS[reason])}: {words.number(number)}" for reason, number in given.reasons]
    with node("p", " · ".join(told), classes="muted"):
        node("a", say("Open the conversation"), href=f"{ROOT}/conversations/{given.question_id}")
    if given.handoff is not None:
        node("p", say(_HANDOFFS[given.handoff]), classes="muted")


def _build_thread(thread: Sequence[Said], words: Words) -> None:
    with node("details"):
        node("summary", words.say_many("Thread: {number} message", "Thread: {number} messages", len(thread)))
        with node("dl", classes="thread"):
            for said in thread:
                with node("div", classes="meant" if said.is_meant else ""):
                    with node("dt", words.say(_SPEAKERS[said.by])):
                        moment(said.at, words)
                    node("dd", said.text, dir="auto")


def _build_like(item: Item, tick: Callable[[int], bool], words: Words) -> None:
    if not item.like:
        return
    number = len(item.like)
    node("h2", words.say_many("{number} more with this answer", "{number} more with this answer", number))
    node("p", words.say("Checked items are reviewed and undone together."), classes="muted")
    with node("ul", classes="like"):
        for one in item.like:
            with node("li"):
                _build_tick(one, tick)


def _build_tick(like: LikeItem, tick: Callable[[int], bool]) -> None:
    box = node("button", type="button", role="checkbox", aria_checked="false", classes="tick")
    with on_click(box, lambda: box.props(f"aria-checked={str(tick(like.example_id)).lower()}")):
        node("span", like.question, dir="auto")


def _build_entry(near: Near, words: Words) -> None:
    with node("p", near.question, classes="asked", dir="auto"):
        if near.similarity is not None:
            node("span", words.percent(max(near.similarity, 0)), classes="muted")
    node("p", markdown.to_text(markdown.read(near.answer)), classes="said-there", dir="auto")


def _build_words(text: str, label: str) -> None:
    """Show a text as it is; a long one scrolls, with keys as well."""
    node("div", text, classes="text", dir="auto", tabindex="0", role="group", aria_label=label)


def _build_text(pieces: Sequence[Piece], label: str, words: Words) -> None:
    titles = {
        Mark.TAKEN: words.say("Removed by redaction"),
        Mark.DOUBTFUL: words.say("This may be personal"),
    }
    with node("div", classes="text", dir="auto", tabindex="0", role="group", aria_label=label):
        for piece in pieces:
            if piece.mark is Mark.PLAIN:
                node("span", piece.text)
            else:
                node("mark", piece.text, classes=piece.mark.value, title=titles[piece.mark])


def _build_doubts(texts: Marked, words: Words) -> None:
    """Name what may be personal, for whoever sees no colours."""
    pieces = [*texts.question, *texts.answer, *texts.rejected]
    doubts = dict.fromkeys(piece.text for piece in pieces if piece.mark is Mark.DOUBTFUL)
    if doubts:
        node(
            "p",
            words.say("Possibly personal: {texts}", texts=", ".join(doubts)),
            classes="note advice",
            dir="auto",
        )
