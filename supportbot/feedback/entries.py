"""What a curator types into the knowledge: answers are added, edited, retired and brought back, live at once.

The answer is given word for word. Each wording has a row for training, redacted like everything else, so the model
learns what the bot knows. It learns a changed entry as it is now, and no longer one that was removed or retired.
Rows that operators gave (source ``import``) belong to the one workspace that their entry is narrowed to, if it is,
so they train a model only if that workspace allows it.

Each deed is one transaction with its audit, which raises the revision first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from supportbot.db import audit
from supportbot.db.models import Entry
from supportbot.db.session import Database
from supportbot.db.states import EntrySource, EntryState
from supportbot.feedback._given import check_text, check_validity, rows_of
from supportbot.feedback._heard import heard, still_there
from supportbot.feedback._wordings import add_wordings, rehouse, replace_answer, take_out
from supportbot.feedback.changes import SAME, Changed, Same, edit_details
from supportbot.feedback.curation._insert import clean
from supportbot.knowledge import manage
from supportbot.knowledge.claims import Claims, all_claims, as_asked
from supportbot.knowledge.manage import KnowledgeError
from supportbot.knowledge.store import answer_key, raise_revision


class Entries:
    """Approved answers, as a curator changes them.

    Args:
        database: where they are kept.
        keep: what is public although it looks personal, see ``redact``.
    """

    def __init__(self, database: Database, *, keep: Collection[str] = ()) -> None:
        self._database = database
        self._keep = keep

    async def add(
        self,
        questions: Sequence[str],
        answer: str,
        by: str,
        *,
        valid_until: datetime | None = None,
        workspace: str | None = None,
        move: bool = False,
        asked: Collection[int] = (),
    ) -> Changed:
        """Add an answer with its wordings; one that is there already gets more wordings.

        Args:
            questions: ways of asking for it, one at least unless there is one in ``asked``.
            answer: word for word.
            by: the person who approves it.
            valid_until: from then on it is not given; None for ever.
            workspace: the only one that it is given in, as ``slack:T123``; None for all.
            move: take a question from the entry that has it.
            asked: numbers of answered questions of the log that are ways of asking as well, see ``_heard``.

        Raises:
            KnowledgeError: a text is empty, another entry has one of the questions, there is no such workspace, or
                the time is over already.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        answer = check_text(answer)
        check_validity(valid_until)
        if not questions and not asked:
            raise KnowledgeError("An answer needs at least one question: add --question.")
        async with self._database.read() as session:
            workspace_id = await manage.known_workspace(session, workspace) if workspace else None
            log = await heard(session, asked, answer) if asked else []
        rows = await rows_of(questions, answer, workspace_id, self._keep, log)
        claims = await self._claims()
        async with self._database.write() as session:
            revision = await raise_revision(session)
            claims = await _current(session, claims, revision)
            if not (rows := await still_there(session, rows)):
                raise KnowledgeError("The questions of this answer were removed meanwhile: give another one.")
            now = datetime.now(UTC)
            entry = Entry(
                answer=answer,
                answer_key=answer_key(answer),
                source=EntrySource.IMPORT,
                approved_by=by,
                approved_at=now,
                valid_until=valid_until,
                workspace_id=workspace_id,
                state=EntryState.LIVE,
                revision=revision,
                created_at=now,
            )
            twin = await manage.twin_of(session, entry)
            if twin is None:
                session.add(entry)
                await session.flush()
            elif valid_until is not None:
                twin.valid_until = valid_until
            entry = twin or entry
            added = await add_wordings(session, entry, rows, claims, by=by, move=move, revision=revision)
            audit.record(
                session,
                actor=by,
                action="entry.add",
                subject=f"entry:{entry.id}",
                details={"new": twin is None, "added": added.added, "taken_from": list(added.taken_from)},
            )
            return Changed(entry_id=entry.id, state=entry.state, is_new=twin is None, **asdict(added))

    async def edit(
        self,
        entry_id: int,
        by: str,
        *,
        answer: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[int] = (),
        valid_until: datetime | Same | None = SAME,
        workspace: str | Same | None = SAME,
        move: bool = False,
    ) -> Changed:
        """Change an entry that is live.

        Args:
            entry_id: which.
            by: the person; a new answer is approved by them, now.
            answer: replaces the answer, and what is learned of it.
            add: more ways of asking.
            remove: numbers of wordings to take out.
            valid_until: as for ``add``.
            workspace: as for ``add``.
            move: as for ``add``.

        Raises:
            KnowledgeError: as ``add``, or there is no such entry or wording, it is retired, nothing would change,
                no wording would be left, or another entry gives the same answer.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        if answer is None and not add and not remove and valid_until is SAME and workspace is SAME:
            raise KnowledgeError(
                "There is nothing to edit: give --answer, --add-wording, --remove-wording, --valid-until or "
                "--workspace."
            )
        if isinstance(valid_until, datetime):
            check_validity(valid_until)
        answer = check_text(answer) if answer is not None else None
        learned = await asyncio.to_thread(clean, answer, self._keep) if answer is not None else None
        async with self._database.read() as session:
            before = await manage.known(session, entry_id)
            kept, workspace_id = before.answer, before.workspace_id
            if not isinstance(workspace, Same):
                workspace_id = await manage.known_workspace(session, workspace) if workspace else None
        rows = await rows_of(add, answer if answer is not None else kept, workspace_id, self._keep)
        claims = await self._claims()
        async with self._database.write() as session:
            revision = await raise_revision(session)
            claims = await _current(session, claims, revision)
            entry = await _live(session, entry_id)
            if answer is None and entry.answer != kept:
                raise KnowledgeError(f"Entry {entry_id} was edited at the same time: look at it and try again.")
            if is_moved := workspace is not SAME:
                entry.workspace_id = workspace_id
            if not isinstance(valid_until, Same):
                entry.valid_until = valid_until
            if answer is not None and learned is not None:
                await replace_answer(session, entry, answer, learned, by)
            if is_moved or answer is not None:
                await manage.refuse_twin(session, entry)
            await take_out(session, entry, remove, by=by)
            added = await add_wordings(session, entry, rows, claims, by=by, move=move, revision=revision)
            if is_moved:
                await rehouse(session, entry)
            wordings = await manage.wordings_of(session, entry_id)
            if not wordings:
                raise KnowledgeError(
                    f"Entry {entry_id} would have no wording left: add one in the same command, or retire it."
                )
            if is_moved:  # where it is given now, others may have its wordings
                await manage.settle(
                    session,
                    entry,
                    [as_asked(wording.text) for wording in wordings],
                    await all_claims(session),
                    move=move,
                    by=by,
                    revision=revision,
                )
            audit.record(
                session,
                actor=by,
                action="entry.edit",
                subject=f"entry:{entry_id}",
                details=edit_details(answer, valid_until, entry, remove, added, is_moved=is_moved),
            )
            return Changed(
                entry_id=entry_id,
                state=entry.state,
                removed=len(set(remove)),
                **asdict(added),
            )

    async def retire(self, entry_ids: Sequence[int], by: str, *, reason: str | None = None) -> list[Changed]:
        """Give entries to nobody any more, all or none.

        Raises:
            KnowledgeError: one of them is not there, or retired.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        async with self._database.write() as session:
            revision = await raise_revision(session)
            return [
                Changed(
                    entry_id=number,
                    state=(await manage.retire(session, number, by=by, reason=reason, revision=revision)).state,
                )
                for number in sorted(set(entry_ids))
            ]

    async def restore(self, entry_id: int, by: str, *, move: bool = False) -> Changed:
        """Give a retired entry again, as it was.

        Raises:
            KnowledgeError: it is not there, it is live, or others have taken its place.
            ConfigError: nobody is named.
        """
        audit.check_actor(by)
        claims = await self._claims()
        async with self._database.write() as session:
            revision = await raise_revision(session)
            claims = await _current(session, claims, revision)
            entry = await manage.restore(session, entry_id, claims, by=by, move=move, revision=revision)
            return Changed(entry_id=entry_id, state=entry.state)

    async def _claims(self) -> Claims:
        async with self._database.read() as session:
            return await all_claims(session)


async def _current(session: AsyncSession, claims: Claims, revision: int) -> Claims:
    """Return claims that were read before the transaction, or, if somebody was faster, those of now."""
    return claims if claims.revision == revision - 1 else await all_claims(session)


async def _live(session: AsyncSession, entry_id: int) -> Entry:
    entry = await manage.known(session, entry_id)
    if entry.state is EntryState.RETIRED:
        raise KnowledgeError(
            f"Entry {entry_id} is retired: restore it with `supportbot knowledge restore {entry_id}` first."
        )
    return entry
