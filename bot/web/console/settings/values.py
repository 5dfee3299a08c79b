"""Limits and all other settings of the process: what each is called, what holds, and what it means."""

from __future__ import annotations

from bot.web.console.parts.elements import Table
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, may
from supportbot.config.listing import Shown
from supportbot.words import N_, Words

_ABOUT = N_(
    "The bot reads these settings at start, from its environment and the file .env. To change one, edit it "
    "there and restart the bot. Secrets are never shown. The descriptions are in English, as in the "
    "documentation."
)
_LIMITS = (
    *("person_at_once", "person_a_minute", "channel_at_once", "channel_a_minute"),
    *("workspace_at_once", "workspace_a_minute", "busy_seconds", "question_minutes", "answer_seconds"),
)
_OF_PEOPLE = frozenset({"admins", "console_admins", "console_curators", "console_viewers"})
"""Whose values name people, and are for those who may decide about them."""


def build_values(visit: Visit) -> None:
    """Build both tables."""
    words, may_see_people = visit.words, may(visit.operator.role, Action.ERASE)
    node("p", words.say(_ABOUT), classes="muted")
    found = visit.console.administration.settings
    for title, rows in (
        (words.say("Limits"), [one for one in found if one.field in _LIMITS]),
        (words.say("Other settings"), [one for one in found if one.field not in _LIMITS]),
    ):
        node("h2", title)
        table = Table(title, [words.say("Variable"), words.say("Value"), words.say("Description")])
        for one in rows:
            _show(table, one, words, is_hidden=one.field in _OF_PEOPLE and not may_see_people)


def _show(table: Table, one: Shown, words: Words, *, is_hidden: bool) -> None:
    name, value, meaning = table.row()
    with name:
        node("code", one.name)
    with value:
        if one.is_secret:
            node("span", words.say("Set (secret)") if one.is_set else words.say("Not set"), classes="muted")
        elif is_hidden:
            node("span", words.say("Only visible to admins"), classes="muted")
        else:
            node("code", one.value or "–", dir="auto")
            if one.is_set:
                node("span", words.say("(set)"), classes="muted")
    with meaning:
        node("span", one.meaning, lang="en")
