"""Whose data it is, as conditions on the tables: who asked, who voted, who answered, who gave an example.

Ids are opaque: what a platform calls somebody is compared, never taken apart. The tables name the same person by
the platform's id (``question.asker``), by a name over all platforms (``feedback.voter``, ``example.person``) and
by the digest of that (``answer.author``, ``handoff.resolved_by``).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from supportbot.db.models import Answer, Conversation, Example, Feedback, Handoff, Question, Workspace
from supportbot.db.states import LOCAL_PLATFORMS
from supportbot.errors import SupportBotError
from supportbot.intake.people import digest_of, direct_messages_of

PLATFORMS = ("slack", "discord", "web", "cli")


class PrivacyError(SupportBotError):
    """Somebody's data cannot be handed out or erased as it was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a platform.

    Attributes:
        platform: ``slack``, ``discord``, ``web`` or ``cli``.
        user: the platform's id of the person, with or without the platform before it.
        workspaces: the platform's ids of the only workspaces that are meant; none for all of them.

    Raises:
        PrivacyError: there is no such platform, or nobody is named.
    """

    platform: str
    user: str
    workspaces: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse what names nobody."""
        if self.platform not in PLATFORMS:
            raise PrivacyError(f"There is no platform '{self.platform}': name one of {', '.join(PLATFORMS)}.")
        if not self.user.strip():
            raise PrivacyError("The person is missing: add --user with the platform's id of the person.")

    @property
    def direct_messages(self) -> str:
        """The workspace that is theirs alone, where a platform has such."""
        return direct_messages_of(self.platform, self.user)

    @property
    def digest(self) -> str:
        """What the audit knows the person by; the same for all of their workspaces."""
        return digest_of(f"{self.platform}:{self.user.removeprefix(f'{self.platform}:')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """The conditions for one person's rows; made by ``theirs``.

    Attributes:
        names: by which other texts name the person. On this machine an id alone is no such name: `root` is also
            who approves answers.
        questions: that they asked.
        votes: that they gave.
        answers: that they wrote where the bot was not sure.
        examples: that came from them by name, or from what they wrote to the bot alone; those that were made of
            their questions are found by the answers.
        wrote: of these, whose answer they wrote where the bot was not sure.
        closed: the hand-offs that they closed.
    """

    names: frozenset[str]
    questions: ColumnElement[bool]
    votes: ColumnElement[bool]
    answers: ColumnElement[bool]
    examples: ColumnElement[bool]
    wrote: ColumnElement[bool]
    closed: ColumnElement[bool]


async def theirs(session: AsyncSession, person: Person) -> Theirs:
    """Return how the tables name a person."""
    workspaces = await _workspaces(session, person.platform)
    user = person.user.removeprefix(f"{person.platform}:")
    plain = frozenset({user, f"{person.platform}:{user}"})
    meant = person.workspaces or workspaces.keys()
    full = frozenset(f"{person.platform}:{workspace}:{user}" for workspace in meant)
    ids = [number for name, number in workspaces.items() if name in meant]
    alone = frozenset({person.direct_messages} & set(meant))
    digests = [digest_of(name) for name in full | {f"{person.platform}:{user}"}]
    meant_there = Example.workspace_id.in_(ids) if person.workspaces else Example.id.is_not(None)
    wrote = and_(Example.author.in_(digests), meant_there)
    named = _named(Example.person, full, f"{person.platform}:{user}", Example.workspace_id.in_(ids), person)
    return Theirs(
        names=frozenset({f"{person.platform}:{user}"})
        if person.platform in LOCAL_PLATFORMS
        else plain | full | alone,
        questions=and_(
            Question.platform == person.platform,
            Question.asker.in_(plain),
            _within(Question.conversation_id, ids) if person.workspaces else Question.id.is_not(None),
        ),
        votes=_named(Feedback.voter, full, f"{person.platform}:{user}", _answered_in(ids), person),
        answers=_author(digests, ids, person),
        examples=or_(named, wrote, Example.workspace_id.in_([workspaces[name] for name in alone])),
        wrote=wrote,
        closed=and_(
            Handoff.resolved_by.in_(digests),
            Handoff.workspace_id.in_(ids) if person.workspaces else Handoff.id.is_not(None),
        ),
    )


async def check_workspaces(session: AsyncSession, person: Person) -> None:
    """Refuse a workspace that was mistyped: nothing would be found there, and nobody would know why.

    Raises:
        PrivacyError: nothing was heard from a workspace that is named.
    """
    if unknown := sorted(person.workspaces - (await _workspaces(session, person.platform)).keys()):
        raise PrivacyError(
            f"There is no question from the workspace '{unknown[0]}' of {person.platform}: `supportbot consent` "
            "lists those that the bot has heard from."
        )


async def _workspaces(session: AsyncSession, platform: str) -> dict[str, int]:
    known = select(Workspace.external_id, Workspace.id).where(Workspace.platform == platform)
    return {row.external_id: row.id for row in await session.execute(known)}


def _named(
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    full: frozenset[str],
    plain: str,
    there: ColumnElement[bool],
    person: Person,
) -> ColumnElement[bool]:
    """Return whether a name is theirs: a name without a workspace counts where the row is in one that is meant."""
    if person.workspaces:
        return or_(column.in_(full), and_(column == plain, there))
    # Guests of a shared channel vote as members of a workspace that the bot need not have heard from.
    guest = and_(
        column.startswith(f"{person.platform}:", autoescape=True),
        column.endswith(f":{person.user.removeprefix(f'{person.platform}:')}", autoescape=True),
    )
    return or_(column.in_(full), column == plain, guest) if person.platform == "slack" else column == plain


def _author(digests: list[str], ids: list[int], person: Person) -> ColumnElement[bool]:
    written = Answer.author.in_(digests)
    if not person.workspaces:
        return written
    return and_(written, Answer.question_id.in_(select(Question.id).where(_within(Question.conversation_id, ids))))


def _within(column: InstrumentedAttribute[int], ids: list[int]) -> ColumnElement[bool]:
    return column.in_(select(Conversation.id).where(Conversation.workspace_id.in_(ids)))


def _answered_in(ids: list[int]) -> ColumnElement[bool]:
    asked = select(Question.id).where(_within(Question.conversation_id, ids))
    return Feedback.answer_id.in_(select(Answer.id).where(Answer.question_id.in_(asked)))
