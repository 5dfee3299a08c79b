"""Candidates one by one on the terminal, with a key for each decision.

At a terminal a key is read without Enter; from a pipe, each is a line. Every
decision is in the database before the next candidate is shown, so quitting, or losing the terminal, loses nothing.

Corrections with nearly the same text are one candidate, which shows how many accounts sent them and how fast.

Possible personal data that redaction left is marked in the text, and listed below it for people who see no
colours.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import typer
from rich.panel import Panel
from rich.text import Text

from supportbot.cli._accounts import build_accounts
from supportbot.cli._terminal import err, out
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.feedback.curation.store import Decision, ExampleStore, StoredExample
from supportbot.printable import printable
from supportbot.redact import hints

_KEYS = "[a]pprove  [e]dit  [r]eject  [s]kip  [q]uit"
_MARKED = "black on yellow"
_DIVIDER = "----- the question is above this line, the answer below it -----"


async def review_all(database: Database, settings: Settings, curator: str, limit: int) -> int:
    """Show the waiting candidates, and carry out the curator's decisions; return how many were decided.

    Raises:
        SupportBotError: the editor failed, or its text has no question with an answer.
    """
    store = ExampleStore(database, keep=settings.kept_contacts)
    decided = 0
    waiting = await store.ranked(limit=limit)
    if not waiting:
        out.print(
            "Nothing waits for a decision. To look for candidates in the log, run `supportbot curate collect`."
        )
    for place, listed in enumerate(waiting, start=1):
        example = await store.get(listed.example_id)
        if example.status is not ExampleStatus.PENDING:  # another curator was quicker
            continue
        alike = listed.alike
        others = alike.others if alike else ()
        _show(replace(example, alike=alike), f"{place} of {len(waiting)}")
        while (key := _read_key()) == "e":
            question, answer = _edit(example)
            edited = await store.decide(
                [example.example_id], Decision.EDIT, curator, together=others, question=question, answer=answer
            )
            [example] = [one for one in edited if one.example_id == example.example_id]
            _show(replace(example, alike=alike), f"{place} of {len(waiting)}, edited")
        if key == "q":
            break
        if key != "s":
            decision = Decision.APPROVE if key == "a" else Decision.REJECT
            await store.decide([example.example_id], decision, curator, together=others)
            decided += 1
    return decided


def _show(example: StoredExample, title: str) -> None:
    bad = example.label is ExampleLabel.BAD
    question, answer = Text(example.question), Text(example.answer)
    rejected = None if example.rejected is None else Text(example.rejected, style="dim")
    texts = [text for text in (question, answer, rejected) if text is not None]
    doubtful = [doubt for text in texts for doubt in _mark(text)]
    lines = [
        Text.assemble(("Question  ", "bold"), question),
        Text.assemble(("Avoid     ", "bold red") if bad else ("Answer    ", "bold green"), answer),
    ]
    if rejected is not None:
        lines.append(Text.assemble(("Instead of  ", "bold"), rejected))
    if example.alike is not None:
        lines.append(
            Text.assemble(
                ("From  ", "bold"),
                f"{build_accounts(example.alike)}, {len(example.alike.others) + 1:,} corrections: "
                "one decision applies to all of them, and approves only the text shown",
            )
        )
    if doubtful:
        named = ", ".join(dict.fromkeys(doubtful))
        lines.append(Text.assemble(("Personal?  ", "bold yellow"), named))
    lines.append(Text(f"example {example.example_id} · {example.source} · votes {example.votes:+d}", style="dim"))
    out.print(Panel(Text("\n\n").join(lines), title=Text(title), title_align="left"))


def _mark(text: Text) -> list[str]:
    """Mark possible personal data, and return each with its kind."""
    plain = text.plain
    found = hints(plain)
    for hint in found:
        text.stylize(_MARKED, hint.start, hint.end)
    return [f"{plain[hint.start : hint.end]} ({hint.kind})" for hint in found]


def _read_key() -> str:
    """Return a known key; the end of the input quits."""
    while True:
        out.print(Text(_KEYS))
        if sys.stdin.isatty():
            key = typer.getchar()
        else:
            line = sys.stdin.readline()
            key = line.strip() if line else "q"
        if (key := key.lower()) in {"a", "e", "r", "s", "q"}:
            return key
        err.print(Text(f"'{printable(key)}' is not one of the keys."))


def _edit(example: StoredExample) -> tuple[str, str]:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor and sys.stdin.isatty():
        return _edit_in(editor, example)
    return _ask("Question", example.question), _ask("Answer", example.answer)


def _ask(name: str, text: str) -> str:
    """Read one line; an empty one, or the end of the input, keeps the text."""
    out.print(Text(f"{name} (Enter keeps it):"))
    return sys.stdin.readline().strip() or text


def _edit_in(editor: str, example: StoredExample) -> tuple[str, str]:
    """Have the curator's own editor change both texts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "example.txt"
        file.write_text(f"{example.question}\n{_DIVIDER}\n{example.answer}\n", "utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)  # noqa: S603 - the user's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise SupportBotError(f"The editor '{editor}' failed: set EDITOR to an editor that works.") from error
        question, divider, answer = file.read_text("utf-8").partition(_DIVIDER)
    if not divider:
        raise SupportBotError(
            "The line between question and answer is missing: edit the example again and keep that line."
        )
    return question.strip(), answer.strip()
