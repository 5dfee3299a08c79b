"""Asking a human: from a click, or from a command, to the rows that bring the question to people. The hand-off,
the message to the people and the message to the asker are one transaction, so a process that ends loses none of
them, and the outbox delivers each once. A question is handed off once, whoever clicks. The asker may hand it off,
and so may anybody who sees it in its workspace, because they see the button too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from supportbot.db.models import Answer, Conversation, Handoff, Question, Workspace
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.errors import SupportBotError
from supportbot.feedback.reach import was_given_to
from supportbot.handoffs.listing import UNRESOLVED, AllWaiting, resolve, waiting_in
from supportbot.handoffs.request import read_request
from supportbot.handoffs.rows import Asked, Subject, ask_about, pass_on
from supportbot.handoffs.target import Target, read_target
from supportbot.intake.history import Exchange, History
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Accepted, IncomingQuestion
from supportbot.policies.layers import effective
from supportbot.policies.policy import Policy
from supportbot.words import N_

log = structlog.get_logger(__name__)

_First = aliased(Question)
_LOOK_AGAIN_SECONDS = 2.0
_GONE_TEXT = N_("This question is no longer available. Please ask it again.")
_UNREACHED_TEXT = N_("I couldn't reach the people who answer here. Please ask a member of the team yourself.")
_NOBODY_TEXT = N_("Nobody is set up to answer questions here. Please ask a member of the team yourself.")


class CannotAskError(SupportBotError):
    """No human can be asked; the sentence says why, and what to do."""


class Handoffs:
    """Asks humans.

    Args:
        database: where it is kept.
        inbox: takes questions that are for a human from the beginning.
        ring: called with the platform whenever something was put into its outbox.
    """

    def __init__(
        self, database: Database, inbox: Inbox, ring: Callable[[str], None] = lambda platform: None
    ) -> None:
        self._ring = ring
        self._database = database
        self._inbox = inbox

    async def ask(self, answer_id: int, person: str, *, workspace: str | None = None) -> Asked:
        """Ask a human what the bot has answered.

        Args:
            answer_id: the answer under which somebody clicked.
            person: who clicked, unique over all platforms and beginning with theirs.
            workspace: the platform's id of where that is; None where a platform has only one.

        Raises:
            CannotAskError: there is no such answer there, or nobody to ask.
        """
        async with self._database.read() as session:
            row = (
                await session.execute(
                    select(
                        # Of all samples, one is handed off, as long as it is there.
                        func.coalesce(_First.id, Question.id).label("id"),
                        Question.platform,
                        Conversation.workspace_id,
                        Conversation.channel,
                        Answer.reply_identity,
                    )
                    .select_from(Answer)
                    .join(Question, Answer.question_id == Question.id)
                    .outerjoin(_First, _First.id == Question.sample_of)
                    .join(Conversation, Question.conversation_id == Conversation.id)
                    .where(
                        Answer.id == answer_id,
                        Answer.source != AnswerSource.HUMAN,
                        was_given_to(person, workspace),
                    )
                )
            ).one_or_none()
            if row is None:
                raise CannotAskError(_GONE_TEXT)
            policy = await effective(session, row.workspace_id, row.channel)
        target = _target(policy, row.platform, row.workspace_id)
        subject = Subject(
            question_id=row.id,
            workspace_id=row.workspace_id,
            channel=row.channel,
            platform=row.platform,
            answer_id=answer_id,
            anchor=row.reply_identity,
        )
        asked = await self._database.commit(partial(ask_about, subject, target, policy, person))
        if asked is None:  # erased since it was looked up
            raise CannotAskError(_GONE_TEXT)
        if not asked.reached:
            raise CannotAskError(_UNREACHED_TEXT)
        if asked.new:
            log.info("handoff.asked", handoff_id=asked.handoff_id, question_id=asked.question_id)
            for platform in {target.platform, row.platform}:
                self._ring(platform)
        return asked

    async def ask_at_once(self, incoming: IncomingQuestion) -> Accepted | None:
        """Keep a question that is for a human and ask them; None if it is for the bot, as any other.

        Where nobody is set up to be asked, every question is for the bot.
        """
        question = read_request(incoming.text)
        if question is None:
            return None
        policy, workspace_id = await self._policy(incoming)
        if policy.handoff_target is None or workspace_id is None:
            return None
        target = _target(policy, incoming.platform, workspace_id)
        incoming = replace(incoming, text=question)
        accepted = await self._inbox.accept(incoming, then=partial(pass_on, incoming, target, policy))
        if accepted.new and not accepted.refused:
            log.info("handoff.asked", question_id=accepted.question_id)
            for platform in {target.platform, incoming.platform}:
                self._ring(platform)
        return accepted

    async def resolve(self, handoff_id: int, person: str, *, workspace: str | None, clicked: str | None) -> bool:
        """Close a hand-off for who asked, or for who was asked; see ``listing.resolve``."""
        is_new = await resolve(self._database, handoff_id, person, workspace=workspace, clicked=clicked)
        if is_new:
            log.info("handoff.resolved", handoff_id=handoff_id)
        return is_new

    async def resolve_for_asker(self, question_id: int, person: str) -> bool:
        """Close the hand-off of a question that a person asked, who sees all of it; see ``resolve``."""
        async with self._database.read() as session:
            handoff_id = await session.scalar(select(Handoff.id).where(Handoff.question_id == question_id))
        return await self.resolve(handoff_id or 0, person, workspace=None, clicked=None)

    async def waiting(self, platform: str, workspace: str, most: int) -> AllWaiting:
        """Return what nobody has answered in a workspace; see ``listing.waiting_in``."""
        return await waiting_in(self._database, platform, workspace, most)

    async def follow(self, question_id: int) -> AsyncGenerator[Exchange, None]:
        """Yield an exchange again whenever people have said more about it, until its hand-off is closed."""
        history, seen = History(self._database), None
        while (exchange := await history.exchange(question_id)) is not None:
            if (now := (exchange.handoff, exchange.by_people)) != seen:
                seen = now
                yield exchange
            if exchange.handoff not in UNRESOLVED:
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _policy(self, incoming: IncomingQuestion) -> tuple[Policy, int | None]:
        """Return what holds where a question was asked, and the number of its workspace if it is known."""
        known = select(Workspace.id).where(
            Workspace.platform == incoming.platform, Workspace.external_id == incoming.workspace
        )
        async with self._database.read() as session:
            workspace_id = await session.scalar(known)
            if workspace_id is None:
                return Policy(), None
            return await effective(session, workspace_id, incoming.channel, incoming.parent), workspace_id


def _target(policy: Policy, platform: str, workspace_id: int) -> Target:
    """Return whom a policy names.

    Raises:
        CannotAskError: it names nobody, or what no platform knows.
    """
    if policy.handoff_target is None:
        raise CannotAskError(_NOBODY_TEXT)
    target = read_target(policy.handoff_target, platform)
    if target is None:
        log.error(
            "handoff.target_unreadable",
            workspace_id=workspace_id,
            platform=platform,
            remedy="name a target as docs/handoffs.md describes",
        )
        raise CannotAskError(_NOBODY_TEXT)
    return target
