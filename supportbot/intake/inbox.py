"""The durable inbox: the questions, who is working on each, and its result. A question is committed before the
platform gets its acknowledgement, and its platform identity is unique, so nothing is lost and a second delivery of
the same event changes nothing. Workers claim a question with a lease; when a worker dies, the lease runs out and
another takes over. An answer and the outbox row that will carry it to the platform are written in one transaction,
together with the question's next state.

People's answers to hand-offs are received here too; ``handoff`` recognises them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, Select, func, select, update
from sqlalchemy.exc import IntegrityError

from supportbot.db.clock import now as database_now
from supportbot.db.clock import now_of
from supportbot.db.models import IS_OPEN, Question
from supportbot.db.session import Database
from supportbot.db.states import QuestionState
from supportbot.errors import DatabaseError
from supportbot.intake import accepting, changes, handoff, rewording, settling, threads
from supportbot.intake.admission import (
    UNLIMITED,
    Crowd,
    Limits,
    Refusal,
    refuse_waiting,
)
from supportbot.intake.claiming import NEXT, SUSPECT, SUSPECT_LAPSES, THIS_ONE, lapses_of, take
from supportbot.intake.claims import Claim
from supportbot.intake.handoff import Heard, Remark
from supportbot.intake.overhearing import overhear
from supportbot.intake.questions import NOT_HEARD, Accepted, IncomingQuestion, Reply
from supportbot.intake.reception import Manner
from supportbot.intake.turns import IS_WAITING
from supportbot.policies.policy import Policy
from supportbot.policies.store import Place, Policies
from supportbot.words import SOURCE, Language, Words


class Inbox:
    """Questions in the database.

    Args:
        database: where they are kept.
        owner: unique name of this process, written on its claims.
        lease: how long a claim holds unless it is renewed; see ``delivery.renewal``.
        limits: how much may be asked.
        on_first_reply: called when a person answers what people were asked, with how long that took.
        language: of the bot's own sentences, where neither admins nor the platform say it.

    Attributes:
        policies: what the admins of channels decided about them.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        lease: timedelta,
        limits: Limits = UNLIMITED,
        on_first_reply: Callable[[timedelta], None] = lambda waited: None,
        language: Language = SOURCE,
    ) -> None:
        self._language = language
        self._on_first_reply = on_first_reply
        self._database = database
        self._owner = owner
        self._lease = lease
        self._limits = limits
        self._held: set[int] = set()
        self._finish = partial(settling.finish, owner)
        self.policies = Policies(database)

    @property
    def held(self) -> frozenset[int]:
        """The questions that this process works on; may be read from any thread."""
        return frozenset(self._held.copy())

    async def accept(
        self,
        incoming: IncomingQuestion,
        crowd: Crowd | None = None,
        *,
        then: Callable[[Connection, int], None] | None = None,
    ) -> Accepted:
        """Commit a question, unless its identity is known already, or is that of one that was erased.

        One that is too many is kept as refused, and its asker told so once; see ``admission``. Of one that is not
        heard there, nothing is kept; see ``reception``.

        Args:
            incoming: the question.
            crowd: how many may be in front of it.
            then: what else to do in that transaction with a question that is new and not refused, by its number.
        """
        if incoming.manner is Manner.UNASKED:
            async with self._database.read() as session:  # most messages are not for the bot: no lock for them
                if not await accepting.listens(session, incoming):
                    return NOT_HEARD
        accept = partial(accepting.accept, self._limits, self._language, incoming, crowd, then)
        try:
            return await self._database.commit(accept)
        except IntegrityError:
            # PostgreSQL let somebody erase its conversation after it was looked up. Now that is seen.
            return await self._database.commit(accept)

    async def words_at(self, place: Place, locale: str | None) -> Words:
        """Return the bot's own words for somebody at a place; as the platform says while the database is away."""
        try:
            policy = await self.policies.shown(place)
        except DatabaseError:  # the database tells of itself; whoever waits is told in some language
            policy = Policy()
        return Words(accepting.spoken(policy, locale, self._language))

    async def accept_remark(self, remark: Remark, *, may_follow_up: bool = True) -> Heard:
        """Commit what a person wrote, if it answers a question that the bot has handed off.

        Nothing of it is kept else, but it may be a follow-up, to be asked as a question by the caller.
        """
        heard, waited = await overhear(self._database, remark, may_follow_up=may_follow_up)
        if waited is not None:
            self._on_first_reply(waited)
        return heard

    async def set_quiet(self, platform: str, workspace: str, channel: str, thread: str, *, is_quiet: bool) -> bool:
        """Answer in a thread only who names the bot, or no longer; return False where it has never answered."""
        async with self._database.write() as session:
            return await threads.set_quiet(session, platform, workspace, channel, thread, is_quiet=is_quiet)

    async def change_remark(self, platform: str, identity: str, text: str | None) -> None:
        """Follow an author who edited or deleted a message; one that is not kept changes nothing."""
        async with self._database.read() as session:
            if not await handoff.is_kept(session, platform, identity):
                return
        async with self._database.write() as session:
            await handoff.change(session, platform, identity, text)

    async def reword(self, platform: str, identity: str, text: str | None) -> int | None:
        """Give an unanswered question another text, or end one that is not shown yet (``text`` is None).

        Returns:
            The question that this changed, if there is one.
        """
        async with self._database.read() as session:  # most edited messages are no questions: no lock for them
            if not await changes.is_open(session, platform, identity):
                return None
        return await self._database.commit(partial(changes.change, platform, identity, text))

    async def offer_again(self, platform: str, identity: str, text: str) -> int | None:
        """Offer to ask an answered question again as it reads now; return it if a message must be shown."""
        async with self._database.read() as session:  # as above
            if not await rewording.is_reworded(session, platform, identity, text):
                return None
        return await self._database.commit(partial(rewording.offer, platform, identity, text))

    async def claim(self, platforms: Collection[str], limit: int) -> list[Claim]:
        """Take up to ``limit`` of the questions that wait, or whose worker is gone; ``turns`` says which."""
        return await self._claim(NEXT, limit, platforms=list(platforms))

    async def claim_suspect(self, platforms: Collection[str]) -> Claim | None:
        """Take a question that was in work when processes ended, for it may be what ended them.

        To be called while nothing else is in work here, so that nothing else suffers from it.
        """
        claims = await self._claim(SUSPECT, limit=1, platforms=list(platforms))
        return claims[0] if claims else None

    async def has_suspect(self, platforms: Collection[str]) -> bool:
        """Return whether ``claim_suspect`` would find one."""
        async with self._database.read() as session:
            now = await database_now(session)
            found = await session.scalar(
                select(Question.id)
                .where(IS_WAITING, Question.platform.in_(platforms), lapses_of(Question) >= SUSPECT_LAPSES)
                .limit(1),
                {"now": now},
            )
        return found is not None

    async def claim_one(self, question_id: int) -> Claim | None:
        """Take one particular question, if it still waits."""
        claims = await self._claim(THIS_ONE, limit=1, question_id=question_id)
        return claims[0] if claims else None

    async def _claim(self, statement: Select[int], limit: int, **which: object) -> list[Claim]:
        # A claim that could not be renewed, because the database was away, may be ours and still in work.
        values = {"limit": limit, "held": list(self._held), **which}
        claims = await self._database.commit(partial(take, statement, values, self._owner, self._lease))
        self._held.update(claim.question_id for claim in claims)
        return claims

    async def forget(self, question_id: int) -> None:
        """Let an unasked question, claimed by this process, go without a word and without a trace."""
        self._held.discard(question_id)
        await self._database.commit(partial(settling.forget, self._owner, question_id))

    async def refuse_waiting(
        self, platforms: Collection[str], refusal: Refusal, *, longer_than: timedelta, shorter_than: timedelta
    ) -> list[str]:
        """Refuse what nobody has had time for; return the platform of each question that was refused.

        Args:
            platforms: whose questions.
            refusal: what their askers are told, each once.
            longer_than: they have waited.
            shorter_than: likewise; what came while no daemon was there is answered, however late.
        """

        def refuse_them(connection: Connection) -> list[str]:
            now = now_of(connection)
            return refuse_waiting(connection, platforms, refusal, now - shorter_than, now - longer_than, now)

        return await self._database.commit(refuse_them)

    async def refuse(self, question_id: int, refusal: Refusal) -> None:
        """Tell the asker of a question, claimed by this process, that there is no time for it."""
        self._held.discard(question_id)
        await self._database.commit(partial(settling.refuse, self._owner, question_id, refusal))

    async def release(
        self, question_id: int, *, retry_in: timedelta = timedelta(), attempted: bool = True
    ) -> None:
        """Give a claimed question back, unanswered.

        Args:
            question_id: claimed by this process.
            retry_in: until it may be claimed again.
            attempted: whether that was an attempt; a question that only had to wait has lost none.
        """
        self._held.discard(question_id)
        await self._database.commit(
            partial(settling.give_back, self._owner, question_id, retry_in, attempted=attempted)
        )

    async def finish(
        self,
        question_id: int,
        reply: Reply,
        *,
        state: QuestionState = QuestionState.ANSWERED,
        reason: str | None = None,
    ) -> int | None:
        """Write the reply, the question's next state and the outbox row in one transaction.

        It may hold others as well; see ``Database.commit_together``.

        Args:
            question_id: claimed by this process.
            reply: what the asker is told.
            state: ``ANSWERED``, or ``FAILED`` or ``EXPIRED`` with a ``reason``.
            reason: why there is no answer.

        Returns:
            The answer's id, or None when the claim was lost and somebody else answers.
        """
        self._held.discard(question_id)
        end = settling.End(question_id=question_id, reply=reply, state=state, reason=reason)
        return await self._database.commit_together(self._finish, end)

    async def recover(self, platforms: Collection[str]) -> int:
        """Free every claim on a database that only this process uses; return how many were left by a crash."""
        async with self._database.write() as session:
            rows = await session.execute(
                update(Question)
                .where(Question.platform.in_(platforms), Question.state == QuestionState.ANSWERING)
                .values(
                    state=QuestionState.RECEIVED,
                    lapses=Question.lapses + 1,
                    lease_owner=None,
                    lease_until=None,
                )
                .returning(Question.id)
            )
            return len(rows.all())

    async def waiting(self) -> int:
        """Return how many questions have no answer yet."""
        async with self._database.read() as session:
            return await session.scalar(select(func.count()).select_from(Question).where(IS_OPEN)) or 0
