"""What adapters call: ask the bot or a human, follow, vote, forget, look back; ``hearing`` is for all else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog

from supportbot.db.states import FeedbackReason
from supportbot.feedback.again import Again, Build, nobody, record
from supportbot.feedback.suggestions import Suggestions
from supportbot.feedback.votes import Explanation, Vote, VoteOutcome, Votes
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.admission import Crowd
from supportbot.intake.history import Exchange, History
from supportbot.intake.inbox import Inbox
from supportbot.intake.live import Live
from supportbot.intake.questions import Accepted, IncomingQuestion
from supportbot.policies.store import Place, Policies
from supportbot.privacy.erasing import THEMSELVES, Erased, Privacy
from supportbot.privacy.person import Person
from supportbot.service.following import follow
from supportbot.service.hearing import Hearing
from supportbot.service.keeping import Keeping
from supportbot.statistics.overview import Overview
from supportbot.telemetry import metrics
from supportbot.words import Words

log = structlog.get_logger(__name__)


class Service:
    """The support bot as its adapters see it.

    Args:
        inbox: takes questions.
        votes: takes thumbs.
        suggestions: takes clicks on "did you mean".
        history: reads back.
        live: answers in progress.
        wake: set whenever there is work for the worker.
        privacy: erases who wants to be forgotten; None where nobody can ask for it, as in a terminal.
        erased: set whenever something was erased.
        ring: called with the platform whenever a reply was put into its outbox.
        crowd: says how many may be in front of a question.
        take_back: lets vanish what is shown of an answer that was being written.
        overview: what people are shown besides answers; None where nobody looks, as in a terminal.
        handoffs: asks humans; None where nobody can be asked, as in a terminal.
        again: takes clicks that ask once more; None where nobody clicks, as in a terminal.
    """

    def __init__(
        self,
        inbox: Inbox,
        votes: Votes,
        suggestions: Suggestions,
        history: History,
        live: Live,
        wake: asyncio.Event,
        privacy: Privacy | None = None,
        erased: asyncio.Event | None = None,
        ring: Callable[[str], None] = lambda platform: None,
        crowd: Callable[[str], Awaitable[Crowd | None]] | None = None,
        take_back: Callable[[int], Awaitable[None]] | None = None,
        overview: Overview | None = None,
        handoffs: Handoffs | None = None,
        again: Again | None = None,
    ) -> None:
        self._again = again
        self._inbox = inbox
        self._votes = votes
        self._suggestions = suggestions
        self._history = history
        self._live = live
        self._privacy = privacy
        self._erased = erased
        self._keeping = Keeping(inbox, wake, ring, crowd, handoffs)
        self.hearing = Hearing(inbox, wake, ring, take_back)
        self.overview = overview
        self.handoffs = handoffs

    async def ask(self, incoming: IncomingQuestion) -> Accepted:
        """Commit a question; when this returns, it will be answered whatever happens to this process.

        The caller must await it before it acknowledges the message to the platform. A question that is already
        stored is not new. One that exceeds a limit is refused, and its asker told so. ``reception`` decides
        whether the bot answers there.
        """
        return await self._keeping.ask(incoming)

    async def command(self, incoming: IncomingQuestion) -> Accepted:
        """Commit what was typed after a command, as ``ask`` does; it may ask for a human.

        Raises:
            CannotAskError: it does, and whom the policy names is nobody.
        """
        return await self._keeping.command(incoming)

    def follow(self, question_id: int) -> AsyncGenerator[str | Exchange, None]:
        """Yield the text of an answer as it is written, and at the end the exchange with the whole answer.

        Text that was yielded is what the asker may see already; an empty piece says that it is void and the
        answer starts again; the exchange has the last word. Nothing is yielded for a question that does not exist.
        """
        return follow(self._history, self._live, question_id)

    async def vote(
        self,
        answer_id: int,
        voter: str,
        vote: Vote,
        *,
        workspace: str | None = None,
        at: datetime | None = None,
    ) -> VoteOutcome:
        """Record a thumb; the one that a person clicked last counts. See ``Votes.cast``.

        Raises:
            UnknownAnswerError: there is no such answer there.
        """
        outcome = await self._votes.cast(answer_id, voter, vote, workspace=workspace, at=at)
        metrics.VOTES.labels(outcome.vote.name.lower()).inc()
        log.info("answer.voted", answer_id=answer_id, vote=outcome.vote.name.lower(), changed=outcome.changed)
        return outcome

    async def explain(
        self,
        answer_id: int,
        voter: str,
        reason: FeedbackReason | None,
        correction: str | None,
        *,
        workspace: str | None = None,
    ) -> Explanation:
        """Record what was wrong with an answer; the text goes to the database and nowhere else.

        Args:
            answer_id: the answer voted on.
            voter: as in ``Votes.cast``.
            reason: what was wrong.
            correction: what the answer should have said.
            workspace: as above.

        Returns:
            What is kept, see ``Votes.explain``.

        Raises:
            UnknownAnswerError: there is no such answer there, or no 👎 of this person on it.
        """
        said = await self._votes.explain(answer_id, voter, reason, correction, workspace=workspace)
        metrics.EXPLANATIONS.labels(said.reason or "none").inc()
        log.info(
            "answer.explained", answer_id=answer_id, reason=said.reason, has_correction=said.correction is not None
        )
        return said

    async def choose(
        self,
        answer_id: int,
        number: int,
        chooser: str,
        build: Callable[[str], IncomingQuestion],
        *,
        workspace: str | None = None,
    ) -> Accepted:
        """Ask the suggested question that somebody clicked; its answer comes like any other.

        The question as it was typed becomes a wording that a curator may approve: this was meant.

        Args:
            answer_id: the answer that made the suggestions.
            number: which of them, from 0.
            chooser: who clicked, as in ``Votes.cast``.
            build: makes the question to ask from the text of the suggestion, of the same identity at each click.
            workspace: as above.

        Raises:
            UnknownSuggestionError: there is no such suggestion there.
        """
        suggestion = await self._suggestions.choose(answer_id, number, chooser, workspace=workspace)
        log.info("suggestion.chosen", answer_id=answer_id, entry_id=suggestion.entry_id)
        return await self.ask(build(suggestion.question))

    async def try_again(
        self,
        answer_id: int,
        person: str,
        build: Build,
        *,
        workspace: str | None = None,
        is_admin: Callable[[], Awaitable[bool]] = nobody,
    ) -> Accepted:
        """Have another answer drawn; it comes like any other. See ``Again.another_sample``.

        Raises:
            CannotAskAgainError: there is none, or not for this person.
        """
        assert self._again is not None  # noqa: S101 - without, no button offers it
        incoming = await self._again.another_sample(
            answer_id, person, build, workspace=workspace, is_admin=is_admin
        )
        log.info("answer.try_again", answer_id=answer_id, sample=incoming.sample)
        return await self._keeping.ask(incoming, partial(record, person, incoming))

    async def ask_again(
        self, question_id: int, person: str, build: Build, *, workspace: str | None = None
    ) -> Accepted:
        """Ask an answered question as it reads since it was edited. See ``Again.reworded``.

        Raises:
            CannotAskAgainError: there is none, or somebody else asked it.
        """
        assert self._again is not None  # noqa: S101 - as above
        return await self.ask(await self._again.reworded(question_id, person, build, workspace=workspace))

    @property
    def policies(self) -> Policies:
        """What the admins of channels decided about them."""
        return self._inbox.policies

    async def words(self, place: Place, locale: str | None = None) -> Words:
        """Return the bot's own words for somebody who is told something.

        Args:
            place: where they are.
            locale: as in ``IncomingQuestion``.
        """
        return await self._inbox.words_at(place, locale)

    @property
    def can_forget(self) -> bool:
        """Whether people can have themselves erased here."""
        return self._privacy is not None

    async def forget(self, person: Person) -> Erased:
        """Erase everything of the person who asks for it.

        Args:
            person: who asks, as the platform says; never what a message carries.
        """
        assert self._privacy is not None  # noqa: S101 - ``can_forget`` says so
        erased = await self._privacy.erase(person, THEMSELVES)
        log.info("person.forgotten", platform=person.platform)
        if self._erased is not None:
            self._erased.set()
        return erased

    async def exchange(self, question_id: int) -> Exchange | None:
        """Return one question with its answer."""
        return await self._history.exchange(question_id)

    async def conversation(self, platform: str, channel: str, thread: str, limit: int = 50) -> list[Exchange]:
        """Return the latest exchanges of a conversation, the oldest first."""
        return await self._history.conversation(platform, channel, thread, limit)

    async def channels(self, platform: str, workspace: str, limit: int = 1_000) -> list[str]:
        """Return the channels of a workspace that somebody asked in, the lately used ones first."""
        return await self._history.channels(platform, workspace, limit)

    async def direct_channels(self, platform: str, limit: int) -> list[str]:
        """Return likewise the channels of people whose direct messages are a workspace of their own."""
        return await self._history.direct_channels(platform, limit)

    async def recent(self, limit: int) -> list[Exchange]:
        """Return the latest exchanges of all platforms, the newest first."""
        return await self._history.recent(limit)
