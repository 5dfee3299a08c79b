"""The preview of a file before it is imported: how it was understood, its first rows, and what is unusual in it.

All of it is somebody else's text: it is shortened, and control characters are removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as RichTable
from rich.text import Text

from supportbot.cli._terminal import out
from supportbot.printable import shortened
from supportbot.teaching.preview import ANSWER_SHOWN, QUESTION_SHOWN, describe_file
from supportbot.words import ENGLISH

if TYPE_CHECKING:
    from supportbot.feedback.curation.imports import Found
    from supportbot.feedback.curation.reading import Table


def show(table: Table, found: Found, *, approved: bool) -> None:
    """Print the preview of a file."""
    out.print(Text(f"{shortened(table.path.name)}: {shortened(table.kind)}"))
    columns = (f"{field} is '{shortened(name)}'" for field, name in table.columns.items())
    out.print(Text("Columns: " + ", ".join(columns)))
    rows = RichTable(header_style="bold")
    rows.add_column("question", overflow="fold")
    rows.add_column("answer", overflow="fold")
    for question, answer in found.survey.samples:
        rows.add_row(Text(shortened(question, QUESTION_SHOWN)), Text(shortened(answer, ANSWER_SHOWN)))
    out.print(rows)
    for line in describe_file(table, found, ENGLISH, approved=approved):
        out.print(Text(line))
