"""What is shown of a file before it is imported: how it was understood, its first rows, and what is odd in it.

All of it is somebody else's text: it is shortened, and what a terminal would obey is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table as RichTable
from rich.text import Text

from supportbot.cli._terminal import out
from supportbot.engine.prompt import MAX_LENGTH
from supportbot.feedback.curation.contradictions import shortened

if TYPE_CHECKING:
    from supportbot.feedback.curation.imports import Found
    from supportbot.feedback.curation.reading import Table
    from supportbot.feedback.curation.returning import Returned

_QUESTION, _ANSWER = 60, 100
"""Characters of a text that is shown."""

_PLACES = 5
"""Workspaces that are named one by one."""

_CONTACTS = frozenset({"email", "phone"})


def show(table: Table, found: Found, *, approved: bool) -> None:
    """Print the preview of a file."""
    out.print(Text(f"{shortened(table.path.name)}: {shortened(table.kind)}"))
    columns = (f"{field} is '{shortened(name)}'" for field, name in table.columns.items())
    out.print(Text("Columns: " + ", ".join(columns)))
    rows = RichTable(header_style="bold")
    rows.add_column("question", overflow="fold")
    rows.add_column("answer", overflow="fold")
    for question, answer in found.survey.samples:
        rows.add_row(Text(shortened(question, _QUESTION)), Text(shortened(answer, _ANSWER)))
    out.print(rows)
    for line in _lines(table, found, approved=approved):
        out.print(Text(line))


def _lines(table: Table, found: Found, *, approved: bool) -> Iterator[str]:
    survey = found.survey
    yield (
        f"{_number(survey.rows, 'row')}, {_number(survey.wordings, 'wording')}, "
        f"{_number(found.answers, 'answer')}; {_number(found.held_out, 'wording')} held out for measuring"
    )
    if survey.skipped:
        more = ", …" if survey.skipped > len(survey.skipped_lines) else ""
        places = ", ".join(map(str, survey.skipped_lines)) + more
        yield f"{_number(survey.skipped, 'row')} without a question or an answer skipped ({table.unit} {places})"
    yield from _origins(found.returned)
    if found.dropped:
        yield f"{_number(found.dropped, 'wording')} left out for a later answer to the same question"
    if survey.too_long:
        yield (
            f"{_number(survey.too_long, 'answer')} too long for a model to learn whole (more than {MAX_LENGTH} "
            "tokens with the question): known word for word all the same"
        )
    if survey.in_questions:
        yield f"Personal data taken out of questions: {_kinds(survey.in_questions)}"
    if survey.answers_with_contacts:
        contain = "contains" if survey.answers_with_contacts == 1 else "contain"
        start = f"{_number(survey.answers_with_contacts, 'answer')} {contain} an e-mail address or phone number"
        if approved:
            yield f"{start}; people are shown it as it stands"
        else:
            yield (
                f"{start}; a placeholder waits for a curator instead: name your own contacts in "
                "SUPPORTBOT_PUBLIC_CONTACTS, or add --approve to have answers given word for word"
            )
    others = {kind: number for kind, number in survey.in_answers.items() if kind not in _CONTACTS}
    if others:
        shown = "shown to people as it stands" if approved else "taken out"
        yield f"Other personal data or secrets in answers, {shown}: {_kinds(others)}"


def _origins(returned: Returned) -> Iterator[str]:
    if returned.here:
        yield (
            f"{_number(returned.here, 'wording')} left out, exported from here and still here: "
            "`supportbot curate edit` changes what is here"
        )
    if returned.gone:
        yield f"{_number(returned.gone, 'wording')} left out, exported from here and erased since"
    for (platform, workspace), number in returned.places.most_common(_PLACES):
        yield (
            f"{_number(number, 'wording')} of the log of {platform} {shortened(workspace)}: trained on, and used "
            "elsewhere, with its consent only (`supportbot consent`)"
        )
    if (others := len(returned.places) - _PLACES) > 0:
        yield f"and wordings of the logs of {_number(others, 'other workspace')}, likewise"


def _kinds(found: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(found.items()))


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
