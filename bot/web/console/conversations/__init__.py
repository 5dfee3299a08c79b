"""What was asked and answered: the list, which is searched and narrowed, and one conversation in full."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from bot.web.console.conversations.conversation import ConversationView
from bot.web.console.conversations.filter_form import build_filters
from bot.web.console.conversations.filters import PATH, address_of, read_criteria, read_cursor
from bot.web.console.labels import HANDOFFS, QUESTIONS, SOURCES, platform_name
from bot.web.console.parts.elements import Table, moment, shortened_answer
from bot.web.console.parts.number import read_number
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.conversations.criteria import Criteria
from supportbot.conversations.listing import Found, Page
from supportbot.printable import shortened
from supportbot.words import N_, Words

_STYLE = Path(__file__).with_name("conversations.css")
_SHOWN = 220
"""Characters of a text in the list."""

_COLUMNS = (N_("When"), N_("Where"), N_("Question"), N_("Answer"), N_("Votes"))


async def build(visit: Visit) -> None:
    """Build the list, or the conversation of the question whose number the address has."""
    ui.add_css(_STYLE)
    if visit.argument:
        await ConversationView(visit, read_number(visit.argument)).show()
        return
    words, conversations = visit.words, visit.console.conversations
    criteria, below = read_criteria(visit.query), read_cursor(visit.query)
    node("h1", words.say("Conversations"))
    build_filters(criteria, await conversations.choices(criteria.workspace_id), words)
    page = await conversations.page(criteria, below, visit.operator.name)
    if page.rows:
        _build_table(page, words)
    elif criteria == Criteria():
        _build_first_step(words, is_end=below is not None)
    else:
        node("p", words.say("No results. Try fewer words or fewer filters."))
        node("a", words.say("Show everything"), href=PATH)
    with node("nav", classes="row pages", aria_label=words.say("Pagination")):
        if below:
            node("a", words.say("Newest"), classes="button", href=address_of(criteria))
        if page.below:
            node("a", words.say("Older"), classes="button", href=address_of(criteria, page.below), rel="next")


def _build_first_step(words: Words, *, is_end: bool) -> None:
    if is_end:
        node("p", words.say("Nothing older."))
        return
    node("p", words.say("No questions yet. Ask the first one on the chat page."))
    node("a", words.say("Open the chat page"), classes="button", href="/")


def _build_table(page: Page, words: Words) -> None:
    table = Table(words.say("Questions, newest first"), [words.say(name) for name in _COLUMNS])
    for row in page.rows:
        when, where, asked, answer, votes = table.row()
        with when:
            moment(row.received_at, words)
        with where.classes("where"):
            node("span", f"{platform_name(row.platform, words)} · {row.workspace}", dir="auto")
            node("span", row.channel, classes="muted", dir="auto")
        with asked:
            text = shortened(row.question, _SHOWN) or "–"
            node("a", text, href=f"{PATH}/{row.question_id}", dir="auto", classes="asked")
            if row.sample > 1:
                node("span", words.say("Answer {number}", number=row.sample), classes="tag")
        with answer:
            _build_answer(row, words)
        with votes.classes("votes"):
            _build_votes(row, words)


def _build_answer(row: Found, words: Words) -> None:
    if row.answer is None or row.source is None:
        node("span", words.say(QUESTIONS[row.state]), classes="muted")
    else:
        node("span", shortened_answer(row.answer, _SHOWN), classes="text", dir="auto")
        node("span", words.say(SOURCES[row.source]), classes=f"tag {row.source}")
        if row.model_version:
            node("span", row.model_version, classes="muted", dir="auto")
    if row.people:
        node(
            "span",
            words.say_many("{number} human answer", "{number} human answers", row.people),
            classes="tag human",
        )
    if row.handoff:
        text = words.say("Hand-off: {state}", state=words.say(HANDOFFS[row.handoff]))
        node("span", text, classes=f"tag handoff {row.handoff}")


def _build_votes(row: Found, words: Words) -> None:
    up, down, corrections = row.votes_up, row.votes_down, row.corrections
    for sign, count, said in (
        ("👍", up, words.say_many("{number} found it helpful", "{number} found it helpful", up)),
        ("👎", down, words.say_many("{number} found it unhelpful", "{number} found it unhelpful", down)),
        ("✎", corrections, words.say_many("{number} correction", "{number} corrections", corrections)),
    ):
        if count:
            node("span", f"{sign} {words.number(count)}", role="img", aria_label=said, title=said)
