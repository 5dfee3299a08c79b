"""What a click on "did you mean" tells: which verified question was meant, and one more wording of it.

The question as it was typed, redacted, becomes a candidate wording of the chosen entry. A curator decides on it as
on any other candidate; nobody's click alone changes what the bot says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select

from supportbot.db.models import Answer, Conversation, Entry, Question
from supportbot.db.session import Database
from supportbot.db.states import EntryState, ExampleSource
from supportbot.errors import UnknownSuggestionError
from supportbot.feedback.curation._insert import Candidate, insert_new, redacted
from supportbot.feedback.reach import was_given_to
from supportbot.intake.earlier import meaning_of
from supportbot.intake.questions import Grounds, Suggestion
from supportbot.knowledge.store import lock_knowledge
from supportbot.words import N_

_GONE_TEXT = N_("That suggestion is no longer available. Please ask the question again.")


class Suggestions:
    """Suggested questions in the database.

    Args:
        database: where answers are kept.
        keep: what is public although it looks personal, see ``redact``.
    """

    def __init__(self, database: Database, *, keep: Collection[str] = ()) -> None:
        self._database = database
        self._keep = keep

    async def choose(
        self, answer_id: int, number: int, chooser: str, *, workspace: str | None = None
    ) -> Suggestion:
        """Return a suggestion that an answer made, and propose what was asked as a wording of its entry.

        A second click of anybody proposes nothing new.

        Args:
            answer_id: of the answer.
            number: of the suggestion, from 0.
            chooser: who clicked, unique over all platforms.
            workspace: the platform's id of where that is; None where a platform has only one.

        Raises:
            UnknownSuggestionError: no answer there made such a suggestion, or its entry was retired since.
        """
        async with self._database.read() as session:
            row = (
                await session.execute(
                    select(Answer.grounds, Question.text, Conversation.id, Conversation.workspace_id)
                    .join(Question, Answer.question_id == Question.id)
                    .join(Conversation, Question.conversation_id == Conversation.id)
                    .where(Answer.id == answer_id, was_given_to(chooser, workspace))
                )
            ).one_or_none()
            offered = Grounds.from_record(row.grounds).suggestions if row else ()
            if row is None or not 0 <= number < len(offered) or not offered[number].question:  # erased
                raise UnknownSuggestionError(_GONE_TEXT)
            chosen = offered[number]
            entry = await session.get(Entry, chosen.entry_id)
        if entry is None or entry.state is not EntryState.LIVE:
            raise UnknownSuggestionError(_GONE_TEXT)
        candidate = Candidate(
            origin=f"suggestion:{answer_id}:{entry.id}",
            source=ExampleSource.VOTES,
            question=meaning_of(row.text, Grounds.from_record(row.grounds)),
            answer=entry.answer,
            conversation=f"conversation:{row.id}",
            workspace_id=row.workspace_id,
            person=chooser,
            votes=1,
        )
        candidate = await asyncio.to_thread(redacted, candidate, self._keep)
        if candidate.question:
            async with self._database.write() as session:
                await lock_knowledge(session)
                still = select(Entry.answer).where(Entry.id == entry.id, Entry.state == EntryState.LIVE)
                there = select(Answer.id).where(Answer.id == answer_id).exists()
                # Erased or retired while it was redacted: then nothing of it is written again.
                if (answer := await session.scalar(still.where(there))) is None:
                    raise UnknownSuggestionError(_GONE_TEXT)
                if answer == entry.answer:  # else it was edited meanwhile, and what was redacted is out of date
                    await insert_new(session, [candidate], datetime.now(UTC))
        return chosen
