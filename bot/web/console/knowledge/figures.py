"""Figures of an answer's use, with what they prove."""

from __future__ import annotations

from bot.web.nodes import node
from supportbot.teaching.use import Use
from supportbot.words import Words


def build_use(use: Use, words: Words) -> None:
    """Build how often an answer was given, and what people thought of it."""
    with node("p", classes="counts"):
        node("span", words.say_many("given {number} time", "given {number} times", use.given))
        if use.last_given is not None:
            node("span", words.say("last on {day}", day=words.day(use.last_given.astimezone())))
        node("span", f"👍 {words.number(use.up)} · 👎 {words.number(use.down)}")
        if (liked := use.liked) is not None:
            share, low, high = map(words.percent, liked)
            told = words.say("{share} helpful (95% interval {low} to {high})", share=share, low=low, high=high)
            node("span", told)
