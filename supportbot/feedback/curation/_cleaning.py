"""Rows of a file redacted and measured, on several cores if the file is long.

Redaction is most of an import's work, and it looks at one text at a time, so chunks of rows go to processes of
their own. Short files are done before such a process would have started. This module knows no database.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice

from supportbot.engine.prompt import MAX_LENGTH, MIN_ANSWER_TOKENS, TextEncoder, encode_training_text
from supportbot.feedback.curation._insert import clean
from supportbot.feedback.curation.keys import normalise
from supportbot.feedback.curation.reading import Row, Skipped
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.folding import folded
from supportbot.knowledge.store import answer_key
from supportbot.printable import printable

_CHUNK = 250
"""Rows that a process takes at once: a tenth of a second of work."""

_SHORT = 2_000
"""Rows that are done before processes are started, which takes about a second."""

_INSTRUCTION_TOKENS = 24
"""More than any known tokenizer takes for the instruction, two line breaks and the end.

Texts that are short by bytes need no tokenizer, which takes longer than all else: a token has a byte at least, and
in prose of ASCII two (on average 3 with the starter's tokenizer, 4 with GPT-2's)."""


@dataclass(frozen=True, slots=True)
class CleanQuestion:
    """A question as it is, redacted, as the daemon compares it to the letter, and normalised (``keys``)."""

    text: str
    redacted: str
    folded: str
    asked: str


@dataclass(frozen=True, slots=True)
class CleanAnswer:
    """An answer word for word and redacted, each with its key.

    ``found`` counts by kind what redaction took out; ``too_long`` says whether training would cut its end off, or
    nothing if there was no tokenizer to ask.
    """

    text: str
    redacted: str
    answer_key: str
    redacted_key: str
    found: Mapping[str, int]
    too_long: bool | None


@dataclass(frozen=True, slots=True)
class CleanRow:
    """A row with a question and an answer; ``found`` is of its questions, ``rejected`` is redacted."""

    row: Row
    questions: tuple[CleanQuestion, ...]
    answer: CleanAnswer
    rejected: str | None
    found: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Cleans rows; what it is told goes with it into other processes.

    Attributes:
        keep: what is public although it looks personal, see ``redact``.
        tokenizer: of the model that may be trained.
    """

    keep: tuple[str, ...]
    tokenizer: TextEncoder | None

    def rows(self, rows: Sequence[Row | Skipped]) -> list[CleanRow | Skipped]:
        """Return rows without what exposes a person; one of which nobody could read the question is skipped."""
        answers: dict[str, CleanAnswer] = {}  # many rows in a row may share one
        return [row if isinstance(row, Skipped) else self._row(row, answers) for row in rows]

    def _row(self, row: Row, answers: dict[str, CleanAnswer]) -> CleanRow | Skipped:
        found: Counter[str] = Counter()
        questions = tuple(
            CleanQuestion(text, redacted, folded(normalise_question(text)), normalise(redacted))
            for text in (row.question, *row.wordings)
            if (redacted := clean(text, self.keep, found))
        )
        text = row.answer.strip()
        if not questions or not printable(text).strip():
            return Skipped(row.line, "has no readable text")
        if (answer := answers.get(text)) is None:
            answer = answers[text] = self._answer(text, questions[0].text)
        rejected = None if row.rejected is None else clean(row.rejected, self.keep)
        return CleanRow(row, questions, answer, rejected, dict(found))

    def _answer(self, text: str, question: str) -> CleanAnswer:
        found: Counter[str] = Counter()
        redacted = clean(text, self.keep, found)
        too_long = None if self.tokenizer is None else is_too_long(self.tokenizer, question, text)
        return CleanAnswer(text, redacted, answer_key(text), answer_key(redacted), dict(found), too_long)


def is_too_long(tokenizer: TextEncoder, question: str, answer: str) -> bool:
    """Return whether training would cut the end of an answer off: see ``training.dataset.encode_row``."""
    bytes_a_token = 2 if question.isascii() and answer.isascii() else 1
    at_most = (len(question.encode()) + len(answer.encode())) // bytes_a_token
    if at_most + _INSTRUCTION_TOKENS <= MAX_LENGTH:
        return False
    text = encode_training_text(tokenizer, normalise_question(question), answer)
    prompt = min(len(text.prompt_ids), MAX_LENGTH - MIN_ANSWER_TOKENS)
    return prompt + len(text.completion_ids) > MAX_LENGTH


def clean_rows(
    rows: Iterable[Row | Skipped], cleaner: Cleaner, *, processes: int = 1
) -> Iterator[CleanRow | Skipped]:
    """Yield rows cleaned, in their order.

    Args:
        rows: are read no further ahead than the processes need.
        cleaner: does it.
        processes: to start for a long file; with 1 none is. The caller's main module must be importable.
    """
    reading = iter(rows)
    chunks = iter(lambda: list(islice(reading, _CHUNK)), [])
    for chunk in islice(chunks, None if processes < 2 else _SHORT // _CHUNK):
        yield from cleaner.rows(chunk)
    if (first := next(chunks, None)) is None:
        return
    # Started again instead of forked: this process has threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_leave_interrupts_to_the_parent)
    try:
        yield from chain.from_iterable(_in_order(pool, cleaner.rows, chain([first], chunks), 3 * processes))
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    work: Callable[[Sequence[Row | Skipped]], list[CleanRow | Skipped]],
    chunks: Iterable[list[Row | Skipped]],
    ahead: int,
) -> Iterator[list[CleanRow | Skipped]]:
    waiting: deque[Future[list[CleanRow | Skipped]]] = deque()
    for chunk in chunks:
        waiting.append(pool.submit(work, chunk))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
