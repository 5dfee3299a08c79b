"""The form above the list of conversations; the browser makes the address of it, so it works as any link does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.web.console.conversations.filters import PATH
from bot.web.console.labels import HANDED_OFF, SOURCES, VOTES, platform_name
from bot.web.nodes import node
from supportbot.conversations.criteria import Criteria
from supportbot.conversations.listing import Choices
from supportbot.words import N_, Words

_CHANNELS = "channels"

Option = tuple[str, str]
"""The value in the address, and what people read."""


def build_filters(criteria: Criteria, choices: Choices, words: Words) -> None:
    """Show the search field and the filters, filled in.

    Args:
        criteria: what is asked for.
        choices: what can be.
        words: the console's own.
    """
    with node("form", classes="filters", method="get", action=PATH, role="search"):
        with node("div", classes="row search"):
            with node("label", classes="field words"):
                node("span", words.say("Search in questions and answers"))
                node("input", type="search", name="words", defaultValue=criteria.words, maxlength=400)
            node("button", words.say("Search"), classes="button main", type="submit")
        with node("details", open=_narrows(criteria)):
            node("summary", words.say("Filters"))
            with node("div", classes="row"):
                _build_choices(criteria, choices, words)
            node("p", words.say("Dates are in UTC."), classes="muted")


def _build_choices(criteria: Criteria, choices: Choices, words: Words) -> None:
    def named(labels: Mapping[StrEnum, str]) -> list[Option]:
        return [(str(value), words.say(label)) for value, label in labels.items()]

    platforms = [(one, platform_name(one, words)) for one in choices.platforms]
    workspaces = [
        (str(one.workspace_id), f"{platform_name(one.platform, words)} · {one.name}") for one in choices.workspaces
    ]
    versions = [(one, one) for one in choices.model_versions]
    workspace = "" if criteria.workspace_id is None else str(criteria.workspace_id)
    _build_choice("platform", words.say("Platform"), platforms, criteria.platform, words)
    _build_choice("workspace", words.say("Workspace"), workspaces, workspace, words)
    with node("label", classes="field"):
        node("span", words.say("Channel"))
        node("input", type="text", name="channel", defaultValue=criteria.channel, list=_CHANNELS, maxlength=400)
    with node("datalist", id=_CHANNELS):
        for channel in choices.channels:
            node("option", channel, value=channel)
    _build_choice("source", words.say("Answer"), named(SOURCES), criteria.source or "", words)  # type: ignore[arg-type]  # a mapping of its own kind of words
    _build_choice("votes", words.say("Votes"), named(VOTES), criteria.voted or "", words)  # type: ignore[arg-type]  # as above
    _build_choice("handoff", words.say("Hand-off"), named(HANDED_OFF), criteria.handed_off or "", words)  # type: ignore[arg-type]  # as above
    _build_choice("model", words.say("Model"), versions, criteria.model_version, words)
    for name, label, day in (
        ("from", N_("From"), criteria.first_day),
        ("to", N_("To"), criteria.last_day),
    ):
        with node("label", classes="field"):
            node("span", words.say(label))
            node("input", type="date", name=name, defaultValue=day.isoformat() if day else "")


def _build_choice(name: str, label: str, options: Iterable[Option], chosen: str, words: Words) -> None:
    known = dict(options)
    if chosen and chosen not in known:  # an address may ask for what is not offered
        known[chosen] = chosen
    with node("label", classes="field"):
        node("span", label)
        with node("select", name=name):
            node("option", words.say("Any"), value="")
            for value, text in known.items():
                node("option", text, value=value, selected=value == chosen)


def _narrows(criteria: Criteria) -> bool:
    """Return whether anything but words is asked for."""
    return Criteria(words=criteria.words) != criteria
