"""What a curator does to approved answers: wordings are taken out, entries retired and brought back.

All of it works within the caller's transaction, which raised the revision first. A row for training follows its
wording: what is taken out or retired is rejected, so that no model learns it. Retiring keeps the wordings and
writes down, in its audit, who had decided on each row and when; so bringing back undoes it exactly.

This module redacts nothing and makes no rows for training: whoever adds or edits texts does that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Audit, Entry, Example, Wording, Workspace
from supportbot.db.states import EntrySource, EntryState, ExampleStatus
from supportbot.errors import SupportBotError
from supportbot.intake.people import workspace_named
from supportbot.knowledge.claims import Claim, Claims, as_asked
from supportbot.knowledge.publishing import touch
from supportbot.printable import printable

_QUOTED = 80
"""Characters of a text that a sentence quotes."""

_RETIRE = "entry.retire"


class KnowledgeError(SupportBotError):
    """The knowledge cannot be changed, or asked, as somebody wants."""


class TwinError(KnowledgeError):
    """Another entry gives the same answer to the same people.

    Args:
        entry_id: which.
    """

    def __init__(self, entry_id: int) -> None:
        self.entry_id = entry_id
        super().__init__(
            f"Entry {entry_id} already gives this answer: add wordings to it with "
            f"`supportbot knowledge edit {entry_id} --add-wording`, or retire it first."
        )


class TakenError(KnowledgeError):
    """Another entry has a wording.

    Args:
        first: who has which.
        answer: of the entry that was to get it.
        more: wordings that others have as well.
    """

    def __init__(self, first: Claim, answer: str, more: int) -> None:
        self.first = first
        others = f" ({more} more are not free either)" if more else ""
        super().__init__(
            f"{quoted(first.text)} is already a wording of entry {first.entry_id}, which answers "
            f"{quoted(first.answer)} and not {quoted(answer)}{others}: add --move to move it here."
        )


def quoted(text: str) -> str:
    """Return the beginning of a text in quotes, as a sentence on a terminal may show it."""
    text = " ".join(printable(text).split())
    return f"'{text if len(text) <= _QUOTED else text[: _QUOTED - 1] + '…'}'"


async def known(session: AsyncSession, entry_id: int) -> Entry:
    """Return an entry.

    Raises:
        KnowledgeError: there is none with this number.
    """
    if (entry := await session.get(Entry, entry_id, populate_existing=True)) is None:
        raise KnowledgeError(f"There is no entry {entry_id}: `supportbot knowledge list` shows them all.")
    return entry


async def known_workspace(session: AsyncSession, name: str) -> int:
    """Return the number of a workspace that is named as ``slack:T123``.

    Raises:
        KnowledgeError: it is no such name, or nothing was heard from there.
    """
    platform, _, external_id = name.partition(":")
    found = await session.scalar(
        select(Workspace.id).where(
            Workspace.platform == platform, Workspace.external_id == workspace_named(platform, external_id)
        )
    )
    if found is None:
        raise KnowledgeError(
            f"There is no workspace {quoted(name)}: name one as PLATFORM:ID; "
            "`supportbot consent` lists the known ones."
        )
    return found


async def twin_of(session: AsyncSession, entry: Entry) -> Entry | None:
    """Return a live entry besides this one that says the same to the same people."""
    scope = (
        Entry.workspace_id.is_(None) if entry.workspace_id is None else Entry.workspace_id == entry.workspace_id
    )
    others = await session.scalars(
        select(Entry)
        .where(Entry.answer_key == entry.answer_key, Entry.state == EntryState.LIVE, scope, Entry.id != entry.id)
        .order_by(Entry.id)
    )
    is_talk = entry.source is EntrySource.SMALL_TALK
    return next((one for one in others if (one.source is EntrySource.SMALL_TALK) == is_talk), None)


async def refuse_twin(session: AsyncSession, entry: Entry) -> None:
    """Refuse that two live entries say the same.

    Raises:
        KnowledgeError: another one does.
    """
    if (twin := await twin_of(session, entry)) is not None:
        raise TwinError(twin.id)


async def settle(
    session: AsyncSession,
    entry: Entry,
    questions: Iterable[str],
    claims: Claims,
    *,
    move: bool,
    by: str,
    revision: int,
) -> list[int]:
    """See to it that no other live entry has some wordings; return the entries that lost one.

    Args:
        session: of the transaction.
        entry: that is to have them.
        questions: which, as they are compared to the letter.
        claims: of all live entries, as of this transaction.
        move: take them from whoever has them.
        by: the person.
        revision: of this transaction.

    Raises:
        KnowledgeError: another entry has one, and it is not to be moved.
    """
    rivals = [
        claim
        for question in dict.fromkeys(questions)
        for claim in claims.by_question.get(question, ())
        if claim.rivals(entry)
    ]
    if rivals and not move:
        raise TakenError(rivals[0], entry.answer, len(rivals) - 1)
    by_entry: dict[int, list[int]] = {}
    for claim in rivals:
        by_entry.setdefault(claim.entry_id, []).append(claim.wording_id)
    for loser_id, wording_ids in by_entry.items():
        loser = await known(session, loser_id)
        await take_out(session, wording_ids, by=by)
        await touch(session, [loser_id], revision)
        audit.record(
            session,
            actor=by,
            action="entry.edit",
            subject=f"entry:{loser_id}",
            details={"removed": wording_ids, "moved_to": entry.id, "state": loser.state.value},
        )
    return list(by_entry)


async def take_out(session: AsyncSession, wording_ids: Collection[int], *, by: str) -> None:
    """Delete wordings, and reject their rows for training."""
    rows = await session.scalars(select(Wording).where(Wording.id.in_(wording_ids)).order_by(Wording.id))
    gone = list(rows)
    for example in await _examples(session, gone):
        _reject(example, by)
    for row in gone:
        await session.delete(row)
    await session.flush()


async def retire(session: AsyncSession, entry_id: int, *, by: str, reason: str | None, revision: int) -> Entry:
    """Give an entry to nobody any more, and let no model learn it.

    Raises:
        KnowledgeError: there is no such entry, or it is retired.
    """
    entry = await known(session, entry_id)
    if entry.state is EntryState.RETIRED:
        raise KnowledgeError(
            f"Entry {entry_id} is already retired: `supportbot knowledge restore {entry_id}` restores it."
        )
    before: dict[str, Any] = {}
    for example in await _examples(session, await wordings_of(session, entry_id)):
        if example.status is ExampleStatus.APPROVED:
            decided = example.decided_at.isoformat() if example.decided_at else None
            before[str(example.id)] = [example.curator, decided]
            _reject(example, by)
    entry.state, entry.revision = EntryState.RETIRED, revision
    audit.record(
        session,
        actor=by,
        action=_RETIRE,
        subject=f"entry:{entry_id}",
        details={"examples": before, **({"reason": reason} if reason else {})},
    )
    await session.flush()
    return entry


async def restore(
    session: AsyncSession, entry_id: int, claims: Claims, *, by: str, move: bool, revision: int
) -> Entry:
    """Give a retired entry again, and let models learn what they might have learned of it.

    Raises:
        KnowledgeError: there is no such entry, it is live, it has no wordings, or others have taken its place.
    """
    entry = await known(session, entry_id)
    if entry.state is EntryState.LIVE:
        raise KnowledgeError(f"Entry {entry_id} is live: there is nothing to restore.")
    wordings = await wordings_of(session, entry_id)
    if not wordings:
        raise KnowledgeError(
            f"Entry {entry_id} has no wording left, so no question would lead to it: add its "
            "answer again with `supportbot knowledge add`."
        )
    await refuse_twin(session, entry)
    questions = [as_asked(wording.text) for wording in wordings]
    lost = await settle(session, entry, questions, claims, move=move, by=by, revision=revision)
    before = await session.scalar(
        select(Audit.details)
        .where(Audit.action == _RETIRE, Audit.subject == f"entry:{entry_id}")
        .order_by(Audit.id.desc())
        .limit(1)
    )
    rejected = (before or {}).get("examples", {})
    for example in await _examples(session, wordings):
        if (decision := rejected.get(str(example.id))) is not None:
            example.status = ExampleStatus.APPROVED
            example.curator = decision[0]
            example.decided_at = datetime.fromisoformat(decision[1]) if decision[1] else None
    entry.state, entry.revision = EntryState.LIVE, revision
    audit.record(
        session,
        actor=by,
        action="entry.restore",
        subject=f"entry:{entry_id}",
        details={"taken_from": lost} if lost else {},
    )
    await session.flush()
    return entry


async def wordings_of(session: AsyncSession, entry_id: int) -> list[Wording]:
    """Return the rows of an entry's wordings."""
    return list(await session.scalars(select(Wording).where(Wording.entry_id == entry_id).order_by(Wording.id)))


async def examples_of(session: AsyncSession, entry_id: int) -> list[Example]:
    """Return the rows for training of an entry's wordings."""
    return await _examples(session, await wordings_of(session, entry_id))


async def _examples(session: AsyncSession, wordings: Iterable[Wording]) -> list[Example]:
    ids = [wording.example_id for wording in wordings if wording.example_id is not None]
    query = select(Example).where(Example.id.in_(ids)).order_by(Example.id).with_for_update()
    return list(await session.scalars(query))


def _reject(example: Example, by: str) -> None:
    example.status, example.curator, example.decided_at = ExampleStatus.REJECTED, by, datetime.now(UTC)
