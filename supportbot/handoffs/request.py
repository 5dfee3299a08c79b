"""Whether a command asks for a human: the word ``human`` before a question.

"human resources opening hours" is about an office, "human how do I get my money back?" is for a human. So the word
counts only where what follows has the form of a question, or comes after a colon or a comma.
"""

from __future__ import annotations

import re

from supportbot.intake.question_form import is_question
from supportbot.intake.questions import has_words

_REQUEST = re.compile(r"\s*human\b(?P<sign>\s*[:,])?(?P<question>.*)", re.IGNORECASE | re.DOTALL)


def read_request(text: str) -> str | None:
    """Return the question that is for a human; None if a text asks for none.

    Args:
        text: what was typed after the command.
    """
    found = _REQUEST.fullmatch(text)
    if found is None:
        return None
    question = found["question"].strip()
    if not has_words(question):
        return None
    return question if found["sign"] or is_question(question) else None
