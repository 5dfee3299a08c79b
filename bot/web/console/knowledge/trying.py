"""A question through every step: what would be said, and why. Nothing of it is kept."""

from __future__ import annotations

from bot.web.console.frame import button
from bot.web.console.knowledge.entries import SHOWN
from bot.web.console.knowledge.paths import to_entry
from bot.web.console.parts.acting import act, attempt
from bot.web.console.parts.elements import shortened_answer
from bot.web.console.parts.field import Choice, Field
from bot.web.console.visit import Visit
from bot.web.nodes import node
from supportbot.access.roles import Action, Operator, may
from supportbot.knowledge.decision import Decision
from supportbot.printable import shortened
from supportbot.teaching.trying import Tried, verdict
from supportbot.words import N_, Words

_LONGEST = 4_000
_EVIDENCE = {
    "": "",
    "wordings": N_("your wordings"),
    "single wordings": N_("answers with a single wording each"),
    "too little": N_("too little data to calibrate"),
}


async def build(visit: Visit) -> None:
    """Build the field, and what becomes of a question."""
    words = visit.words
    node("h1", words.say("Try a question"))
    node("p", words.say("See how the bot would answer, and why. Nothing is saved."), classes="muted")
    page = _Page(visit, list(await visit.console.knowledge.shelf.workspaces()))
    if visit.query.get("question"):
        await page.look()


class _Page:
    def __init__(self, visit: Visit, workspaces: list[str]) -> None:
        self._visit = visit
        words = visit.words
        with node("div", classes="row asking-row"):
            asked = visit.query.get("question", "")[:_LONGEST]
            self._question = Field("question", words.say("Question"), asked, limit=_LONGEST, on_enter=self.look)
            everywhere = {"": words.say("An operator, who sees everything")}
            places = everywhere | {one: one for one in workspaces}
            self._place = Choice("place", words.say("Asked in"), places, "")
            button(words.say("Try"), self.look, classes="main")
            if may(visit.operator.role, Action.TEACH):
                button(words.say("Try with the model"), self._ask_model)
        self._result = node("div", classes="tried", aria_live="polite")

    async def look(self) -> None:
        """Show what the knowledge says."""

        async def work() -> Tried | None:
            return await self._try(with_model=False)

        self._show(await attempt(self._visit, work))

    async def _ask_model(self) -> None:
        async def deed(operator: Operator) -> Tried | None:
            return await self._try(with_model=True)

        self._show(await act(self._visit, Action.TEACH, deed))

    async def _try(self, *, with_model: bool) -> Tried | None:
        if not (question := self._question.value.strip()):
            return None
        place = self._place.value or None
        self._result.clear()
        with self._result:
            node("p", self._visit.words.say("Looking…"), classes="muted")
        return await self._visit.console.knowledge.trying.ask(question, place, with_model=with_model)

    def _show(self, tried: Tried | None) -> None:
        if self._result.is_deleted:  # the page was closed meanwhile
            return
        self._result.clear()
        if tried is None:
            return
        with self._result:
            _build(tried, self._visit.words)


def _build(tried: Tried, words: Words) -> None:
    found = tried.explanation
    node("p", verdict(tried, words), classes="verdict")
    for entry in found.given if tried.reply is None else ():
        node("blockquote", entry.answer, dir="auto")
    if found.quote is not None and not found.given and tried.reply is None:
        node("blockquote", found.quote.excerpt.text, dir="auto")
    if (reply := tried.reply) is not None:
        node("blockquote", reply.text, dir="auto")
        if reply.draft:
            node("p", words.say("The model wrote this, but it is not shown: {text}", text=reply.draft), dir="auto")
    _build_steps(tried, words)
    for name, decision in (("", found.decision), *found.parts):
        if decision is not None:
            _build_candidates(name, decision, words)


def _build_steps(tried: Tried, words: Words) -> None:
    found, reply = tried.explanation, tried.reply
    steps: list[tuple[str, str]] = [(N_("Compared as"), found.asked)]
    if found.decision is not None:
        threshold, evidence = f"{found.decision.threshold:.3f}", words.say(_EVIDENCE[tried.evidence or ""])
        told = words.say("{threshold}, based on {evidence}", threshold=threshold, evidence=evidence)
        steps.append((N_("Threshold"), told))
    if (nearest := found.nearest) is not None:
        told = f"{nearest.passage.document}, “{shortened(nearest.passage.heading, 80)}”"
        steps.append((N_("Nearest passage"), f"{told} ({nearest.confidence:.3f} / {nearest.threshold:.3f})"))
    if tried.voice is not None and tried.voice.floor is not None and tried.is_asked and not found.given:
        steps.append((N_("Minimum model confidence"), f"{tried.voice.floor:.5f}"))
    if reply is not None and reply.confidence is not None:
        steps.append((N_("Model confidence"), f"{reply.confidence:.5f}"))
    if (hearing := tried.hearing) is not None and hearing.nearest is not None:
        told = words.say(
            "{agreement}% with entry {entry}", agreement=hearing.agreement, entry=hearing.nearest.entry.id
        )
        steps.append((N_("Model's text agrees"), told))
    steps.append((N_("Took"), f"{words.tenths(tried.milliseconds)} ms"))
    with node("dl", classes="steps"):
        for name, value in steps:
            with node("div"):
                node("dt", words.say(name))
                node("dd", value, dir="auto")


def _build_candidates(part: str, decision: Decision, words: Words) -> None:
    names = (
        *(N_("Entry"), N_("Nearest wording"), N_("Answer")),
        *(N_("Similarity"), N_("Probability"), N_("Confidence")),
    )
    headings = [words.say(name) for name in names]
    with node("table"):
        node("caption", words.say("Candidates for “{part}”", part=part) if part else words.say("Candidates"))
        with node("thead"), node("tr"):
            for heading in headings:
                node("th", heading, scope="col")
        with node("tbody"):
            for one in decision.candidates:
                with node("tr", classes="sure" if one.confidence >= decision.threshold else ""):
                    with node("td", data_label=headings[0]):
                        node("a", words.number(one.entry.id), href=to_entry(one.entry.id))
                    node("td", shortened(one.wording.text, SHOWN), data_label=headings[1], dir="auto")
                    node("td", shortened_answer(one.entry.answer, SHOWN), data_label=headings[2], dir="auto")
                    node("td", f"{one.similarity:.3f}", data_label=headings[3])
                    probability = "–" if one.probability is None else f"{one.probability:.3f}"
                    node("td", probability, data_label=headings[4])
                    node("td", f"{one.confidence:.3f}", data_label=headings[5])
