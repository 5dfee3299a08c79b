"""Both arms of a trial side by side, and the difference that is not ruled out, over time."""

from __future__ import annotations

from bot.web.console.parts.chart import axes, build_chart, build_table
from bot.web.nodes import node
from supportbot.trials.trials import Rate, TrialView
from supportbot.words import N_, Words

_BESIDE = N_(
    "Few people vote, and annoyed people vote more often. These figures cover all conversations, but don't "
    "decide the trial. Intervals are 95% Wilson intervals as of now."
)


def build_arms(view: TrialView, words: Words) -> None:
    """Show what was counted in both arms."""
    say = words.say
    node("h3", say("Both versions"))
    arms = (view.live, view.candidate)
    rows = [
        [say("Conversations"), *(words.number(one.arm.conversations) for one in arms)],
        [
            say("Conversations with votes"),
            *(f"👍 {words.number(one.arm.judged.good)} 👎 {words.number(one.arm.judged.bad)}" for one in arms),
        ],
        [say("👍 of these"), *(_rate(one.good, words) for one in arms)],
        *(
            [say(name), *(_rate(getattr(one, field), words) for one in arms)]
            for name, field in (
                (N_("Answered, with no follow-up and no hand-off"), "settled"),
                (N_("Follow-up after the first answer"), "followed_up"),
                (N_("Handed off to a human"), "handed_off"),
                (N_("The model was never sure enough"), "not_sure"),
            )
        ),
    ]
    build_table([say("Figure"), *(one.arm.version for one in arms)], rows)
    node("p", say(_BESIDE), classes="muted")


def _rate(rate: Rate | None, words: Words) -> str:
    if rate is None:
        return "–"
    share, low, high = map(words.percent, rate)
    return words.say("{share} ({low} to {high})", share=share, low=low, high=high)


def build_interval(view: TrialView, words: Words) -> None:
    """Show which differences of the shares of 👍 were not ruled out after so many judgements."""
    say = words.say
    sure = words.percent(1 - view.trial.rule.alpha)
    low, high = (sign(value, words) for value in (view.low, view.high))
    node(
        "p",
        say(
            "The 👍 difference, candidate minus live, is between {low} and {high} points, with {sure} "
            "confidence however often you look. The trial ends once this range excludes 0.",
            low=low,
            high=high,
            sure=sure,
        ),
    )
    if not view.points:
        return
    options = axes([])
    text = {"color": "var(--muted)", "fontSize": 12}
    line = {"lineStyle": {"color": "var(--line)"}}
    options["xAxis"] = {"type": "value", "axisLabel": text, "splitLine": {"show": False}, "axisLine": line}
    options["yAxis"] = {"type": "value", "min": -100, "max": 100, "axisLabel": text, "splitLine": line}
    options["legend"] = {"top": 0, "left": 0, "textStyle": {"color": "var(--text)", "fontSize": 12}}
    options["series"] = [
        {
            "type": "line",
            "name": say(name),
            "data": [[point.judgements, round(100 * getattr(point, field), 2)] for point in view.points],
            "showSymbol": len(view.points) < 2,
            "itemStyle": {"color": colour},
            "lineStyle": {"color": colour, "width": 2},
        }
        for field, name, colour in (
            ("high", N_("Upper limit"), "var(--accent)"),
            ("low", N_("Lower limit"), "var(--muted)"),
        )
    ]
    head = [say("Conversations with votes"), say("Lower limit"), say("Upper limit")]
    rows = [
        [words.number(point.judgements), sign(point.low, words), sign(point.high, words)] for point in view.points
    ]
    title = say("Plausible range of the 👍 difference, in points, by conversations with votes")
    build_chart(title, options, head, rows, words)


def sign(value: float, words: Words) -> str:
    """Return a difference of shares in points, with its sign."""
    before = "+" if value > 0 else "−" if value < 0 else ""
    return before + words.tenths(100 * abs(value))
