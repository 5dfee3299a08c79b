"""An answer with everything that is known of how it came about, what people thought of it, and saying it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.web.console.conversations.repeating import Repeating
from bot.web.console.frame import button
from bot.web.console.labels import ENTRIES, SAMPLING, SOURCES
from bot.web.console.parts.adding import add_to_review
from bot.web.console.parts.elements import moment
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, may
from supportbot.conversations.thread import Said
from supportbot.db.states import AnswerSource
from supportbot.feedback.votes import REASON_WORDS
from supportbot.intake.questions import Verified
from supportbot.words import N_

Fact = tuple[str, str]
"""What it is called, and what it is."""

_LONG = 1_500
"""Characters of a text from which on it gets a box of its own that scrolls."""

_FIGURES: Mapping[str, str] = {
    "threshold": N_("Threshold"),
    "confidence": N_("Match confidence"),
    "probability": N_("Match probability"),
    "exact": N_("Exact wording"),
    "agreement": N_("Agreement with what is approved"),
    "asked_as": N_("Understood as"),
    "quote_confidence": N_("Passage confidence"),
    "quote_threshold": N_("Passage threshold"),
    "quote_similarity": N_("Passage similarity"),
}
"""What the figures are called that an answer's grounds may have."""

_SAMPLING: Mapping[str, str] = {
    **SAMPLING,
    "top_k": N_("Top k"),
    "do_sample": N_("Random sampling"),
    "candidates": N_("Candidates"),
    "seeds": N_("Candidate seeds"),
    "engine": N_("Engine and precision"),
}
"""Likewise, of how tokens are drawn."""


class AnswerPart:
    """An answer of a conversation.

    Args:
        visit: of whoever reads.
        said: the answer.
        is_open: whether its provenance is shown at once.
    """

    def __init__(self, visit: Visit, said: Said, *, is_open: bool) -> None:
        self._visit, self._said = visit, said
        words = self._words = visit.words
        with node("section", classes=f"reply {said.source}", aria_label=words.say("Answer")):
            with node("p", classes="facts"):
                node("span", words.say(SOURCES[said.source]), classes=f"tag {said.source}")
                moment(said.created_at, words)
            if said.is_erased:
                node("p", words.say("This was erased with the person who wrote it."), classes="muted")
            else:
                build_text(said.text, words.say("Answer text"), "said")
            self._build_judgements()
            if said.can_be_judged and may(visit.operator.role, Action.REVIEW):
                button(words.say("Add to review"), self._add)
            if said.source is not AnswerSource.HUMAN:
                with node("details", open=is_open):
                    node("summary", words.say("Why this answer"))
                    self._build_provenance()
                    if said.can_be_repeated:
                        Repeating(visit, said.answer_id)

    async def _add(self) -> None:
        await add_to_review(self._visit, lambda by: self._visit.console.review.put(self._said.answer_id, by))

    def _build_judgements(self) -> None:
        if not self._said.judgements:
            return
        words = self._words
        with node("ul", classes="judgements", aria_label=words.say("Votes")):
            for one in self._said.judgements:
                with node("li"):
                    name = words.say("Helpful") if one.vote > 0 else words.say("Not helpful")
                    node("span", "👍" if one.vote > 0 else "👎", role="img", aria_label=name)
                    if one.reason:
                        node("span", words.say(REASON_WORDS[one.reason]))
                    moment(one.at, words)
                    if one.correction:
                        build_text(one.correction, words.say("Correction"), "correction")

    def _build_provenance(self) -> None:
        said, words = self._said, self._words
        with node("dl", classes="facts"):
            for one in said.grounds.verified:
                self._build_entry(one)
            if said.entry_id is not None and not said.grounds.verified:
                self._build_entry_link(said.entry_id)
            build_facts(self._facts())
        for label, text in (
            (N_("Prompt"), said.prompt),
            (N_("Model output, not shown to anyone"), said.draft),
        ):
            if text:
                node("h2", words.say(label))
                build_text(text, words.say(label), "prompt")
        if said.grounds.suggestions:
            node("h2", words.say("Suggestions"))
            with node("ul"):
                for suggestion in said.grounds.suggestions:
                    with node("li"):
                        node("span", suggestion.question, dir="auto")

    def _build_entry(self, one: Verified) -> None:
        words = self._words
        self._build_entry_link(one.entry_id)
        by = one.approved_by or words.say("Built in")
        facts = [
            (words.say("Similarity"), f"{one.similarity:.3f}"),
            (words.say("Approved by"), words.say("{name}, {days}", name=by, days=words.day(one.approved_at))),
        ]
        build_facts(facts)

    def _build_entry_link(self, entry_id: int) -> None:
        words, state = self._words, self._said.entries.get(entry_id)
        with node("div"):
            node("dt", words.say("Entry"))
            with node("dd"):
                if state is None:
                    node("span", words.say("{number} (erased)", number=entry_id))
                else:
                    node("a", f"{entry_id}", href=f"/console/knowledge/{entry_id}")
                    node("span", words.say(ENTRIES[state]), classes="tag")

    def _facts(self) -> Iterable[Fact]:
        said, words = self._said, self._words
        if quoted := said.grounds.quoted:
            yield words.say("Document"), quoted.document
            yield words.say("Heading"), quoted.heading
        yield from self._named(_FIGURES, said.grounds.figures or {})
        if said.model_version:
            yield words.say("Model"), said.model_version
        yield from self._named(_SAMPLING, said.sampling)
        figures: Iterable[tuple[str, object]] = (
            (N_("Seed"), said.seed),
            (N_("Prompt tokens"), said.prompt_tokens),
            (N_("Answer tokens"), said.answer_tokens),
            (N_("Finish reason"), said.finish),
            (N_("Model confidence"), said.confidence),
            (N_("Mean log-probability"), said.mean_logprob),
            (N_("Milliseconds"), said.latency_ms),
            (N_("Question shortened for the model"), said.shortened or None),
        )
        for label, value in figures:
            if value is not None:
                yield words.say(label), self._written(value)

    def _named(self, names: Mapping[str, str], values: Mapping[str, Any]) -> Iterable[Fact]:
        """Return the facts of a record, those first that have a name."""
        for name in (*names, *(set(values) - set(names))):
            if values.get(name) is not None:
                yield self._words.say(names.get(name, name)), self._written(values[name])

    def _written(self, value: object) -> str:
        match value:
            case bool():
                return self._words.say("Yes") if value else self._words.say("No")
            case float():
                return f"{value:.4g}"
            case str() | int():  # a seed is a name, and has no thousands
                return str(value)
        return json.dumps(value)


def build_facts(facts: Iterable[Fact]) -> None:
    """Show what is known, in the list of facts that is open."""
    for name, value in facts:
        with node("div"):
            node("dt", name)
            node("dd", value, dir="auto")


def build_text(text: str, label: str, classes: str) -> None:
    """Show what somebody wrote; what is long scrolls within a box of its own.

    Args:
        text: as it is kept.
        label: what it is, for screen readers.
        classes: of its element.
    """
    element = node("div", text, classes=f"text {classes}", dir="auto", role="group", aria_label=label)
    if len(text) > _LONG:
        element.props["tabindex"] = 0
