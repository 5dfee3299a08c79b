"""What is told of a file before it is imported, and of documents before they are proposed: figures in sentences.

All that is somebody else's text is shortened, and what cannot be seen is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from supportbot.engine.prompt import MAX_LENGTH
from supportbot.feedback.curation.documents.learning import Found as FoundPassages
from supportbot.feedback.curation.documents.proposing import Skip
from supportbot.feedback.curation.imports import Found
from supportbot.feedback.curation.reading import Table
from supportbot.feedback.curation.returning import Returned
from supportbot.printable import shortened
from supportbot.words import N_, Words

QUESTION_SHOWN, ANSWER_SHOWN = 60, 100
"""Characters of a text that is shown."""

_PLACES = 5
"""Workspaces that are named one by one."""

_AS_IT_STANDS = N_("people see it unchanged")
_PLACEHOLDER = N_(
    "a placeholder goes to review instead. Name your own contacts in SUPPORTBOT_PUBLIC_CONTACTS, or approve "
    "the file immediately to give its answers word for word"
)

_CONTACTS = frozenset({"email", "phone"})

_SKIPPED: Mapping[Skip, str] = {
    Skip.EMPTY: N_("without text of their own"),
    Skip.SHORT: N_("too short (fewer than 20 characters)"),
    Skip.NAVIGATION: N_("with only contents, links or similar"),
    Skip.UNTITLED: N_("before the first heading"),
}


def describe_file(table: Table, found: Found, words: Words, *, approved: bool) -> Iterator[str]:
    """Yield a sentence for each figure of a file.

    Args:
        table: the file, as it was understood.
        found: what is in it.
        words: in which language.
        approved: whether its rows are approved at once.
    """
    survey = found.survey
    yield "; ".join(
        (
            ", ".join(
                (
                    words.say_many("{number} row", "{number} rows", survey.rows),
                    words.say_many("{number} wording", "{number} wordings", survey.wordings),
                    words.say_many("{number} answer", "{number} answers", found.answers),
                )
            ),
            words.say_many(
                "{number} wording held out for measuring",
                "{number} wordings held out for measuring",
                found.held_out,
            ),
        )
    )
    if survey.skipped:
        more = ", …" if survey.skipped > len(survey.skipped_lines) else ""
        yield words.say_many(
            "{number} row without a question or an answer skipped ({unit} {places})",
            "{number} rows without a question or an answer skipped ({unit} {places})",
            survey.skipped,
            unit=table.unit,
            places=", ".join(map(str, survey.skipped_lines)) + more,
        )
    yield from _origins(found.returned, words)
    if found.dropped:
        yield words.say_many(
            "{number} wording skipped: the file has a later answer to the same question",
            "{number} wordings skipped: the file has a later answer to the same question",
            found.dropped,
        )
    if survey.too_long:
        yield words.say_many(
            "{number} answer too long for a model to learn in full (more than {tokens} tokens with the "
            "question): still given word for word",
            "{number} answers too long for a model to learn in full (more than {tokens} tokens with the "
            "question): still given word for word",
            survey.too_long,
            tokens=MAX_LENGTH,
        )
    if survey.in_questions:
        yield words.say("Personal data removed from questions: {kinds}", kinds=_kinds(survey.in_questions))
    if survey.answers_with_contacts:
        start = words.say_many(
            "{number} answer contains an e-mail address or phone number",
            "{number} answers contain an e-mail address or phone number",
            survey.answers_with_contacts,
        )
        rest = words.say(_AS_IT_STANDS if approved else _PLACEHOLDER)
        yield f"{start}; {rest}"
    others = {kind: number for kind, number in survey.in_answers.items() if kind not in _CONTACTS}
    if others:
        shown = words.say(N_("people see them unchanged") if approved else N_("removed"))
        yield words.say(
            "Other personal data or secrets in answers, {shown}: {kinds}", shown=shown, kinds=_kinds(others)
        )


def describe_passages(found: FoundPassages, words: Words) -> Iterator[str]:
    """Yield a sentence for each figure of documents."""
    new = found.passages - found.known
    passages = words.say_many("{number} passage to propose", "{number} passages to propose", new)
    yield words.say("{passages}, {known} already known", passages=passages, known=words.number(found.known))
    if found.skipped:
        reasons = (
            f"{words.number(number)} {words.say(_SKIPPED[reason])}"
            for reason, number in sorted(found.skipped.items())
        )
        yield words.say_many(
            "{number} section skipped: {reasons}",
            "{number} sections skipped: {reasons}",
            sum(found.skipped.values()),
            reasons=", ".join(reasons),
        )
    if found.long:
        yield words.say_many(
            "{number} passage longer than usual: lists, tables and code are kept whole",
            "{number} passages longer than usual: lists, tables and code are kept whole",
            found.long,
        )
    if found.redacted:
        yield words.say(
            "Removed: {kinds}. To keep your own contacts, name them in SUPPORTBOT_PUBLIC_CONTACTS",
            kinds=", ".join(f"{number} {kind}" for kind, number in found.redacted.items()),
        )


def _origins(returned: Returned, words: Words) -> Iterator[str]:
    if returned.here:
        yield words.say_many(
            "{number} wording skipped: exported from here and still here. Edit it here instead",
            "{number} wordings skipped: exported from here and still here. Edit them here instead",
            returned.here,
        )
    if returned.gone:
        yield words.say_many(
            "{number} wording skipped: exported from here and erased since",
            "{number} wordings skipped: exported from here and erased since",
            returned.gone,
        )
    for (platform, workspace), number in returned.places.most_common(_PLACES):
        yield words.say_many(
            "{number} wording from the log of {platform} {workspace}: used for training and in other "
            "workspaces only with its consent (`supportbot consent`)",
            "{number} wordings from the log of {platform} {workspace}: used for training and in other "
            "workspaces only with its consent (`supportbot consent`)",
            number,
            platform=platform,
            workspace=shortened(workspace),
        )
    if (others := len(returned.places) - _PLACES) > 0:
        yield words.say_many(
            "and wordings from the logs of {number} other workspace, likewise",
            "and wordings from the logs of {number} other workspaces, likewise",
            others,
        )


def _kinds(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(found.items()))
