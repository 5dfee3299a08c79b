"""Hand-offs: the bot said that it is not sure, or a human was asked, and a person answers instead.

That person's message there is an answer to the question, with the source ``human``, and may become a candidate for
training like any other. Each message is an answer of its own; the curator decides which are useful, and which
belong together. The hand-off ends when the bot gives another answer in the thread. Replies to the message that
asked people elsewhere are passed on to the asker. Other messages leave no trace, neither a row nor a line of the
log. The author is compared with the asker, and stored only as a digest, so that people can have their messages
erased. These functions work within the caller's transaction; they know no platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now as database_now
from supportbot.db.models import Answer, Conversation, Example, Handoff, Outbox, Question, Workspace
from supportbot.db.states import (
    AnswerSource,
    ExampleSource,
    ExampleStatus,
    HandoffState,
    OutboxKind,
    QuestionState,
)
from supportbot.intake import erased
from supportbot.intake.people import digest_of, person_of
from supportbot.intake.questions import has_words
from supportbot.intake.replies import pending

MAX_ANSWERS = 5
"""Messages of people that are kept for one question; the talk that follows them is none of ours."""

MAX_LENGTH = 2_000
"""Characters of a message that are kept: about what the model can say at most, as with corrections."""

_TOLD = (QuestionState.ANSWERED, QuestionState.DELIVERED)
"""The states in which the bot has judged its answer. One that failed or expired has got an apology instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that a person wrote, and did not ask the bot.

    Attributes:
        platform: as in ``IncomingQuestion``.
        workspace: as above.
        channel: as above.
        thread: the conversation it is part of; None where a conversation is wider than a thread.
        replied_to: the ``reply_identity`` that the bot's answer has if this is a reply to it.
        identity: the platform's own unique name of the message, the same at every redelivery.
        author: the platform's id of the person.
        text: as typed.
        names_others: whether it names somebody, and not the bot.
        said_at: when, by the platform's clock, if known.
        signed: what the platform's sender needs to name the author, if the remark is passed on; kept as it is.
    """

    platform: str
    workspace: str
    channel: str
    thread: str | None
    replied_to: str | None
    identity: str
    author: str
    text: str
    names_others: bool = False
    said_at: datetime | None = None
    signed: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a remark stands: the question there that is for people, and whether its asker reads elsewhere."""

    question_id: int
    answer_id: int
    anchor: str | None
    platform: str
    is_asked: bool
    is_elsewhere: bool


class Heard(Enum):
    """What a remark is: an answer to what the bot handed off, ``KEPT``, or ``DROPPED`` where that has enough of
    them; a ``FOLLOW_UP`` to what the bot said, which must be asked; or ``NOT_OURS``.
    """

    KEPT = auto()
    DROPPED = auto()
    FOLLOW_UP = auto()
    NOT_OURS = auto()


async def is_awaited(session: AsyncSession, remark: Remark) -> bool:
    """Return whether a remark stands where the bot has handed off, and is not the asker's; this only looks."""
    return await _handed_off(session, _last_answer(remark), remark) is not None


async def keep(session: AsyncSession, remark: Remark) -> Heard:
    """Add a remark to the question that the bot has handed off, unless it is there already."""
    place = await _handed_off(session, _last_answer(remark), remark)
    if place is not None and place.is_asked:  # before the answer, as whoever erases locks them
        locked = select(Handoff.id).where(Handoff.question_id == place.question_id).with_for_update()
        await session.execute(locked)
    # The lock on the bot's answer makes two remarks, or two deliveries of one, wait for each other.
    place = await _handed_off(session, _last_answer(remark).with_for_update(of=Answer), remark)
    if place is None or await _is_question(session, remark):
        return Heard.NOT_OURS
    identity = _identity(remark.platform, remark.identity)
    if (
        not has_words(remark.text)
        or await session.scalar(erased.find(remark.platform, remark.identity)) is not None
        or await session.scalar(_by_person(identity)) is not None
        or await _count(session, place.question_id) >= MAX_ANSWERS
    ):
        return Heard.DROPPED
    answer = Answer(
        question_id=place.question_id,
        text=_cut(remark.text),
        source=AnswerSource.HUMAN,
        reply_identity=identity,
        author=digest_of(person_of(remark.platform, remark.workspace, remark.author)),
        created_at=datetime.now(UTC),
    )
    session.add(answer)
    await session.flush()
    if place.is_elsewhere:
        await _pass_on(session, place, answer.id, remark)
    return Heard.KEPT


async def stop_clock(session: AsyncSession, remark: Remark) -> timedelta | None:
    """Note that a person has answered what people were asked, after a remark was kept.

    Returns:
        How long that took; None for a later answer, and where nobody was asked.
    """
    written = select(Answer.question_id).where(
        Answer.reply_identity == _identity(remark.platform, remark.identity), Answer.source == AnswerSource.HUMAN
    )
    now = await database_now(session)
    asked_at = await session.scalar(
        update(Handoff)
        .where(Handoff.question_id.in_(written), Handoff.first_reply_at.is_(None))
        .values(
            first_reply_at=now,
            state=case((Handoff.state == HandoffState.OPEN, HandoffState.ANSWERED.value), else_=Handoff.state),
        )
        .returning(Handoff.asked_at)
    )
    return None if asked_at is None else now - asked_at


async def _pass_on(session: AsyncSession, place: _Place, answer_id: int, remark: Remark) -> None:
    """Have a remark from elsewhere shown to the asker."""
    now = await database_now(session)
    note = {"author": remark.signed, "on": remark.platform, "anchor": place.anchor}
    relay = pending(place.question_id, answer_id, place.platform, "", now, kind=OutboxKind.RELAY, note=note)
    await session.execute(insert(Outbox), [relay])


async def is_kept(session: AsyncSession, platform: str, identity: str) -> bool:
    """Return whether a message is kept as an answer of a person; this only looks."""
    return await session.scalar(_by_person(_identity(platform, identity))) is not None


async def change(session: AsyncSession, platform: str, identity: str, text: str | None) -> None:
    """Follow the author of an answer who edited it, or deleted it: then ``text`` is None or says nothing.

    A candidate that was made of it and that no curator has touched goes too; collecting again makes a new one.
    """
    answer = await session.scalar(_by_person(_identity(platform, identity)).with_for_update())
    said = _cut(text) if text is not None and has_words(text) else None
    if answer is None or said == answer.text:  # Slack also calls it an edit when it unfurls a link
        return
    await session.execute(
        delete(Example).where(
            Example.origin_answer_id == answer.id,
            Example.source == ExampleSource.HUMAN,
            Example.status == ExampleStatus.PENDING,
            Example.curator.is_(None),
        )
    )
    if said is None:
        await session.delete(answer)
    else:
        answer.text = said


def _last_answer(remark: Remark) -> Select[*tuple[Any, ...]]:
    """Select the bot's last answer where a remark stands."""
    there = (
        select(Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Workspace.platform == remark.platform, Workspace.external_id == remark.workspace)
    )
    # No row has NULL as its thread.
    places = [there.where(Conversation.channel == remark.channel, Conversation.thread == remark.thread)]
    if remark.replied_to is not None:  # NULL is every answer that is not delivered
        places += [
            there.where(Answer.reply_identity == remark.replied_to),
            # The message that asks people may be in another workspace: a direct message, or for the page.
            select(Answer.id)
            .join(Handoff, Answer.question_id == Handoff.question_id)
            .where(Handoff.platform == remark.platform, Handoff.post_identity == remark.replied_to),
            there.join(Handoff, Handoff.question_id == Question.id).where(
                Handoff.told_identity == remark.replied_to
            ),
        ]
    return (
        select(
            Answer.id,
            Answer.question_id,
            Answer.source,
            Answer.reply_identity,
            Question.state,
            Question.asker,
            Question.platform,
            Conversation.channel,
            Conversation.thread,
            Handoff.id.label("handoff_id"),
        )
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .outerjoin(Handoff, Handoff.question_id == Question.id)
        .where(Answer.id.in_(union(*places)), Answer.source != AnswerSource.HUMAN)
        .order_by(Answer.id.desc())
        .limit(1)
    )


async def _handed_off(
    session: AsyncSession, last_answer: Select[*tuple[Any, ...]], remark: Remark
) -> _Place | None:
    """Return the question that the bot's last answer hands off to anybody but its asker, if it does."""
    row = (await session.execute(last_answer)).first()
    if row is None or row.state not in _TOLD:
        return None
    is_asked = row.handoff_id is not None
    is_asker = (row.platform, row.asker) == (remark.platform, remark.author)
    if is_asker or not (row.source is AnswerSource.NOT_SURE or is_asked):
        return None
    # The message that asks people may be in the question's channel, but in a thread of its own.
    is_in_thread = remark.thread in (None, row.thread) or remark.replied_to == row.reply_identity
    is_elsewhere = (row.platform, row.channel) != (remark.platform, remark.channel) or not is_in_thread
    return _Place(row.question_id, row.id, row.reply_identity, row.platform, is_asked, is_elsewhere)


async def _is_question(session: AsyncSession, remark: Remark) -> bool:
    """Return whether a message was taken for a question when it was heard first, before the hand-off."""
    known = select(Question.id).where(Question.platform == remark.platform, Question.identity == remark.identity)
    return await session.scalar(known) is not None


async def _count(session: AsyncSession, question_id: int) -> int:
    """Return how many answers of people a question has."""
    query = (
        select(func.count())
        .select_from(Answer)
        .where(Answer.question_id == question_id, Answer.source == AnswerSource.HUMAN)
    )
    return await session.scalar(query) or 0


def _by_person(identity: str) -> Select[Answer]:
    return select(Answer).where(Answer.reply_identity == identity, Answer.source == AnswerSource.HUMAN)


def _identity(platform: str, identity: str) -> str:
    return f"{platform}:{identity}"


def _cut(text: str) -> str:
    return text.strip()[:MAX_LENGTH].rstrip()
