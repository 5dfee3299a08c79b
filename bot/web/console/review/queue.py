"""The part above an item: which ones are shown, how many wait, and what to do if there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from bot.web.console.labels import workspace_name
from bot.web.console.pages import ROOT
from bot.web.console.parts.number import read_number
from bot.web.nodes import node
from supportbot.feedback.review.counting import Overview
from supportbot.feedback.review.leases import Choice
from supportbot.feedback.review.order import Kind
from supportbot.words import N_, Words

PATH = f"{ROOT}/review"

KINDS: Mapping[Kind, str] = {
    Kind.PUT: N_("Added by a curator"),
    Kind.CORRECTION: N_("Correction"),
    Kind.HUMAN: N_("Human answer"),
    Kind.SUGGESTION: N_("Chosen suggestion"),
    Kind.DISLIKED: N_("Disliked answer"),
    Kind.LIKED: N_("Liked answer"),
    Kind.DOCUMENT: N_("From a document"),
    Kind.IMPORT: N_("From a file"),
}
"""What kinds of items are called."""

_NOTHING = N_(
    "Nothing to review. Corrections, votes and human answers appear here. “Check for new items” searches the "
    "log now."
)
_NOTHING_CHOSEN = N_("Nothing of this kind is waiting.")
_ALL_TAKEN = N_("Others are reviewing all waiting items.")


def read_choice(query: Mapping[str, str]) -> Choice:
    """Return what an address asks for; what it does not know, it does not ask for."""
    kind = query.get("kind", "")
    return Choice(
        kind=Kind(kind) if kind in set(Kind) else None,
        workspace_id=read_number(query.get("workspace", "")),
    )


def build_filters(overview: Overview, choice: Choice, words: Words) -> None:
    """Build the form that chooses which items are shown, with how many there are of each."""
    kinds: Counter[str] = Counter()
    workspaces: Counter[tuple[str, str]] = Counter()
    for one in overview.waiting:
        kinds[one.kind.value] += one.number
        if one.workspace_id is not None:
            workspaces[str(one.workspace_id), workspace_name(one.workspace or "", words)] += one.number
    by_kind = [
        (kind.value, f"{words.say(name)} ({words.number(kinds[kind.value])})") for kind, name in KINDS.items()
    ]
    by_workspace = [
        (number, f"{name} ({words.number(count)})") for (number, name), count in sorted(workspaces.items())
    ]
    with node("form", classes="row", method="get", action=PATH):
        _select("kind", words.say("Kind"), words.say("All kinds"), by_kind, choice.kind or "")
        wanted = "" if choice.workspace_id is None else str(choice.workspace_id)
        _select("workspace", words.say("Workspace"), words.say("All workspaces"), by_workspace, wanted)
        node("button", words.say("Show"), classes="button", type="submit")


def _select(name: str, label: str, everything: str, options: Iterable[tuple[str, str]], chosen: str) -> None:
    with node("div", classes="field"):
        node("label", label, **{"for": f"review-{name}"})
        with node("select", id=f"review-{name}", name=name, dir="auto"):
            for value, text in [("", everything), *options]:
                node("option", text, value=value, selected=value == chosen)


def build_progress(overview: Overview, words: Words) -> None:
    """Build the line that says how far the queue is."""
    say = words.say
    told = [words.say_many("{number} waiting", "{number} waiting", overview.number)]
    if overview.held:
        told.append(say("others look at {number} of these", number=words.number(overview.held)))
    told.append(
        say(
            "{number} decided in the last 24 hours, {own} by you",
            number=words.number(overview.decided),
            own=words.number(overview.decided_by_them),
        )
    )
    node("p", " · ".join(told), classes="muted progress")


def build_empty(overview: Overview, choice: Choice, words: Words) -> None:
    """Build what stands where no item is shown."""
    if choice != Choice():
        node("p", words.say(_NOTHING_CHOSEN))
        node("a", words.say("Show all waiting items"), href=PATH)
    else:
        node("p", words.say(_ALL_TAKEN if overview.number else _NOTHING))
