"""Everything that the console's pages read and do: one field for each subject, opened with the core."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from supportbot.access.access import Access
from supportbot.administration.administration import Administration
from supportbot.answering.answerer import Answerer
from supportbot.config import Settings
from supportbot.conversations.conversations import Conversations
from supportbot.db.session import Database
from supportbot.feedback.review.review import Review
from supportbot.insights.gaps import Gaps
from supportbot.insights.today import Today
from supportbot.jobs.jobs import Jobs
from supportbot.knowledge.features import TextEncoder
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.models.versions import Versions
from supportbot.playground.playground import Playground
from supportbot.teaching.teaching import Teaching
from supportbot.trials.trials import Trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The subjects of the console.

    A subject whose field has the name of its page, and that has ``async def count_open(self) -> int``, has that
    number shown beside the page's name.
    """

    access: Access
    review: Review
    conversations: Conversations
    today: Today
    knowledge: Teaching
    models: Versions
    playground: Playground
    jobs: Jobs
    trials: Trials
    administration: Administration


@asynccontextmanager
async def open_console(
    settings: Settings,
    database: Database,
    *,
    answerer: Answerer,
    knowledge: Knowledge,
    passages: Passages | None,
    open_encoder: Callable[[], TextEncoder | None],
    platforms: Collection[str],
) -> AsyncGenerator[Console]:
    """Give the console's subjects, and close at the end what they opened; jobs go on.

    Args:
        settings: of this process.
        database: that everything is read from.
        answerer: of the daemon.
        knowledge: that it asks.
        passages: that it may quote; None for none.
        open_encoder: opens the sentence encoder, or returns None for n-grams alone; blocks.
        platforms: whose questions this process answers.
    """

    def live_version() -> str:
        return answerer.engine.model_version

    playground = Playground(settings, database, knowledge, passages, answerer)
    jobs = Jobs(settings, database)
    try:
        yield Console(
            access=Access(database, settings),
            review=Review(database, knowledge, keep=settings.kept_contacts),
            conversations=Conversations(settings, database),
            today=Today(
                database,
                Gaps(database, knowledge, open_encoder, settings.kept_contacts),
                lambda: live_version() if answerer.generates else "",
                platforms,
            ),
            knowledge=Teaching.of(settings, database, knowledge, passages, answerer),
            models=Versions(settings, database, live_version),
            playground=playground,
            jobs=jobs,
            trials=Trials(settings, database),
            administration=Administration.of(settings, database),
        )
    finally:
        await playground.aclose()
        await jobs.aclose()
