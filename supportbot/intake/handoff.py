"""Hand-offs: the bot said that it is not sure, and a person answers instead.

What that person writes where the bot handed off is an answer to the question, of the source ``human``, and may
become a candidate for training like any other. Each message is an answer of its own: which of them say something,
and which belong together, is for the curator to see. The hand-off is over as soon as the bot has given another
answer in the thread.

Whatever else is heard leaves no trace, neither a row nor a line of the log. Who wrote is compared with the asker,
and kept as a digest only, so that people can have erased what they wrote. These functions work within the caller's
transaction; they know no platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto

from sqlalchemy import ColumnElement, Select, delete, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.models import Answer, Conversation, Example, Question, Workspace
from supportbot.db.states import AnswerSource, ExampleSource, ExampleStatus, QuestionState
from supportbot.intake import erased
from supportbot.intake.people import digest_of, person_of
from supportbot.intake.questions import has_words

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
        workspace: likewise.
        channel: likewise.
        thread: the conversation it is part of; None where a conversation is wider than a thread.
        replied_to: the ``reply_identity`` that the bot's answer has if this is a reply to it.
        identity: the platform's own unique name of the message, the same at every redelivery.
        author: the platform's id of the person.
        text: as typed.
        names_others: whether it names somebody, and not the bot.
        said_at: when, by the platform's clock, if known.
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


class Heard(Enum):
    """What a remark is: an answer to what the bot handed off, ``KEPT``, or ``DROPPED`` where that has enough of
    them; a ``FOLLOW_UP`` to what the bot said, which is to be asked; or ``NOT_OURS``.
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
    # The lock on the bot's answer makes two remarks, or two deliveries of one, wait for each other.
    question_id = await _handed_off(session, _last_answer(remark).with_for_update(of=Answer), remark)
    if question_id is None or await _is_question(session, remark):
        return Heard.NOT_OURS
    identity = _identity(remark.platform, remark.identity)
    if (
        not has_words(remark.text)
        or await session.scalar(erased.find(remark.platform, remark.identity)) is not None
        or await session.scalar(_by_person(identity)) is not None
        or await _count(session, question_id) >= MAX_ANSWERS
    ):
        return Heard.DROPPED
    session.add(
        Answer(
            question_id=question_id,
            text=_cut(remark.text),
            source=AnswerSource.HUMAN,
            reply_identity=identity,
            author=digest_of(person_of(remark.platform, remark.workspace, remark.author)),
            created_at=datetime.now(UTC),
        )
    )
    return Heard.KEPT


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


def _last_answer(remark: Remark) -> Select[int, int, AnswerSource, QuestionState, str]:
    """Select the bot's last answer where a remark stands."""
    in_thread = (
        select(Answer.id)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(
            *_in_workspace(remark),
            Conversation.channel == remark.channel,
            Conversation.thread == remark.thread,  # no row has NULL there
        )
    )
    places = [in_thread]
    if remark.replied_to is not None:  # NULL is every answer that is not delivered
        places.append(select(Answer.id).where(Answer.reply_identity == remark.replied_to))
    return (
        select(Answer.id, Answer.question_id, Answer.source, Question.state, Question.asker)
        .join(Question, Answer.question_id == Question.id)
        .join(Conversation, Question.conversation_id == Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(Answer.id.in_(union(*places)), Answer.source != AnswerSource.HUMAN, *_in_workspace(remark))
        .order_by(Answer.id.desc())
        .limit(1)
    )


def _in_workspace(remark: Remark) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Workspace.platform == remark.platform, Workspace.external_id == remark.workspace


async def _handed_off(
    session: AsyncSession, last_answer: Select[int, int, AnswerSource, QuestionState, str], remark: Remark
) -> int | None:
    """Return the question that the bot's last answer hands off to anybody but its asker, if it does."""
    row = (await session.execute(last_answer)).first()
    if row is None or row.source is not AnswerSource.NOT_SURE or row.state not in _TOLD:
        return None
    return None if row.asker == remark.author else int(row.question_id)


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
