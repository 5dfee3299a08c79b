"""The audit with filters: a form that asks for an address, so what was found can be sent to somebody as a link."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import urlencode

from nicegui.elements.mixins.text_element import TextElement

from bot.web.console.parts.acting import attempt
from bot.web.console.parts.elements import Table, moment
from bot.web.console.parts.number import read_number
from bot.web.console.settings.undoing import Undoing
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.trail import Deeds, Wanted
from supportbot.db.audit import AuditEntry
from supportbot.words import N_, Words

_TEXTS = {
    "actor": N_("Who"),
    "action": N_("Action starts with"),
    "subject": N_("Subject starts with"),
}
_DAYS = {"since": N_("From (UTC)"), "until": N_("To (UTC)")}
_LONGEST = 200


async def build_audit(visit: Visit, path: str) -> None:
    """Build the form and a page of what it finds.

    Args:
        visit: of whoever looks.
        path: where this is.
    """
    say = visit.words.say
    asked = {name: visit.query.get(name, "")[:_LONGEST] for name in (*_TEXTS, *_DAYS)}
    wanted = Wanted(
        actor=asked["actor"].strip(),
        action=asked["action"].strip(),
        subject=asked["subject"].strip(),
        since=_day(asked["since"]),
        until=_day(asked["until"]),
    )
    with node(
        "form", classes="row", method="get", action=path, role="search", aria_label=say("Search the audit log")
    ):
        for name, label in {**_TEXTS, **_DAYS}.items():
            with node("div", classes="field"):
                node("label", say(label), **{"for": f"audit-{name}"})
                kind = "date" if name in _DAYS else "text"
                node("input", id=f"audit-{name}", name=name, type=kind, value=asked[name], maxlength=_LONGEST)
        node("button", say("Search"), classes="button main", type="submit")
    older = read_number(visit.query.get("before", ""))

    async def find() -> Deeds:
        return await visit.console.access.trail.deeds(wanted, before=older)

    found = await attempt(visit, find)
    if found is None:
        return
    if not found.entries:
        node("p", say("No matching changes. Every change is recorded here."))
        return
    undoing = Undoing(visit)
    await undoing.look(found.entries)
    table = Table(say("Audit log"), [say("When"), say("Who"), say("Action"), say("Subject"), say("More")])
    for entry in found.entries:
        undoing.offer(entry, _show(table, entry, visit.words))
    with node("p", classes="row"):
        kept = {name: value for name, value in asked.items() if value}
        if older is not None:
            node("a", say("Newest"), href=f"{path}?{urlencode(kept)}")
        if found.older is not None:
            node("a", say("Older"), href=f"{path}?{urlencode({**kept, 'before': found.older})}", rel="next")


def _show(table: Table, entry: AuditEntry, words: Words) -> TextElement:
    """Add a line, and return its last cell."""
    when, who, what, to_what, more = table.row()
    with when:
        moment(entry.at, words)
    with who:
        node("span", entry.actor, dir="auto")
    with what:
        node("code", entry.action)
    with to_what:
        node("code", entry.subject, dir="auto")
    with more:
        if entry.details:
            node("code", json.dumps(entry.details, ensure_ascii=False), dir="auto")
    return more


def _day(text: str) -> date | None:
    """Return a day that a browser sent; None for none, and for what is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
