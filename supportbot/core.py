"""What is open while the bot runs: the service that adapters call, and the loops that the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from supportbot.answering.answerer import Answerer
from supportbot.answering.worker import Worker
from supportbot.config import Settings
from supportbot.console import Console
from supportbot.db.session import Database
from supportbot.delivery.dispatch import Dispatcher, Sender
from supportbot.delivery.outbox import Outbox
from supportbot.delivery.streaming import Streams
from supportbot.digest.posting import Posting
from supportbot.handoffs.reminding import Reminders
from supportbot.intake.questions import Welcome
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.models.expecting import Expectations
from supportbot.models.following import Following
from supportbot.models.reloader import Reloader
from supportbot.privacy.upkeep import Upkeep
from supportbot.service import Service
from supportbot.trials.following import Following as Trial
from supportbot.trials.judging import Judging

DEMO_EXAMPLES = ("How do I return an item?", "Where is my order?", "Which payment methods do you take?")
"""What the starter can be asked: questions of its own FAQ."""


@dataclass(frozen=True, slots=True)
class Core:
    """What is open: the service that adapters call, and the loops that the daemon runs.

    ``knowledge`` follows the database while its ``run`` runs, and so do ``passages``, which are None where
    documents are not quoted. ``reloader`` is None where ``SUPPORTBOT_MODEL`` pins the model, or a remote one
    answers; then there are no ``trial``, which keeps a candidate beside it, and no ``judging``, which ends trials.
    ``following`` keeps the home on what is live in a database that machines share; None there, and with SQLite.
    ``expectations`` tell the model what it may repeat. ``upkeep`` erases what is too old, ``reminders``
    tell people again what they were asked, and ``digests`` tell teams what was asked in a week. ``prepare`` has
    the model say something before anybody asks, which also starts its process; ModelError if it cannot.
    ``streams`` show answers while they are written; None if they are switched off.
    ``console`` is what operators ask and do in a browser.
    """

    settings: Settings
    database: Database
    answerer: Answerer
    knowledge: Knowledge
    passages: Passages | None
    prepare: Callable[[], Coroutine[Any, Any, None]]
    reloader: Reloader | None
    following: Following | None
    trial: Trial | None
    judging: Judging | None
    expectations: Expectations
    upkeep: Upkeep
    reminders: Reminders
    digests: Posting
    service: Service
    worker: Worker
    outbox: Outbox
    dispatchers: dict[str, Dispatcher]
    streams: Streams | None
    console: Console

    @property
    def model_version(self) -> str:
        """Name of the model that answers now; it changes when another version goes live."""
        return self.answerer.engine.model_version

    def ring(self, platform: str) -> None:
        """Have what is in the outbox of a platform delivered now."""
        if platform in self.dispatchers:
            self.dispatchers[platform].wake.set()

    async def welcome(self) -> Welcome:
        """Return what a visitor of the page finds."""
        demo = self.answerer.is_demo
        examples = DEMO_EXAMPLES if demo else self.knowledge.examples()
        return Welcome(name=self.settings.name, examples=examples, demo=demo)

    def add_sender(self, sender: Sender) -> Dispatcher:
        """Deliver a platform's replies through its sender."""
        self.dispatchers[sender.platform] = Dispatcher(self.outbox, sender, self.ring)
        return self.dispatchers[sender.platform]
