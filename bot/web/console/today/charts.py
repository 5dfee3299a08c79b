"""The charts of Today: questions by day and by channel, and what people think of each version."""

from __future__ import annotations

from collections.abc import Mapping

from babel.dates import format_date

from bot.web.console.labels import platform_name
from bot.web.console.parts.chart import axes, build_chart
from bot.web.nodes import node
from supportbot.insights.charts import ChannelCount, VersionVotes
from supportbot.insights.today import Glance
from supportbot.printable import printable
from supportbot.statistics.kinds import Kind
from supportbot.words import N_, Words

KINDS: Mapping[Kind, str] = {
    Kind.VERIFIED: N_("verified"),
    Kind.GENERATED: N_("generated"),
    Kind.QUOTED: N_("quoted"),
    Kind.SMALL_TALK: N_("small talk"),
    Kind.NOT_SURE: N_("not sure"),
    Kind.FAILED: N_("failed"),
    Kind.OPEN: N_("open"),
}
"""Kinds in the order in which they are stacked, the best below."""

_LABELS = {"color": "var(--text)", "fontSize": 12}


def build_charts(glance: Glance, words: Words) -> None:
    """Show all charts."""
    node("h2", words.say("Questions"))
    with node("div", classes="panels"):
        _build_days(glance, words)
        if glance.channels:
            _build_channels(glance, words)
        if glance.versions:
            _build_versions(glance, words)


def _build_days(glance: Glance, words: Words) -> None:
    days = [format_date(one.day, words.say("d MMM"), locale=words.language) for one in glance.days]
    shown = {kind: named for kind, named in KINDS.items() if any(one.kinds.get(kind) for one in glance.days)}
    options = axes(days) | {
        "legend": {"top": 0, "left": 0, "itemHeight": 10, "itemWidth": 14, "textStyle": _LABELS},
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "name": words.say(named),
                "data": [one.kinds.get(kind, 0) for one in glance.days],
                "itemStyle": {"color": f"var(--kind-{kind.value.replace('_', '-')})"},
                "barMaxWidth": 44,
            }
            for kind, named in shown.items()
        ],
    }
    rows = [
        [day, *(words.number(one.kinds.get(kind, 0)) for kind in shown)]
        for day, one in zip(days, glance.days, strict=True)
    ]
    head = [words.say("Day"), *map(words.say, shown.values())]
    build_chart(words.say("By day (UTC)"), options, head, rows, words)


def _build_channels(glance: Glance, words: Words) -> None:
    names = [channel_name(one, words) for one in glance.channels]
    counts = [one.questions for one in glance.channels]
    options = axes(names, lies=True) | {
        "series": [
            {"type": "bar", "data": counts, "itemStyle": {"color": "var(--accent)"}, "barMaxWidth": 22},
        ],
    }
    rows = [[name, words.number(number)] for name, number in zip(names, counts, strict=True)]
    build_chart(words.say("By channel"), options, [words.say("Channel"), words.say("Questions")], rows, words)


def _build_versions(glance: Glance, words: Words) -> None:
    voted = [one for one in glance.versions if one.up_rate is not None]
    rates = [one.up_rate for one in voted if one.up_rate is not None]
    percents = [[round(100 * share) for share in rate] for rate in rates]
    options = axes([printable(one.version) for one in voted], lies=True)
    options["xAxis"] = {**_as_mapping(options["xAxis"]), "min": 0, "max": 100}
    options["tooltip"] = {"show": False}  # the table says it better than two bars on each other
    options["series"] = [
        {  # nothing, up to where the interval begins
            "type": "bar",
            "stack": "interval",
            "data": [low for _, low, _ in percents],
            "itemStyle": {"color": "transparent"},
            "silent": True,
        },
        {
            "type": "bar",
            "stack": "interval",
            "data": [high - low for _, low, high in percents],
            "itemStyle": {"color": "var(--asked)", "borderColor": "var(--accent)"},
            "barMaxWidth": 14,
        },
        {
            "type": "scatter",
            "data": [[share, place] for place, (share, _, _) in enumerate(percents)],
            "symbolSize": 11,
            "itemStyle": {"color": "var(--accent)"},
        },
    ]
    head = [words.say("Version"), words.say("Answers"), words.say("Votes"), words.say("👍 of votes")]
    rows = [
        [one.version, words.number(one.answers), words.number(one.up + one.down), _rate(one, words)]
        for one in glance.versions
    ]
    build_chart(words.say("👍 by model version, in %, with 95% intervals"), options, head, rows, words)


def _rate(one: VersionVotes, words: Words) -> str:
    return rate_words(one.up_rate, words) if one.up_rate is not None else words.say("no votes")


def rate_words(rate: tuple[float, float, float], words: Words) -> str:
    """Return a share with its interval."""
    share, low, high = map(words.percent, rate)
    return words.say("{share} ({low} to {high})", share=share, low=low, high=high)


def channel_name(one: ChannelCount, words: Words) -> str:
    """Return what a channel is called; its name is known to the platform alone."""
    platform = printable(platform_name(one.platform, words))
    if not one.platform:
        return words.say("all others")
    if one.channel:
        return " ".join(f"{platform} {printable(one.channel)}".split())
    if one.platform in ("web", "cli"):
        return platform
    return words.say("{platform}, direct messages", platform=platform)


def _as_mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
