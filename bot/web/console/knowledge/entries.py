"""The list of entries: looked for by words, state, source and place, fifty at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.web.console.knowledge.paths import IMPORT, NEW, PATH, to_entry, to_part
from bot.web.console.parts.elements import shortened_answer
from bot.web.console.parts.field import form_choice, form_field
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.db.states import EntrySource, EntryState
from supportbot.knowledge.listing import Counts, EntrySummary
from supportbot.knowledge.searching import Place, Wanted
from supportbot.printable import shortened
from supportbot.teaching.shelf import EntryPage
from supportbot.words import N_, Words

SOURCES: Mapping[EntrySource, str] = {
    EntrySource.IMPORT: N_("imported or typed"),
    EntrySource.DOCUMENT: N_("a document"),
    EntrySource.CORRECTION: N_("a correction"),
    EntrySource.HUMAN: N_("a person's answer"),
    EntrySource.VOTES: N_("an answer people voted for"),
    EntrySource.SMALL_TALK: N_("small talk"),
}
_STATES: Mapping[str, str] = {
    "": N_("All statuses"),
    "live": N_("Live"),
    "expired": N_("Expired"),
    "retired": N_("Retired"),
}
SHOWN = 160
"""Characters of an answer in a list."""

_LONGEST_SEARCH = 200


async def build(visit: Visit) -> None:
    """Build the list."""
    words, shelf = visit.words, visit.console.knowledge.shelf
    wanted = read_wanted(visit.query)
    counts = await shelf.counts()
    page = await shelf.page(wanted, Place.read(visit.query.get("after", "")))
    workspaces = await shelf.workspaces()
    node("h1", words.say("Knowledge"))
    _build_counts(counts, words)
    if not counts.entries and not counts.retired:
        _build_first_steps(words)
    _build_form(visit, list(workspaces))
    _build_page(visit, page)


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """Return what is looked for, by an address; what it says wrongly counts as not said."""
    wanted = Wanted(
        search=query.get("search", "").strip()[:_LONGEST_SEARCH] or None,
        source=next((one for one in EntrySource if one == query.get("source")), None),
        workspace=query.get("workspace") or None,
        is_single=query.get("single") == "1",
    )
    match query.get("state"):
        case "live":
            return replace(wanted, state=EntryState.LIVE, is_expired=False)
        case "expired":
            return replace(wanted, state=EntryState.LIVE, is_expired=True)
        case "retired":
            return replace(wanted, state=EntryState.RETIRED)
    return wanted


def state_of(entry: EntrySummary, words: Words) -> str:
    """Say whether an entry is given."""
    if entry.state is EntryState.RETIRED:
        return words.say(_STATES["retired"])
    return words.say(_STATES["expired"] if entry.is_expired else _STATES["live"])


def _build_counts(counts: Counts, words: Words) -> None:
    with node("p", classes="counts"):
        node("span", words.say_many("{number} answer", "{number} answers", counts.entries))
        node("span", words.say_many("{number} wording", "{number} wordings", counts.wordings))
        node("span", words.say_many("{number} retired", "{number} retired", counts.retired))
        node("span", words.say_many("{number} small talk", "{number} small talk", counts.talk))
        marked = words.say_many(
            "{number} question marked as off topic", "{number} questions marked as off topic", counts.foreign
        )
        node("span", marked)
    for sentence, address in _advice(counts, words):
        with node("p", classes="advice"):
            node("span", sentence)
            node("a", words.say("Show them"), href=address)


def _advice(counts: Counts, words: Words) -> Iterator[tuple[str, str]]:
    """Yield what would make it better, with where that is."""
    if counts.single:
        yield (
            words.say_many(
                "{number} answer has only one wording. Use 3 to 5: on comparable FAQs this raised right "
                "answers from 56% to 79-85%.",
                "{number} answers have only one wording. Use 3 to 5: on comparable FAQs this raised right "
                "answers from 56% to 79-85%.",
                counts.single,
            ),
            to_part(state="live", single="1"),
        )
    if counts.expired:
        yield (
            words.say_many(
                "{number} answer has expired and is no longer given. Set a new last day, or retire it.",
                "{number} answers have expired and are no longer given. Set a new last day, or retire them.",
                len(counts.expired),
            ),
            to_part(state="expired"),
        )


def _build_first_steps(words: Words) -> None:
    with node("p", classes="advice"):
        node("span", words.say("No answers yet. Import your FAQ, or write a first answer."))
        node("a", words.say("Import"), href=to_part(IMPORT))
        node("a", words.say("New answer"), href=to_part(NEW))


def _build_form(visit: Visit, workspaces: list[str]) -> None:
    words, query = visit.words, visit.query
    chosen = query.get("workspace", "")
    places = dict.fromkeys(["", *workspaces, chosen])
    with node("form", classes="row", method="get", action=PATH, role="search"):
        form_field("search", words.say("Text in wordings or answers"), query.get("search", ""), kind="search")
        states = {value: words.say(shown) for value, shown in _STATES.items()}
        form_choice("state", words.say("Status"), states, query.get("state", ""))
        sources = {"": words.say("All sources"), **{str(one): words.say(shown) for one, shown in SOURCES.items()}}
        form_choice("source", words.say("Source"), sources, query.get("source", ""))
        if workspaces:
            every = {place: place or words.say("All workspaces") for place in places}
            form_choice("workspace", words.say("Used in one workspace only"), every, chosen)
        several = {"": words.say("Any number"), "1": words.say("One wording")}
        form_choice("single", words.say("Wordings"), several, query.get("single", ""))
        node("button", words.say("Search"), classes="button main", type="submit")


def _build_page(visit: Visit, page: EntryPage) -> None:
    words = visit.words
    if not page.entries:
        node("p", words.say("No entries match."), classes="muted")
        return
    number = words.say_many("{number} entry", "{number} entries", page.number)
    headings = [
        words.say(name) for name in (N_("Question"), N_("Answer"), N_("Wordings"), N_("Status"), N_("Approved"))
    ]
    with node("table", classes="entries"):
        node("caption", number)
        with node("thead"), node("tr"):
            for heading in headings:
                node("th", heading, scope="col")
        with node("tbody"):
            for entry in page.entries:
                _build_row(entry, headings, words)
    if page.following is not None:
        following = to_part(**{**visit.query, "after": str(page.following)})
        node("a", words.say("Next page"), href=following, classes="next", rel="next")


def _build_row(entry: EntrySummary, headings: list[str], words: Words) -> None:
    cells = dict(zip(("question", "answer", "wordings", "state", "approved"), headings, strict=True))
    with node("tr"):
        with node("td", data_label=cells["question"], dir="auto"):
            first = shortened(entry.question or words.say("Entry {entry}", entry=entry.entry_id), SHOWN)
            node("a", first, href=to_entry(entry.entry_id))
        node("td", shortened_answer(entry.answer, SHOWN), data_label=cells["answer"], dir="auto")
        node("td", words.number(entry.wordings), data_label=cells["wordings"])
        with node("td", data_label=cells["state"]):
            node("span", state_of(entry, words))
            if entry.workspace:
                node("span", words.say("{workspace} only", workspace=entry.workspace), classes="muted")
        with node("td", data_label=cells["approved"]):
            node("span", entry.approved_by or words.say("built in"))
            node("span", words.day(entry.approved_at.astimezone()), classes="muted")
