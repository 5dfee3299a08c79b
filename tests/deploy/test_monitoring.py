"""The dashboard and the alerts ask for what the bot exports, and alerts say what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prometheus_client
import promql_parser
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from supportbot.telemetry import metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

OF_THE_TARGET = {"job", "instance"}
"""Labels that Prometheus adds to all that it reads."""

_SUFFIXES = {
    "counter": ("_total", "_created"),
    "histogram": ("_bucket", "_sum", "_count", "_created"),
    "gauge": ("",),
}


def exported() -> dict[str, set[str]]:
    """Return the labels of each series that ``/metrics`` can have, by its name."""
    series: dict[str, set[str]] = {"up": set()}
    for collector in vars(metrics).values():
        if isinstance(collector, MetricWrapperBase):
            [family] = collector.describe()
            labels = set(collector._labelnames)
            for suffix in _SUFFIXES[family.type]:
                series[family.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    for family in prometheus_client.PROCESS_COLLECTOR.collect():
        series |= {sample.name: set(sample.labels) for sample in family.samples}
    return series


EXPORTED = exported()


def expressions() -> Iterator[tuple[str, str]]:
    """Yield where each expression is, and the expression as Prometheus would see it."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


EXPRESSIONS = [
    pytest.param(expression, id=f"{place}-{number}") for number, (place, expression) in enumerate(expressions())
]


class Asked:
    """What an expression asks for.

    Args:
        expression: in PromQL.

    Attributes:
        series: the labels that it names of each series.
        grouped: the labels that it groups or joins by.
    """

    def __init__(self, expression: str) -> None:
        self.series: dict[str, set[str]] = {}
        self.grouped: set[str] = set()
        promql_parser.walk(promql_parser.parse(expression), self._look)

    def _look(self, node: Any) -> None:
        match node:
            case promql_parser.VectorSelector():
                self._select(node)
            case promql_parser.MatrixSelector():
                self._select(node.vector_selector)
            case promql_parser.AggregateExpr() if node.modifier is not None:
                self.grouped |= set(node.modifier.labels)
            case promql_parser.BinaryExpr() if node.modifier is not None and node.modifier.matching is not None:
                self.grouped |= set(node.modifier.matching.labels)

    def _select(self, selector: Any) -> None:
        named = {matcher.name for matcher in selector.matchers.matchers}
        self.series.setdefault(selector.name, set()).update(named)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_names_and_labels_are_exported(expression: str) -> None:
    """Every series that is asked for exists, and has the labels by which it is chosen and grouped."""
    asked = Asked(expression)
    assert asked.series
    assert asked.series.keys() <= EXPORTED.keys()
    for name, labels in asked.series.items():
        assert labels <= EXPORTED[name] | OF_THE_TARGET, name
        assert asked.grouped <= EXPORTED[name] | OF_THE_TARGET, name


def test_wrong_names_and_labels_are_found() -> None:
    """What the check above reads of an expression is all that can be wrong in it."""
    asked = Asked(
        'sum by (a) (rate(b_total{c="1"}[5m])) / on (d) group_left count by (e) (f > bool g{h!="2"} offset 1h)'
    )
    assert asked.series == {"b_total": {"c"}, "f": set(), "g": {"h"}}
    assert asked.grouped == {"a", "d", "e"}


def test_dashboard_and_alerts_leave_nothing_out() -> None:
    """Each figure of the bot's own is on the dashboard."""
    shown = {name for panel in PANELS for target in panel["targets"] for name in series_of(target["expr"])}
    families = {
        collector._name for collector in vars(metrics).values() if isinstance(collector, MetricWrapperBase)
    }
    assert {name for name in families if not any(each.startswith(name) for each in shown)} == set()


def series_of(expression: str) -> set[str]:
    """Return the names of the series in an expression of the dashboard."""
    return set(Asked(expression.replace("$__rate_interval", "5m")).series)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alerts_say_what_to_do(rule: dict[str, Any]) -> None:
    """Each has a severity, a summary, a description, and a heading of the guide that exists."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    notes = rule["annotations"]
    assert notes["summary"].endswith(".")
    assert notes["description"].endswith(".")
    document, _, anchor = notes["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text("utf-8"), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_sentences_of_alerts_name_labels_that_are_there(rule: dict[str, Any]) -> None:
    """A label in a sentence is one that the alert groups by, or that no grouping took away."""
    asked = Asked(rule["expr"])
    kept = asked.grouped or set.union(*(EXPORTED[name] | OF_THE_TARGET for name in asked.series))
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    assert named <= kept


def test_every_alert_has_an_example() -> None:
    """`promtool` sees each alert fire once (`make lint-deploy`)."""
    examples = (DEPLOY / "prometheus" / "alerts_test.yaml").read_text("utf-8")
    assert {rule["alert"] for rule in RULES} <= set(re.findall(r'alertname="?(\w+)', examples))


def test_dashboard_is_laid_out() -> None:
    """Panels have numbers of their own, words for people, and places that do not overlap."""
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all(panel["description"].endswith(".") for panel in PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_choices_of_the_dashboard_exist() -> None:
    """What one can choose above the panels comes from series that are exported, and panels use no other."""
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    for variable in variables.values():
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]).groups()  # type: ignore[union-attr]
            [name] = Asked(series).series
            assert label in EXPORTED[name] | OF_THE_TARGET
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(PANELS))) - {"__rate_interval"}
    assert used == variables.keys()
