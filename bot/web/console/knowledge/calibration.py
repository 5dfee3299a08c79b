"""The confidence threshold: its curve, where the bot is on it, and what another choice would bring."""

from __future__ import annotations

from functools import partial
from typing import Any

from bot.web.console.frame import button
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.chart import FONT, Chart
from bot.web.console.parts.field import Field
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.knowledge.calibration import Calibration, CurvePoint
from supportbot.teaching.sureness import Sureness
from supportbot.words import N_, Words

_LINES = (
    (N_("Answered"), "coverage", "var(--accent)", "solid"),
    (N_("Wrong answers"), "wrong", "var(--unsure-text)", "dashed"),
    (N_("Off-topic questions answered"), "foreign", "var(--muted)", "dotted"),
)

_AXIS = {
    "axisLabel": {"color": "var(--muted)"},
    "axisLine": {"lineStyle": {"color": "var(--muted)"}},
    "splitLine": {"lineStyle": {"color": "var(--line)"}},
}


async def build(visit: Visit) -> None:
    """Build the page."""
    words = visit.words
    node("h1", words.say("Confidence threshold"))
    now = await visit.console.knowledge.calibrating.look()
    if now is None:
        node("p", words.say("There are no answers yet. Import a FAQ first."))
        return
    node(
        "p",
        words.say(
            "The bot answers when its confidence reaches this threshold. To set it, each of your wordings is "
            "asked twice: once without that wording, to count wrong answers, and once without its whole "
            "answer, to stand in for an off-topic question. You choose how many answers may be wrong, and "
            "the threshold follows."
        ),
        classes="muted",
    )
    _Page(visit, now)


class _Page:
    def __init__(self, visit: Visit, now: Sureness) -> None:
        self._visit = visit
        self._now = now
        words = visit.words
        self._standing = node("p", classes="advice", role="status")
        self._chart: Chart | None = None
        if now.points:
            label, options = _chart(now, now.now, words)
            self._chart = Chart(label, options)
        else:
            node("p", words.say("There isn't enough data for a curve. Give each answer three to five wordings."))
        rates = [choice.wrong_rate for choice in now.choices]
        place = rates.index(now.now.wrong_rate)
        is_open = may(visit.operator.role, Action.CALIBRATE)
        self._slider = Field(
            "rate",
            words.say("Share of in-scope questions that may be answered wrongly"),
            str(place),
            kind="range",
            least="0",
            most=str(len(rates) - 1),
            disabled=not is_open,
            on_typed=self._on_moved,
        )
        self._figures = node("div", classes="choice", aria_live="polite")
        with node("div", classes="row"):
            self._set = button(words.say("Apply"), self._choose, classes="main")
            self._back = button(words.say("Use the default"), partial(self._hold, None))
        if not is_open:
            node("p", words.say("Only an admin can change this."), classes="muted")
        self._show(place)

    def _on_moved(self, text: str) -> None:
        if text.isdecimal() and int(text) < len(self._now.choices):
            self._show(int(text))

    def _show(self, place: int) -> None:
        words, now = self._visit.words, self._now
        choice = now.choices[place]
        source = N_("chosen here") if now.is_chosen else N_("from SUPPORTBOT_WRONG_RATE")
        threshold = f"{now.now.threshold:.3f}"
        told = words.say(
            "Today {share} may be wrong ({source}), and the threshold is {threshold}, based on {wordings} "
            "wordings.",
            share=_share(now.now.wrong_rate, words),
            source=words.say(source),
            threshold=threshold,
            wordings=words.number(now.rows),
        )
        self._standing.text = told
        self._slider.speak(_share(choice.wrong_rate, words))
        self._figures.clear()
        with self._figures:
            _build_comparison(now.now, choice, words)
        if self._chart is not None:
            self._chart.show(*_chart(now, choice, words))
        is_open = may(self._visit.operator.role, Action.CALIBRATE)
        self._set.props["disabled"] = not is_open or choice.wrong_rate == now.now.wrong_rate
        self._back.props["disabled"] = not is_open or not now.is_chosen
        for one in (self._set, self._back):
            one.update()

    async def _choose(self) -> None:
        if (text := self._slider.value).isdecimal() and int(text) < len(self._now.choices):
            await self._hold(self._now.choices[int(text)].wrong_rate)

    async def _hold(self, share: float | None) -> None:
        visit, words = self._visit, self._visit.words
        before = self._now.now.wrong_rate if self._now.is_chosen else None

        async def deed(operator: Operator) -> bool:
            await visit.console.knowledge.calibrating.choose(share, operator.name)
            return True

        if not await act(visit, Action.CALIBRATE, deed):
            return
        await self._look_again()
        said = words.say("Threshold saved. Every daemon uses it within two seconds.")
        visit.frame.offer_undo(said, partial(self._hold, before))

    async def _look_again(self) -> None:
        if (now := await attempt(self._visit, self._visit.console.knowledge.calibrating.look)) is not None:
            self._now = now
            rates = [choice.wrong_rate for choice in now.choices]
            place = rates.index(now.now.wrong_rate)
            self._slider.props["most"] = str(len(rates) - 1)
            self._slider.set(str(place))
            self._show(place)


def _build_comparison(now: Calibration, choice: Calibration, words: Words) -> None:
    """Build what holds beside what would hold."""
    headings = ["", words.say("Today"), words.say("With this choice")]
    rows = [
        (N_("Allowed wrong answers"), _share(now.wrong_rate, words), _share(choice.wrong_rate, words)),
        (N_("Threshold"), f"{now.threshold:.3f}", f"{choice.threshold:.3f}"),
        *(
            (name, _share(getattr(now, figure), words), _share(getattr(choice, figure), words))
            for name, figure in (
                (N_("In-scope questions answered"), "coverage"),
                (N_("Wrong answers, not counting contested ones"), "wrong"),
                (N_("Contested: another answer matches equally well"), "contested"),
                (N_("Off-topic questions answered"), "foreign"),
            )
        ),
    ]
    with node("table", classes="comparison"):
        node("caption", words.say("Effect of another choice"))
        with node("thead"), node("tr"):
            for heading in headings:
                node("td" if not heading else "th", heading, **({"scope": "col"} if heading else {}))
        with node("tbody"):
            for name, *values in rows:
                with node("tr"):
                    node("th", words.say(name), scope="row")
                    for heading, value in zip(headings[1:], values, strict=True):
                        node("td", value, data_label=heading)


def _chart(now: Sureness, choice: Calibration, words: Words) -> tuple[str, dict[str, Any]]:
    """Return a chart of all thresholds with the two that matter marked, and what it shows in a sentence."""
    places = {round(now.now.threshold, 4): N_("Today"), round(choice.threshold, 4): N_("Choice")}
    if len(places) == 1:  # two marks in one place could not be read
        places = {place: N_("Today") for place in places}
    marks = [{"xAxis": place, "label": {"formatter": words.say(name)}} for place, name in places.items()]
    series: list[dict[str, Any]] = [
        {
            "name": words.say(name),
            "type": "line",
            "showSymbol": False,
            "step": "end",
            "color": colour,
            "lineStyle": {"type": line, "width": 2},
            "data": [_point(point, figure) for point in now.points],
        }
        for name, figure, colour, line in _LINES
    ]
    look = {"color": "var(--text)", "textBorderWidth": 0}
    series[0]["markLine"] = {"symbol": "none", "data": marks, "label": look}
    options = {
        "grid": {"left": 48, "right": 24, "top": 48, "bottom": 48},
        "legend": {"top": 0, "left": 40, "itemGap": 20, "textStyle": {"color": "var(--text)"}},
        "textStyle": {"fontFamily": FONT, "color": "var(--text)"},
        "tooltip": {"trigger": "axis", "renderMode": "richText"},
        "xAxis": {
            **_AXIS,
            "type": "value",
            "name": words.say("Threshold"),
            "nameLocation": "middle",
            "nameGap": 28,
        },
        "yAxis": {**_AXIS, "type": "value", "name": "%", "min": 0, "max": 100},
        "series": series,
    }
    threshold = f"{choice.threshold:.3f}"
    label = words.say(
        "Threshold curve: at {threshold}, {covered} of in-scope questions are answered, {wrong} wrongly, and "
        "{foreign} of off-topic ones. The figures are in the table below.",
        threshold=threshold,
        covered=_share(choice.coverage, words),
        wrong=_share(choice.wrong, words),
        foreign=_share(choice.foreign, words),
    )
    return label, options


def _point(point: CurvePoint, figure: str) -> list[float]:
    return [round(point.threshold, 4), round(100 * getattr(point, figure), 2)]


def _share(value: float | None, words: Words) -> str:
    return "–" if value is None else words.percent_tenths(value)
