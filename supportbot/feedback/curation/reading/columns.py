"""Which column is what: the names that people and programs give to a question, its answer and what goes with them.

Names are compared without regard to case, and ``_``, ``-`` and space are one. The names of training files
(``prompt`` with ``completion``, ``chosen`` and ``rejected``, or ``messages``) are known, because ``supportbot
export`` writes them. This module looks at names only, never at what is in the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from supportbot.feedback.curation.reading.errors import ImportFileError

_KNOWN = {
    # The first that is there counts, so the plainest names lead.
    "question": ("question", "questions", "prompt", "instruction", "q", "title", "input"),
    "answer": ("answer", "completion", "chosen", "response", "output", "a", "body"),
    "rejected": ("rejected",),
    "label": ("label",),
    "conversation": ("conversation",),
}
_ORIGIN = "origin"
_FIELDS = (*_KNOWN, "wordings")

_NUMBERED = re.compile(r"(?:question|prompt|q) ?\d+")
_WORDINGS = re.compile(
    r"questions|(?:question|prompt|q) ?\d+"
    r"|(?:question |other |more )?(?:wording|variant|variation|alternative|paraphrase)s?"
    r"(?: (?:question|wording)s?)?(?: ?\d+)?"
)

Chosen = tuple[tuple[str, tuple[str, ...]], ...]
"""What an operator said: of each field, the names of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The names of the columns of each field; without them it has no such column.

    Attributes:
        questions: the question, then other wordings of it.
        context: what belongs to the end of the question, the ``input`` of an ``instruction``.
        answer: the answer.
        messages: a dialogue that has both, of which ``questions`` and ``answer`` are then empty.
        rejected: an answer that is worse.
        label: whether the answer is good.
        conversation: what rows belong together.
        origin: where a row came from that `supportbot export` wrote.
    """

    questions: tuple[str, ...] = ()
    context: str | None = None
    answer: str | None = None
    messages: str | None = None
    rejected: str | None = None
    label: str | None = None
    conversation: str | None = None
    origin: str | None = None

    def named(self) -> dict[str, str]:
        """Return what a person is told: the column of each field that has one."""
        names = {
            "question": self.messages or " + ".join(filter(None, (self.questions[0], self.context))),
            "answer": self.messages or self.answer,
            "wordings": ", ".join(self.questions[1:]),
            "rejected": self.rejected,
            "label": self.label,
            "conversation": self.conversation,
        }
        return {field: name for field, name in names.items() if name}


def parse_chosen(columns: Mapping[str, str]) -> Chosen:
    """Return what an operator said, several names divided by ``|``.

    Raises:
        ImportFileError: a field is unknown, or its column has no name.
    """
    for field, value in columns.items():
        if field not in _FIELDS:
            raise ImportFileError(f"There is no field '{field}': choose a column for {', '.join(_FIELDS)}.")
        if not all(name.strip() for name in value.split("|")):
            raise ImportFileError(f"'{field}' has a column without a name: write --columns {field}=NAME.")
    return tuple((field, tuple(name.strip() for name in value.split("|"))) for field, value in columns.items())


def check_chosen(names: Sequence[str], chosen: Chosen) -> list[str]:
    """Return the names that an operator gave and that no column has."""
    return [name for _, wanted in chosen for name in wanted if _find(names, (name,)) is None]


@lru_cache(maxsize=128)  # every line of JSON asks; few files have more sets of names than that
def understand(names: tuple[str, ...], chosen: Chosen) -> Columns | None:
    """Return which column is what, or nothing if there is no question or no answer."""
    said = dict(chosen)

    def one(field: str) -> str | None:
        return _find(names, said.get(field) or _KNOWN[field])

    rest = Columns(
        rejected=one("rejected"),
        label=one("label"),
        conversation=one("conversation"),
        origin=_find(names, (_ORIGIN,)),
    )
    questions, answer = _questions(names, said), one("answer")
    if questions and answer:
        follows = "question" not in said and _plain(questions[0]) == "instruction"
        context = _find(names, ("input",)) if follows else None
        return replace(rest, questions=questions, context=context, answer=answer)
    if messages := _find(names, ("messages",)):
        return replace(rest, messages=messages)
    return None


def unique(cells: Iterable[str]) -> list[str]:
    """Return the names of a header: one that is empty or there already gets a number."""
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"column {number}"
        copies = sum(_plain(other) == _plain(name) for other in names)
        names.append(f"{name} {number}" if copies else name)
    return names


def _questions(names: Sequence[str], said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    wanted = said.get("question")
    if wanted:
        main = [found for name in wanted if (found := _find(names, (name,)))]
    else:
        numbered = [name for name in names if _NUMBERED.fullmatch(_plain(name))]
        first = _find(names, _KNOWN["question"]) or next(iter(numbered), None)
        main = [first] if first else []
    if "wordings" in said:
        more = [found for name in said["wordings"] if (found := _find(names, (name,)))]
    else:
        taken = {_plain(name) for field, chosen in said.items() if field != "question" for name in chosen}
        more = [name for name in names if _WORDINGS.fullmatch(_plain(name)) and _plain(name) not in taken]
    return tuple(dict.fromkeys([*main, *more])) if main else ()


def _find(names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """Return the column with the first of the wanted names that there is."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    return next((plain[_plain(name)] for name in wanted if _plain(name) in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip(" :").casefold()
