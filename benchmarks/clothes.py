"""Variants of a question: how keyboards, chat programs and manners change the same text."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def _broken(question: str) -> str:
    """Put a line break in the middle, at a space."""
    words = question.split(" ")
    half = max(1, len(words) // 2)
    return " ".join(words[:half]) + "\n" + " ".join(words[half:])


CLOTHES: Mapping[str, Callable[[str], str]] = {
    "line break in the middle": _broken,
    "non-breaking spaces": lambda question: question.replace(" ", "\u00a0"),
    "two spaces": lambda question: question.replace(" ", "  "),
    "soft hyphens": lambda question: "\u00ad".join(question[at : at + 5] for at in range(0, len(question), 5)),
    "full-width letters": lambda question: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in question
    ),
    "CAPITALS": str.upper,
    "Hi, before": lambda question: f"Hi,\n{question}",
    "Thanks after": lambda question: f"{question}\nThanks",
    "signature after": lambda question: f"{question}\n\nBest regards,\nMaria Lopez\nACME Ltd.",
}
"""By name, a function that changes a question."""
