"""The figures in sentences, the same in a terminal, in Slack and in Discord; no text of anybody is in them."""

from __future__ import annotations

from supportbot.statistics.statistics import Statistics


def in_words(figures: Statistics) -> list[str]:
    """Return the figures as lines of plain text; what is 0 is left out, and so is what nothing is known of."""
    lines = [_questions(figures)]
    if figures.refused:
        lines.append(
            f"{_number(figures.refused, 'more question was', 'more questions were')} refused: too many at once."
        )
    if figures.up_rate is not None:
        share, low, high = figures.up_rate
        votes = _number(figures.votes_up + figures.votes_down, "vote", "votes")
        lines.append(f"👍 {figures.votes_up} of {votes}: {share:.0%} (95 % interval: {low:.0%} to {high:.0%}).")
    if figures.median_seconds is not None and figures.p95_seconds is not None:
        lines.append(
            f"Half of the answers came within {figures.median_seconds:.1f} s, "
            f"95 % within {figures.p95_seconds:.1f} s."
        )
    return lines


def _questions(figures: Statistics) -> str:
    days = _number(figures.days, "day", "days")
    if not figures.questions:
        return f"No questions in {days}."
    parts = {
        "verified": figures.verified,
        "small talk": figures.small_talk,
        "quoted": figures.quoted,
        "generated": figures.generated,
        "not sure": figures.not_sure,
        "failed": figures.failed,
        "open": figures.open,
    }
    shown = ", ".join(f"{number:,} {name}" for name, number in parts.items() if number)
    return f"{_number(figures.questions, 'question', 'questions')} in {days}: {shown}."


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
