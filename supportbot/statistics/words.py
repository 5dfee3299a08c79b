"""The figures in sentences, the same in a terminal, in Slack and in Discord; no text of anybody is in them."""

from __future__ import annotations

from supportbot.statistics.statistics import Statistics
from supportbot.words import ENGLISH, Words


def in_words(figures: Statistics, words: Words = ENGLISH) -> list[str]:
    """Return the figures as lines of plain text; what is 0 is left out, and so is what nothing is known of."""
    lines = [_questions(figures, words)]
    if figures.refused:
        lines.append(
            words.say_many(
                "{number} more question was refused: too many at once.",
                "{number} more questions were refused: too many at once.",
                figures.refused,
            )
        )
    if figures.up_rate is not None:
        share, low, high = map(words.percent, figures.up_rate)
        lines.append(
            words.say_many(
                "👍 {up} of {number} vote: {share} (95% interval: {low} to {high}).",
                "👍 {up} of {number} votes: {share} (95% interval: {low} to {high}).",
                figures.votes_up + figures.votes_down,
                up=figures.votes_up,
                share=share,
                low=low,
                high=high,
            )
        )
    if figures.median_seconds is not None and figures.p95_seconds is not None:
        lines.append(
            words.say(
                "Half of the answers arrived within {median} s, 95% within {p95} s.",
                median=words.tenths(figures.median_seconds),
                p95=words.tenths(figures.p95_seconds),
            )
        )
    return lines


def _questions(figures: Statistics, words: Words) -> str:
    days = words.say_many("{number} day", "{number} days", figures.days)
    if not figures.questions:
        return words.say("No questions in the last {days}.", days=days)
    parts = {
        words.say("verified"): figures.verified,
        words.say("small talk"): figures.small_talk,
        words.say("quoted"): figures.quoted,
        words.say("generated"): figures.generated,
        words.say("not sure"): figures.not_sure,
        words.say("failed"): figures.failed,
        words.say("open"): figures.open,
    }
    shown = ", ".join(f"{words.number(number)} {name}" for name, number in parts.items() if number)
    return words.say_many(
        "{number} question in the last {days}: {parts}.",
        "{number} questions in the last {days}: {parts}.",
        figures.questions,
        days=days,
        parts=shown,
    )
