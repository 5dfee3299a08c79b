"""``supportbot replay``: is a logged answer reproducible?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from supportbot.cli._terminal import JsonFlag, out, print_json, with_database
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.conversations.reproduction import Replayed
    from supportbot.db.session import Database

EXIT_DIFFERENT = 1

_ROUNDING = (
    "With 16 bits, other questions in the same batch may change an answer; "
    "with SUPPORTBOT_PRECISION=fp32 they do not."
)


def replay(
    answer_id: Annotated[
        int, typer.Argument(min=1, help="Number of the answer, `answer_id` in `supportbot log --json`.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Generate a logged answer again and compare; exit status 0: the same, 1: different, 2: not possible."""
    replayed = with_database(lambda database, settings: _replay(database, settings, answer_id))
    if as_json:
        print_json(_record(replayed))
    else:
        _show(replayed)
    if replayed.differs_at is not None:
        raise typer.Exit(EXIT_DIFFERENT)


async def _replay(database: Database, settings: Settings, answer_id: int) -> Replayed:
    from supportbot.conversations.reproduction import replay as replay_answer

    return await replay_answer(database, settings, answer_id)


def _show(replayed: Replayed) -> None:
    origin = f"answer {replayed.answer_id} of {replayed.model_version}, {replayed.engine}"
    if (place := replayed.differs_at) is None:
        out.print(Text.assemble(f"The same: {origin}\n", printable(replayed.recorded)))
        return
    out.print(Text(f"Different from character {place + 1} on: {origin}"))
    for name, text in (("recorded", replayed.recorded), ("replayed", replayed.replayed)):
        rest = (printable(text[place:]) or "(ends here)", "reverse")
        out.print(Text.assemble((f"{name}: ", "bold"), printable(text[:place]), rest))
    if "16" in replayed.engine:
        out.print(Text(_ROUNDING, style="dim"))


def _record(replayed: Replayed) -> dict[str, Any]:
    return {
        "answer_id": replayed.answer_id,
        "same": replayed.differs_at is None,
        "differs_at": replayed.differs_at,
        "model_version": replayed.model_version,
        "engine": replayed.engine,
        "recorded": replayed.recorded,
        "replayed": replayed.replayed,
    }
