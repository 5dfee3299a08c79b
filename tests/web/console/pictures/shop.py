"""Fills a database as four weeks of a boat hire would have, the same at each run but for the days."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from supportbot.access.roles import Role
from supportbot.core import Core
from supportbot.db.models import (
    Answer,
    Audit,
    Channel,
    Conversation,
    Entry,
    Feedback,
    Handoff,
    OperatorAccount,
    Question,
    Workspace,
)
from supportbot.db.states import AnswerSource, FeedbackReason, HandoffState, QuestionState
from supportbot.engine.base import SamplingParams
from supportbot.engine.prompt import prompt_text
from supportbot.intake.questions import Grounds, Verified
from supportbot.policies.store import Place, Policies
from tests.web.console.pictures.versions import BEFORE, VERSION
from tests.web.console.pictures.words import (
    ADMIN,
    CORRECTIONS,
    CURATOR,
    FAQ,
    GAPS,
    GENERATED,
    HUMAN,
    ONCE,
    VIEWER,
)

DAYS = 14
_SLACK, _DISCORD = ("slack", "T04ELMLAKE", "Elm Lake Boats"), ("discord", "8801", "Paddlers of Elm Lake")
_CHANNELS = {"slack": ("C01HELP", "C02BOOKING"), "discord": ("990011", "990012")}

_SAMPLING = {**SamplingParams().as_record(), "engine": "openvino int8"}


@dataclass
class Shop:
    """The boat hire.

    Args:
        core: of the bot whose database is filled.

    Attributes:
        correction: the number of a question that was corrected.
        entry: of the first approved answer.
    """

    core: Core
    correction: int = 0
    entry: int = 0
    _draw: random.Random = field(default_factory=lambda: random.Random(14))
    _now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _places: dict[str, int] = field(default_factory=dict)
    _entries: dict[str, int] = field(default_factory=dict)

    async def fill(self) -> None:
        """Write all of it."""
        await self._open()
        await self._teach()
        await self._age()
        await self._talk()

    async def _open(self) -> None:
        """Have workspaces that consented, people who may sign in, and a policy."""
        people = {ADMIN: Role.ADMIN, CURATOR: Role.CURATOR, VIEWER: Role.VIEWER}
        for name, role in people.items():
            await self.core.console.access.links.invite(name, role, ADMIN)
        async with self.core.database.write() as session:
            for platform, number, name in (_SLACK, _DISCORD):
                place = Workspace(
                    platform=platform,
                    external_id=number,
                    name=name,
                    settings={},
                    training_consent_by=ADMIN if platform == "slack" else None,
                    training_consent_at=self._ago(20) if platform == "slack" else None,
                    created_at=self._ago(28),
                )
                session.add(place)
                await session.flush()
                self._places[platform] = place.id
                session.add_all(Channel(workspace_id=place.id, channel=channel) for channel in _CHANNELS[platform])
            for place_in_list, name in enumerate(people):
                seen = self._ago(0.02 + place_in_list * 0.8)
                account = update(OperatorAccount).where(OperatorAccount.name == name)
                await session.execute(account.values(seen_at=seen))
        policies = Policies(self.core.database)
        place_of = Place(platform="slack", workspace=_SLACK[1], channel=_CHANNELS["slack"][1])
        await policies.change(place_of, {"verified_only": True}, ADMIN)

    async def _teach(self) -> None:
        """Approve the FAQ."""
        for number, (answer, questions) in enumerate(FAQ.items()):
            who = CURATOR if number % 3 else ADMIN
            added = await self.core.console.knowledge.entries.add(list(questions), answer, who)
            self._entries[answer] = added.entry_id
        self.entry = next(iter(self._entries.values()))

    async def _talk(self) -> None:
        """Have people ask, vote, correct, and be helped by others."""
        known = [(question, answer) for answer, questions in FAQ.items() for question in questions]
        for day in range(DAYS):
            for _ in range(self._draw.randint(6, 13) + (2 if day < DAYS / 2 else 0)):
                question, answer = self._draw.choice(known)
                await self._exchange(question, answer, AnswerSource.APPROVED, day, votes=self._votes(0.94))
            if day % 3 == 2:
                await self._exchange(self._draw.choice(ONCE), "", AnswerSource.NOT_SURE, day)
            for question, answer in self._draw.sample(GENERATED, self._draw.randint(1, 3)):
                await self._exchange(question, answer, AnswerSource.GENERATED, day, votes=self._votes(0.75))
        for number, asked in enumerate(GAPS):
            for person, question in enumerate(asked):
                days_ago = 0.4 + number + person * 0.9
                await self._exchange(question, "", AnswerSource.NOT_SURE, days_ago, handed_off=number == 1)
        for question, wrong, right in CORRECTIONS:
            vote = [(-1, FeedbackReason.WRONG, right)]
            self.correction = await self._exchange(question, wrong, AnswerSource.GENERATED, 0.3, votes=vote)
        for question, answer in HUMAN:
            number = await self._exchange(question, "", AnswerSource.NOT_SURE, 0.6)
            await self._say(number, answer)

    def _votes(self, likely: float) -> list[tuple[int, FeedbackReason | None, str | None]]:
        if self._draw.random() > 0.3:
            return []
        return [(1, None, None) if self._draw.random() < likely else (-1, FeedbackReason.INCOMPLETE, None)]

    async def _exchange(
        self,
        question: str,
        answer: str,
        source: AnswerSource,
        days_ago: float,
        *,
        votes: Sequence[tuple[int, FeedbackReason | None, str | None]] = (),
        handed_off: bool = False,
    ) -> int:
        """Have something asked and answered; return the question's number."""
        draw = self._draw
        platform = "slack" if draw.random() < 0.7 else "discord"
        place, channel = self._places[platform], draw.choice(_CHANNELS[platform])
        asked = self._ago(days_ago + draw.uniform(0.05, 0.9))
        seconds = draw.uniform(0.2, 0.6) if source is AnswerSource.APPROVED else draw.uniform(1.2, 4.5)
        told = asked + timedelta(seconds=seconds)
        name = secrets.token_hex(8)
        async with self.core.database.write() as session:
            place_of = Conversation(workspace_id=place, channel=channel, thread=name, created_at=asked)
            session.add(place_of)
            await session.flush()
            row = Question(
                conversation_id=place_of.id,
                platform=platform,
                identity=name,
                asker=f"U0{draw.randint(100, 999)}",
                text=question,
                reply_to={},
                state=QuestionState.DELIVERED,
                received_at=asked,
                answered_at=told,
                delivered_at=told,
            )
            session.add(row)
            await session.flush()
            said = Answer(
                question_id=row.id,
                text=answer or "I am not sure about this one.",
                source=source,
                latency_ms=round(seconds * 1000),
                created_at=told,
                **self._how(source, question, answer, days_ago),
            )
            session.add(said)
            await session.flush()
            for vote, reason, correction in votes:
                session.add(
                    Feedback(
                        answer_id=said.id,
                        voter=f"{platform}:{name[:4]}",
                        vote=vote,
                        reason=reason,
                        correction=correction,
                        created_at=told,
                        updated_at=told,
                    )
                )
            if handed_off:
                session.add(
                    Handoff(
                        question_id=row.id,
                        workspace_id=place,
                        channel=channel,
                        platform=platform,
                        target=_CHANNELS[platform][0],
                        state=HandoffState.OPEN,
                        asked_at=told,
                    )
                )
            return row.id

    def _how(self, source: AnswerSource, question: str, answer: str, days_ago: float) -> dict[str, Any]:
        """Return what stands beside an answer of a source in the log."""
        if source is AnswerSource.APPROVED:
            similarity = round(self._draw.uniform(0.86, 1), 3)
            entry = self._entries[answer]
            verified = Verified(
                entry_id=entry, approved_by=CURATOR, approved_at=self._ago(16), similarity=similarity
            )
            grounds = Grounds(verified=(verified,), figures={"score": similarity, "threshold": 0.78})
            return {"entry_id": entry, "similarity": similarity, "grounds": grounds.as_record()}
        if source is AnswerSource.NOT_SURE:
            return {}
        return {
            "model_version": BEFORE if days_ago > 4 else VERSION,
            "sampling": _SAMPLING,
            "seed": self._draw.randint(1, 10_000),
            "prompt": prompt_text(question),
            "prompt_tokens": 10 + 3 * len(question.split()) // 2,
            "answer_tokens": 2 * len(answer.split()),
            "finish": "stop",
            "confidence": round(self._draw.uniform(-0.4, -0.02), 3),
            "mean_logprob": round(self._draw.uniform(-0.5, -0.05), 3),
        }

    async def _say(self, question_id: int, text: str) -> None:
        """Have a colleague answer."""
        async with self.core.database.write() as session:
            session.add(
                Answer(
                    question_id=question_id,
                    text=text,
                    source=AnswerSource.HUMAN,
                    author=secrets.token_hex(8),
                    reply_identity=f"slack:{secrets.token_hex(4)}",
                    created_at=self._ago(0.2),
                )
            )

    async def _age(self) -> None:
        """Let what was approved have been so for a while."""
        async with self.core.database.write() as session:
            for number, entry in enumerate(self._entries.values()):
                approved = self._ago(20 - number * 1.4)
                await session.execute(update(Entry).where(Entry.id == entry).values(approved_at=approved))
            deeds = list(
                await session.scalars(select(Audit.id).where(Audit.action != "model.promote").order_by(Audit.id))
            )
            for number, deed in enumerate(deeds):
                await session.execute(
                    update(Audit).where(Audit.id == deed).values(at=self._ago(20 - number * 1.1))
                )

    async def settle(self) -> None:
        """Let who has signed in have made the link themselves, as `supportbot console` does."""
        async with self.core.database.write() as session:
            await session.execute(update(Audit).where(Audit.actor == "test").values(actor=ADMIN))

    def _ago(self, days: float) -> datetime:
        return self._now - timedelta(days=days)
