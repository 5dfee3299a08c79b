"""What happened lately, what is missing, and what to do about it; where nothing happened yet, how to begin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from nicegui import ui

from bot.web.console.labels import platform_name
from bot.web.console.pages import PAGES
from bot.web.console.today.beginning import build_beginning
from bot.web.console.today.charts import KINDS, build_charts, rate_words
from bot.web.console.today.gaps import GapList
from bot.web.console.today.words import change_words
from bot.web.console.visit import Visit
from bot.web.health import READINESS_SECONDS
from bot.web.nodes import node
from supportbot.insights.figures import Figures
from supportbot.insights.period import Days, Period
from supportbot.insights.standing import Place, Queue
from supportbot.insights.today import UNKNOWN, Glance
from supportbot.printable import printable
from supportbot.statistics.kinds import Kind
from supportbot.words import N_, Words

_STYLE = Path(__file__).with_name("today.css")

_DAYS: Mapping[Days, str] = {
    Days.ONE: N_("24 hours"),
    Days.WEEK: N_("7 days"),
    Days.MONTH: N_("30 days"),
}
_PROBLEMS: Mapping[str, str] = {
    "database": N_("The database is unavailable. New questions may be lost."),
    "knowledge": N_("Approved answers are out of date."),
    "passages": N_("Documents are out of date."),
    "slack": N_("Slack is not connected."),
    "discord": N_("Discord is not connected."),
    "daemon": N_("The bot is stopping."),
}
_UNKNOWN = N_("The bot can't check its own health.")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


async def build(visit: Visit) -> None:
    """Build the page."""
    ui.add_css(_STYLE)
    words, today = visit.words, visit.console.today
    node("h1", words.say(PAGES["today"].title))
    problems = await _problems(visit)
    _build_problems(problems, words)
    beginning = await today.beginning(problems)
    if not beginning.has_questions:
        build_beginning(beginning, words)
        return
    places = await today.places()
    period = read_period(visit.query, places)
    _build_filters(period, places, words)
    glance = await today.glance(period)
    _build_tiles(glance, today.model_version(), words)
    node("h2", words.say("Since last week"))
    for sentence in change_words(glance.changes, words):
        node("p", sentence, classes="change")
    GapList(visit, period)
    build_charts(glance, words)


def read_period(query: Mapping[str, str], places: Sequence[Place]) -> Period:
    """Return what the address asks for; anything else is a week everywhere."""
    days = {str(int(one)): one for one in Days}.get(query.get("days", ""), Days.WEEK)
    ids = {str(place.workspace_id): place.workspace_id for place in places}
    return Period(days=days, workspace_id=ids.get(query.get("workspace", "")))


async def _problems(visit: Visit) -> Mapping[str, str]:
    try:
        async with asyncio.timeout(READINESS_SECONDS):
            return await visit.console.today.problems()
    except TimeoutError:
        return {UNKNOWN: ""}


def _build_problems(problems: Mapping[str, str], words: Words) -> None:
    if not problems:
        return
    with node("div", classes="problems advice", role="group", aria_label=words.say("Problems")):
        for part in problems:
            node("p", words.say(_PROBLEMS.get(part, _UNKNOWN)))
        with node("p"):
            node("span", words.say("For details:") + " ")
            node("code", "supportbot doctor")


def _build_filters(period: Period, places: Sequence[Place], words: Words) -> None:
    with node("form", classes="row filters", method="get", action=PAGES["today"].path):
        _build_choice(
            words.say("Time"), "days", [(str(int(one)), words.say(_DAYS[one])) for one in Days], period.days
        )
        everywhere = ("", words.say("All workspaces"))
        named = [(str(place.workspace_id), _place_name(place, words)) for place in places]
        if len(places) > 1 or period.workspace_id is not None:
            _build_choice(words.say("Workspace"), "workspace", [everywhere, *named], period.workspace_id)
        node("button", words.say("Show"), classes="button", type="submit")


def _build_choice(label: str, name: str, choices: Sequence[tuple[str, str]], chosen: int | None) -> None:
    with node("label", classes="field"):
        node("span", label)
        with node("select", name=name):
            for value, shown in choices:
                option = node("option", shown, value=value)
                if value == str(chosen or ""):
                    option.props["selected"] = True


def _place_name(place: Place, words: Words) -> str:
    return printable(f"{platform_name(place.platform, words)} · {place.name or place.external_id}")


def _build_tiles(glance: Glance, model: str, words: Words) -> None:
    now, before = glance.now, glance.before
    with node("dl", classes="tiles"):
        _build_tile(words.say("Questions"), words.number(now.questions), _before(before.questions, words))
        for kind in (Kind.VERIFIED, Kind.GENERATED, Kind.NOT_SURE):
            shown, was = (words.percent(_share(figures, kind)) for figures in (now, before))
            counted = words.number(now.kinds.get(kind, 0))
            note = words.say("{number}; before: {share}", number=counted, share=was if before.questions else "–")
            _build_tile(words.say(KINDS[kind]), shown if now.questions else "–", note)
        _build_tile(words.say("handed off"), words.number(now.handed_off), _before(before.handed_off, words))
        rate = rate_words(now.up_rate, words) if now.up_rate else words.say("no votes")
        was = rate_words(before.up_rate, words) if before.up_rate else words.say("no votes")
        votes = words.say_many("{number} vote", "{number} votes", now.votes_up + now.votes_down)
        _build_tile("👍", rate, words.say("{votes}; before: {rate}", votes=votes, rate=was))
        _build_tile(words.say("Time to answer"), _seconds(now.median_seconds, words), _slowest(now, before, words))
        _build_tile(words.say("Open hand-offs"), *_waiting(glance.handoffs, words))
        _build_tile(words.say("Waiting questions"), *_waiting(glance.queue, words))
        _build_tile(words.say("Model"), printable(model) or "–", words.say("live now") if model else "")


def _build_tile(name: str, value: str, note: str) -> None:
    with node("div", classes="tile card"):
        node("dt", name)
        node("dd", value, classes="value", dir="auto")
        node("dd", note, classes="muted")


def _before(number: int, words: Words) -> str:
    return words.say("before: {number}", number=words.number(number))


def _share(figures: Figures, kind: Kind) -> float:
    return figures.kinds.get(kind, 0) / figures.questions if figures.questions else 0.0


def _seconds(seconds: float | None, words: Words) -> str:
    return "–" if seconds is None else f"{words.tenths(seconds)} s"


def _slowest(now: Figures, before: Figures, words: Words) -> str:
    return words.say(
        "95% within {p95}; before: {median} and {was}",
        p95=_seconds(now.p95_seconds, words),
        median=_seconds(before.median_seconds, words),
        was=_seconds(before.p95_seconds, words),
    )


def _waiting(queue: Queue, words: Words) -> tuple[str, str]:
    if not queue.count:
        return words.number(0), ""
    return words.number(queue.count), words.say("oldest: {time}", time=_time(queue.seconds, words))


def _time(seconds: float, words: Words) -> str:
    if seconds < _MINUTE:
        return words.say_many("{number} second", "{number} seconds", int(seconds))
    if seconds < _HOUR:
        return words.say_many("{number} minute", "{number} minutes", int(seconds // _MINUTE))
    if seconds < _DAY:
        return words.say_many("{number} hour", "{number} hours", int(seconds // _HOUR))
    return words.say_many("{number} day", "{number} days", int(seconds // _DAY))
