"""Threads in which the bot has answered: what is said there without naming it is for it, or for other people.

Whoever asked there may go on asking. But where people talk to each other the bot is silent: when somebody else is
named, when another person spoke last, and after it was told to be quiet. Then it wants to be named again.

Of what people say to each other nothing is kept but when they said it, by the platform's clock: what is heard
late, twice or in another order means the same. These functions work within the caller's transaction; they know no
platform.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db.clock import now as database_now
from supportbot.db.models import Conversation, Question, Workspace
from supportbot.db.states import QuestionState
from supportbot.intake.handoff import Remark
from supportbot.intake.questions import IncomingQuestion, has_words

_TOLD = (QuestionState.ANSWERED, QuestionState.DELIVERED)

_SKEW = timedelta(seconds=15)
"""By which the clock of a platform may differ from the database's."""

_QUIET = frozenset({"stop", "be quiet", "quiet", "shut up", "stopp", "sei still"})
_NOT_QUIET = frozenset({"start", "go on", "unmute", "los", "weiter"})


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread in which the bot has answered.

    Attributes:
        conversation_id: its number.
        is_quiet: whether the bot was told to be quiet.
        talked_at: when people last spoke to each other.
        asked_at: when the bot was last asked something before the remark was made; None if nothing was.
        is_asker: whether the author of the remark has asked the bot here; who was answered unasked has not.
    """

    conversation_id: int
    is_quiet: bool
    talked_at: datetime | None
    asked_at: datetime | None
    is_asker: bool


def read_order(text: str) -> bool | None:
    """Return whether somebody tells the bot to be quiet, or to go on (False); None if it is neither.

    Args:
        text: as typed, without the bot's own mention.
    """
    order = " ".join(text.casefold().strip(" \t\n.!,:;").split()).removeprefix("please ").removesuffix(" please")
    return True if order in _QUIET else False if order in _NOT_QUIET else None


async def find(session: AsyncSession, remark: Remark) -> Thread | None:
    """Return the thread that a remark stands in, if the bot has answered there; this only looks."""
    if remark.thread is None:
        return None
    row = (await session.execute(_find(remark))).one_or_none()
    return None if row is None else Thread(*row)


async def is_follow_up(session: AsyncSession, remark: Remark, thread: Thread) -> bool:
    """Return whether a remark is for the bot; if not, note that people talk to each other."""
    if remark.names_others or not thread.is_asker:
        await note_talk(session, remark, thread)
        return False
    return thread.asked_at is not None and not (thread.is_quiet or _is_talk(remark, thread, thread.asked_at))


def _is_talk(remark: Remark, thread: Thread, asked_at: datetime) -> bool:
    """Return whether people were talking to each other when a remark was made."""
    if thread.talked_at is None or thread.talked_at <= asked_at:
        return False
    return remark.said_at is None or thread.talked_at < remark.said_at


async def note_talk(session: AsyncSession, remark: Remark, thread: Thread) -> None:
    """Note that a person has spoken to another one; a thumb is no word, and what is heard once more is known."""
    said_at = remark.said_at or await database_now(session)
    if has_words(remark.text) and (thread.talked_at is None or thread.talked_at < said_at):
        await session.execute(
            update(Conversation).where(Conversation.id == thread.conversation_id).values(talked_at=said_at)
        )


async def is_quiet(session: AsyncSession, incoming: IncomingQuestion) -> bool:
    """Return whether the bot was told to be quiet where a question was asked; this only looks."""
    told = (
        select(Conversation.id)
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(
            Workspace.platform == incoming.platform,
            Workspace.external_id == incoming.workspace,
            Conversation.channel == incoming.channel,
            Conversation.thread == incoming.thread,
            Conversation.is_quiet,
        )
    )
    return await session.scalar(told) is not None


async def set_quiet(
    session: AsyncSession, platform: str, workspace: str, channel: str, thread: str, *, is_quiet: bool
) -> bool:
    """Answer in a thread only who names the bot, or no longer; return False where nobody has ever asked."""
    found = await session.execute(
        update(Conversation)
        .where(
            Conversation.channel == channel,
            Conversation.thread == thread,
            Conversation.workspace_id.in_(
                select(Workspace.id).where(Workspace.platform == platform, Workspace.external_id == workspace)
            ),
        )
        .values(is_quiet=is_quiet, **({} if is_quiet else {"talked_at": None}))
        .returning(Conversation.id)
    )
    return found.first() is not None


def _find(remark: Remark) -> Select[int, bool, datetime | None, datetime | None, bool]:
    asked = Question.conversation_id == Conversation.id
    said_at = remark.said_at
    # What is read back was said before some questions. A platform tells the time of a message, not of a command.
    is_earlier = (
        true()
        if said_at is None
        else or_(Question.said_at < said_at, Question.said_at.is_(None) & (Question.received_at < said_at + _SKEW))
    )
    return (
        select(
            Conversation.id,
            Conversation.is_quiet,
            Conversation.talked_at,
            select(func.max(func.coalesce(Question.said_at, Question.received_at)))
            .where(asked, is_earlier)
            .scalar_subquery(),
            exists().where(asked, Question.asker == remark.author, Question.unasked.is_(False)),
        )
        .join(Workspace, Conversation.workspace_id == Workspace.id)
        .where(
            Workspace.platform == remark.platform,
            Workspace.external_id == remark.workspace,
            Conversation.channel == remark.channel,
            Conversation.thread == remark.thread,
            exists().where(asked, Question.state.in_(_TOLD)),
        )
    )
