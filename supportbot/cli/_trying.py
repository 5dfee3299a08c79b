"""``supportbot knowledge try``: opens what answering needs, with or without the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supportbot.config import Settings
    from supportbot.teaching.trying import Tried


async def try_without_model(settings: Settings, question: str, workspace: str | None) -> Tried:
    """Decide about a question with the knowledge only."""
    from supportbot.bootstrap import encoder_opener, make_knowledge, make_passages, open_database
    from supportbot.db.schema import check_schema
    from supportbot.teaching.trying import Trying

    async with open_database(settings) as database:
        await check_schema(database)
        open_encoder = encoder_opener(settings)
        knowledge = make_knowledge(settings, database, open_encoder)
        await knowledge.load()
        if (passages := make_passages(settings, database, open_encoder)) is not None:
            await passages.load()
        return await Trying(settings, database, knowledge, passages).ask(question, workspace)


async def try_with_model(settings: Settings, question: str, workspace: str | None) -> Tried:
    """Answer a question as a daemon would, without a trace in the log."""
    from supportbot.bootstrap import open_core
    from supportbot.teaching.trying import Trying

    async with open_core(settings, platforms=(), daemon=False) as core:
        trying = Trying(settings, core.database, core.knowledge, core.passages, core.answerer)
        return await trying.ask(question, workspace, with_model=True)
