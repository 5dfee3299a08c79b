"""What one version makes of a question: what would be said in each mode and from where, and what it wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from bot.web.console.frame import button
from bot.web.console.knowledge.paths import to_entry
from bot.web.console.labels import SOURCES
from bot.web.console.playground.tokens import Tokens
from bot.web.formatting import build_blocks
from bot.web.nodes import node
from supportbot import markdown
from supportbot.engine.base import FinishReason
from supportbot.playground.playground import Outcome, Side, Why
from supportbot.playground.writing import Written
from supportbot.words import N_, Words

MODES: Mapping[str, str] = {
    "verified_first": N_("Verified first"),
    "generate_only": N_("Generate only"),
}

_WHY: Mapping[Why, str] = {
    Why.GIVEN: N_("An approved answer matches and is given word for word."),
    Why.HEARD: N_("The model is sure enough, so its text is the answer."),
    Why.NO_QUESTION: N_("The question is too long, too repetitive, or has no words."),
    Why.NOT_ASKED: N_("The model isn't asked, because it was not trained on your rows."),
    Why.EMPTY: N_("The model wrote nothing. In chat, it would be asked once more."),
    Why.BELOW: N_("The model isn't sure enough. In chat, it is stopped after its first tokens."),
    Why.NOT_NEAR: N_("No approved answer is close enough to use the model's text."),
    Why.DIFFERS: N_("The model's text differs from the closest approved answer."),
}

_FINISHES: Mapping[FinishReason | None, str] = {
    "stop": N_("the model ended its text"),
    "length": N_("the token limit was reached"),
    None: N_("it was cut off"),
}


def build_side(side: Side, add: Callable[[], Awaitable[None]] | None, words: Words) -> None:
    """Build what a version makes of a question.

    Args:
        side: what it is.
        add: puts what was written into the review queue; None for who may not.
        words: the console's own.
    """
    written = side.written
    node("h2", written.version, dir="auto")
    for outcome in side.outcomes:
        _build_outcome(outcome, words)
    node("h3", words.say("Model output"))
    if written.tokens:
        label = words.say("Tokens that {version} wrote, with their probabilities", version=written.version)
        Tokens(label, written.tokens, words)
    else:
        node("p", words.say("Nothing. It ended its text immediately."))
    with node("dl", classes="facts"):
        for name, value in _facts(side, words):
            with node("div"):
                node("dt", name)
                node("dd", value, dir="auto")
    with node("details"):
        node("summary", words.say("Prompt"))
        node("pre", written.prompt.text, dir="auto", tabindex="0")
    if add is not None and written.text:
        button(words.say("Add to review"), add)


def _build_outcome(outcome: Outcome, words: Words) -> None:
    mode, reply = words.say(MODES[outcome.mode]), outcome.reply
    with node("div", classes="outcome", role="group", aria_label=mode):  # a landmark would need a name of its own
        with node("h3", mode):
            node("span", words.say(SOURCES[reply.source]), classes=f"tag {reply.source}")
        with node("blockquote", classes="formatted"):
            build_blocks(markdown.read(words.say(reply.text)))
        with node("p", classes="muted"):
            node("span", words.say(_WHY[outcome.why]))
            for one in reply.grounds.verified:
                node("a", words.say("Entry {number}", number=one.entry_id), href=to_entry(one.entry_id))
                node("span", words.say("similarity {similarity}", similarity=words.percent(one.similarity)))
            if (quoted := reply.grounds.quoted) is not None:
                node("span", f"{quoted.document}, “{quoted.heading}”", dir="auto")
            for suggestion in reply.grounds.suggestions:
                node("span", words.say("Suggested: {question}", question=suggestion.question), dir="auto")


def _facts(side: Side, words: Words) -> Iterable[tuple[str, str]]:
    written: Written = side.written
    floors = dict.fromkeys(one.floor for one in side.outcomes if one.floor is not None)
    for name, value in (
        (N_("Model confidence"), written.confidence),
        (N_("Mean log-probability"), written.mean_logprob),
    ):
        yield words.say(name), "–" if value is None else f"{value:.4f}"
    if floors:
        yield words.say("Minimum model confidence"), " / ".join(f"{floor:.4f}" for floor in floors)
    yield words.say("Answer tokens"), words.number(len(written.tokens))
    yield words.say("Finished because"), words.say(_FINISHES[written.finish])
    yield words.say("Milliseconds"), words.number(written.milliseconds)
    yield words.say("Seed"), str(written.generation.seed)
    yield words.say("Engine and precision"), written.engine
    if written.prompt.shortened:
        yield words.say("Question shortened for the model"), words.say("Yes")
