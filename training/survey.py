"""``python -m training.survey``: what ``--from-db`` would train on, as JSON, for the console's page.

It changes nothing; near-duplicates are those found last. It imports nothing that trains, which would take longer
than the counting.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from supportbot.config import Settings, load_settings
from supportbot.db.schema import check_schema
from supportbot.db.session import Database
from supportbot.db.states import Split
from supportbot.errors import ModelError, SupportBotError
from training.curate import select_examples, stream_examples
from training.faq.material import MOST_ANSWERS, key_of
from training.finetune.hub import check_base

_FAULT = 2


async def survey(settings: Settings) -> dict[str, Any]:
    """Return the numbers of rows and of different answers, and whether the documented base is available.

    Raises:
        DatabaseError: the database can't be used.
    """
    # Not through `bootstrap`, which imports everything for answering.
    database = Database(settings.sqlalchemy_url)
    try:
        await check_schema(database)
        found = await select_examples(database, merge=False)
        answers: set[str] = set()
        async for row in stream_examples(database, Split.TRAIN):
            answers.add(key_of(row.answer))
            if len(answers) > MOST_ANSWERS:  # too many, however many
                break
    finally:
        await database.aclose()
    return {
        "train": found.taken,
        "held_out": found.held_out,
        "left_out": dict(found.left_out),
        "answers": len(answers),
        "most_answers": MOST_ANSWERS,
        "has_base": await asyncio.to_thread(_has_base, settings),
    }


def _has_base(settings: Settings) -> bool:
    try:
        check_base(["--from-db"], settings)
    except ModelError:
        return False
    return True


def main() -> int:
    """Run the command; return its exit status."""
    try:
        found = asyncio.run(survey(load_settings()))
    except SupportBotError as error:
        sys.stderr.write(f"{error}\n")
        return _FAULT
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
