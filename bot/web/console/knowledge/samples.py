"""The first rows of a file, or passages of a document, as they were understood."""

from __future__ import annotations

from collections.abc import Iterable

from bot.web.console.parts.elements import shortened_answer
from bot.web.nodes import node
from supportbot.printable import shortened
from supportbot.teaching.preview import ANSWER_SHOWN, QUESTION_SHOWN
from supportbot.words import Words


def build_samples(samples: Iterable[tuple[str, str]], words: Words) -> None:
    """Build a table of questions with their answers, both shortened."""
    headings = words.say("Question"), words.say("Answer")
    with node("table"):
        node("caption", words.say("How the file was read"))
        with node("thead"), node("tr"):
            for heading in headings:
                node("th", heading, scope="col")
        with node("tbody"):
            for question, answer in samples:
                with node("tr"):
                    node("td", shortened(question, QUESTION_SHOWN), data_label=headings[0], dir="auto")
                    node("td", shortened_answer(answer, ANSWER_SHOWN), data_label=headings[1], dir="auto")
