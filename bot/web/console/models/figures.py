"""What an evaluation found, side by side, and how the loss of a run went."""

from __future__ import annotations

from collections.abc import Sequence

from bot.web.console.models.labels import FIGURES, Label, label_of, written
from bot.web.console.parts.chart import Options, axes, build_chart, build_table
from bot.web.nodes import node
from supportbot.db.states import ModelStatus
from supportbot.models.measured import Figure, LossPoint
from supportbot.models.versions import VersionView
from supportbot.words import N_, Words

LOSS_TITLE = N_("Loss by step, in nats per token")

_CURVES = (("training", N_("Training rows"), "var(--muted)"), ("held_out", N_("Held-out rows"), "var(--accent)"))


def build_figures(view: VersionView, words: Words) -> None:
    """Show the evaluation of a version beside the one that it was compared with."""
    say, summary = words.say, view.report.summary
    if summary.status is ModelStatus.RETIRED or summary.problem:
        return
    node("h2", say("Evaluation"))
    verdict = summary.verdict
    if verdict is None:
        node("p", say("Not evaluated yet, so it isn't known whether it is better than the live version."))
        return
    against = verdict.against or "–"
    build_verdict(verdict.sentence, words, is_better=verdict.better)
    if against not in (view.live, summary.version) and summary.version != view.live:
        node(
            "p",
            say("Compared with {version}, which is no longer live.", version=against),
            classes="caveat advice",
        )
    if view.rows is not None:
        node("p", words.say_many("{number} held-out row", "{number} held-out rows", view.rows), classes="muted")
    build_comparison(view.figures, summary.version, against, words)


def build_verdict(sentence: str, words: Words, *, is_better: bool) -> None:
    """Show whether something is better, and why."""
    said, conclusion = words.say(sentence), words.say("Better.") if is_better else words.say("Not better.")
    head, _, rest = said.partition(": ")
    if f"{head}." == conclusion:  # it begins with what stands before it
        said = rest[:1].upper() + rest[1:]
    with node("p"):
        node("strong", conclusion)
        node("span", f" {said}", dir="auto")


def build_comparison(figures: Sequence[Figure], mine: str, theirs: str, words: Words) -> None:
    """Show figures side by side; nothing for none.

    Args:
        figures: of an evaluation.
        mine: what was evaluated.
        theirs: what it was compared with.
        words: the console's own.
    """
    if not figures:
        return
    order = {name: place for place, name in enumerate(FIGURES)}
    rows = [_row(one, words) for one in sorted(figures, key=lambda one: order.get(one.name, len(order)))]
    chance = words.say("Significant")
    build_table([words.say("Figure"), mine, theirs, words.say("Difference (95% interval)"), chance], rows)


def _row(figure: Figure, words: Words) -> list[str]:
    label = label_of(figure.name)
    cells = ["–" if one is None else written(one, label, words) for one in (figure.mine, figure.theirs)]
    difference, trend = "–", "–"
    if figure.difference is not None:
        value, low, high = (written(one, label, words, signed=True) for one in figure.difference)
        difference = words.say("{value} ({low} to {high})", value=value, low=low, high=high)
        trend = words.say(_trend(figure.difference, label))
    return [words.say(label.text), *cells, difference, trend]


def _trend(difference: tuple[float, float, float], label: Label) -> str:
    """Return whether a difference is one beyond chance, and which."""
    _, low, high = difference
    if low <= 0 <= high:
        return N_("no")
    if label.good is None:
        return N_("yes")
    return N_("better") if (low > 0) == (label.good > 0) else N_("worse")


def build_losses(losses: Sequence[LossPoint], words: Words) -> None:
    """Show how the loss of a run went."""
    node("h2", words.say("Training"))
    build_chart(words.say(LOSS_TITLE), loss_options(losses, words), *loss_table(losses, words), words)


def loss_options(losses: Sequence[LossPoint], words: Words) -> Options:
    """Return the chart of a loss."""
    options = axes([])
    text = {"color": "var(--muted)", "fontSize": 12}
    line = {"lineStyle": {"color": "var(--line)"}}
    options["xAxis"] = {
        "type": "value",
        "minInterval": 1,
        "axisLabel": text,
        "splitLine": {"show": False},
        "axisLine": line,
    }
    options["yAxis"] = {"type": "value", "scale": True, "axisLabel": text, "splitLine": line}
    options["legend"] = {"top": 0, "left": 0, "textStyle": {"color": "var(--text)", "fontSize": 12}}
    options["series"] = [
        {
            "type": "line",
            "name": words.say(name),
            "data": [[point.step, value] for point in losses if (value := getattr(point, curve)) is not None],
            "showSymbol": curve == "held_out",
            "itemStyle": {"color": colour},
            "lineStyle": {"color": colour, "width": 2},
        }
        for curve, name, colour in _CURVES
    ]
    return options


def loss_table(losses: Sequence[LossPoint], words: Words) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells of the same as a table."""
    head = [words.say("Step"), *(words.say(name) for _, name, _ in _CURVES)]
    return head, [[words.number(point.step), _loss(point.training), _loss(point.held_out)] for point in losses]


def _loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
