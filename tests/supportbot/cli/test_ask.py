"""How `supportbot ask` shows an answer: in looks in a terminal, as it was written anywhere else."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from supportbot.cli._markdown import print_answer
from supportbot.db.session import Database
from supportbot.models.registry import Registry
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.versions import install_version

ANSWER = """# Returns

See **our** [page](https://a.example/returns):

8. pack it
9. send `it`
   - by post

```
make return
```

> Thanks
"""


def shown(text: str, *, is_terminal: bool = True) -> str:
    """Return what is printed, without colours."""
    file = io.StringIO()
    print_answer(Console(file=file, force_terminal=is_terminal, color_system=None, width=40, soft_wrap=True), text)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def test_terminal_shows_what_markdown_means() -> None:
    """Signs are gone, lists have their marks, a link has its words and its address."""
    assert shown(ANSWER).split("\n") == [
        "Returns",
        "",
        "See our page",
        "(https://a.example/returns):",
        "",
        "8. pack it",
        "9. send it",
        "",
        "   • by post",
        "",
        "    make return",
        "",
        "    Thanks",
    ]


def test_anything_else_gets_it_as_it_was_written() -> None:
    """A script, and a text without Markdown, get each character that can be shown."""
    assert shown(ANSWER, is_terminal=False) == ANSWER
    assert shown("a_b *\n\n2") == "a_b *\n\n2"


def test_nothing_hides_or_steers_the_terminal() -> None:
    """No link without its address, no sign that a terminal obeys."""
    text = shown("[bank](https://evil.example) \x1b[31m**red**\u202e \x07")
    assert text == "bank (https://evil.example) [31mred"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_approved_answer_in_a_terminal(database: Database, tiny_model: Path) -> None:
    """The command itself does so."""
    registry = Registry(Path.cwd() / "home" / "models")
    install_version(registry, tiny_model, "v1")
    registry.activate("v1")
    letters = {"SUPPORTBOT_ENCODER": "none"}
    question = "How do I send something back?"
    added = await supportbot(
        database,
        *("knowledge", "add", "--question", question, "--answer", "**Pack** it.", "--by", "ada"),
        **letters,
    )
    assert added.status == 0, added.errors
    assert (await supportbot(database, "ask", question, **letters)).output == "**Pack** it.\n"
    in_terminal = await supportbot_apart(database, "ask", question, TTY_COMPATIBLE="1", **letters)
    assert in_terminal.output == "\x1b[1mPack\x1b[0m it.\n"
