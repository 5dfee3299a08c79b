"""An invented log of any size: who asked what, where and when, what the bot said, and how people voted.

Shares are those of a busy help desk, made up once and the same in each run. Words are those of the starter's FAQ,
drawn with the frequencies of a natural language (Zipf), so that full-text search finds some everywhere and others
hardly anywhere. ``filling`` knows the columns.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from supportbot.db.states import AnswerSource, FeedbackReason, HandoffState
from training.starter.data import load_faq

DAYS = 90
VERSIONS = tuple(f"faq-2026.{number}" for number in range(1, 9))
"""Versions of the model, one after the other."""

WORKSPACES = (
    *((("slack", f"T{number}"), f"Team {number}") for number in range(1, 5)),
    *((("discord", f"90{number}"), f"Guild {number}") for number in range(1, 3)),
    (("web", "local"), ""),
)
_CHANNELS = 12
"""Channels of a workspace; people also write to the bot directly."""

_DIRECT = 0.3
_SEVERAL = ((1, 0.82), (2, 0.13), (3, 0.05))
"""Numbers of questions in a conversation."""

_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 13, 16, 18, 17, 14, 10, 7, 5, 4, 3, 2, 1)
_WEEKEND = 0.25

_SOURCES = (
    (AnswerSource.APPROVED, 0.5),
    (AnswerSource.GENERATED, 0.25),
    (AnswerSource.NOT_SURE, 0.2),
    (AnswerSource.QUOTED, 0.05),
)
_REFUSED, _FAILED = 0.02, 0.01
_VOTED = 0.12
_DOWN = {
    AnswerSource.APPROVED: 0.15,
    AnswerSource.GENERATED: 0.35,
    AnswerSource.NOT_SURE: 0.9,
    AnswerSource.QUOTED: 0.3,
}
_EXPLAINED, _CORRECTED = 0.4, 0.25
_HANDED_OFF = {AnswerSource.NOT_SURE: 0.15, AnswerSource.GENERATED: 0.02}
_ANSWERED_BY_PEOPLE = 0.6
_STILL_OPEN = 0.02


@dataclass(frozen=True, slots=True)
class Voted:
    """A vote, with what was said about it."""

    voter: str
    vote: int
    reason: FeedbackReason | None
    correction: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all its results; ``entry`` counts the entries from 0, ``waited`` is in seconds."""

    workspace: int
    channel: str
    conversation: int
    asker: str
    at: datetime
    text: str
    refused: bool
    source: AnswerSource | None
    answer: str
    entry: int
    version: str | None
    waited: float
    votes: tuple[Voted, ...]
    handoff: HandoffState | None
    said_by_people: str | None


@dataclass(slots=True)
class Words:
    """Draws texts.

    Args:
        seed: the same one always draws the same texts.
    """

    seed: int
    _rng: random.Random = field(init=False)
    _words: list[str] = field(init=False)
    _weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the words by how often they occur."""
        self._rng = random.Random(self.seed)  # noqa: S311 - no secret
        self._words = sorted(
            {word for topic in load_faq().topics for text in topic.wordings for word in text.split()}
        )
        random.Random(0).shuffle(self._words)  # noqa: S311 - no secret
        self._weights = list(accumulate(1 / (place + 3) for place in range(len(self._words))))

    def text(self, least: int, most: int) -> str:
        """Return so many words; one in five texts names a number that no other has."""
        rng = self._rng
        drawn = rng.choices(self._words, cum_weights=self._weights, k=rng.randint(least, most))
        if rng.random() < 0.2:
            drawn.append(f"order {rng.randrange(10**8):08}")
        return " ".join(drawn)

    @property
    def by_frequency(self) -> list[str]:
        """All words, the most frequent first."""
        return list(self._words)


def ask(conversations: int, entries: int, now: datetime, seed: int = 0) -> Iterator[Asked]:
    """Yield the questions of so many conversations, the oldest first.

    Args:
        conversations: how many.
        entries: how many approved answers there are to give.
        now: when the last one was asked.
        seed: the same one always yields the same questions.
    """
    rng, words = random.Random(seed), Words(seed)  # noqa: S311 - no secret
    for number, began in enumerate(_moments(rng, conversations, now)):
        workspace = rng.choices(range(len(WORKSPACES)), weights=[30, 20, 12, 6, 15, 7, 10])[0]
        asker = f"U{workspace}{int(rng.paretovariate(0.8)) % 5_000}"
        channel = _channel(rng, workspace, asker, number)
        at = began
        for _ in range(rng.choices([many for many, _ in _SEVERAL], weights=[share for _, share in _SEVERAL])[0]):
            yield _asked(rng, words, entries, now, workspace, channel, number, asker, at)
            at = min(at + timedelta(seconds=rng.expovariate(1 / 120)), now)


def _moments(rng: random.Random, many: int, now: datetime) -> list[datetime]:
    begun = now - timedelta(days=DAYS)
    found: list[datetime] = []
    while len(found) < many:
        day = begun + timedelta(days=rng.randrange(DAYS + 1))
        if day.weekday() >= 5 and rng.random() > _WEEKEND:
            continue
        hour = rng.choices(range(24), weights=_HOURS)[0]
        at = day.replace(hour=hour, minute=rng.randrange(60), second=rng.randrange(60))
        if begun <= at <= now:
            found.append(at.replace(microsecond=rng.randrange(10**6)))
    return sorted(found)


def _channel(rng: random.Random, workspace: int, asker: str, number: int) -> str:
    platform = WORKSPACES[workspace][0][0]
    if platform == "web":
        return f"visitor-{number}"
    if platform == "slack" and rng.random() < _DIRECT:
        return f"D{asker}"
    return f"C{workspace}-{min(int(rng.paretovariate(0.7)), _CHANNELS)}"


def _asked(
    rng: random.Random,
    words: Words,
    entries: int,
    now: datetime,
    workspace: int,
    channel: str,
    conversation: int,
    asker: str,
    at: datetime,
) -> Asked:
    refused, failed = rng.random() < _REFUSED, rng.random() < _FAILED
    source = None
    if not refused and not failed:
        source = rng.choices([one for one, _ in _SOURCES], weights=[share for _, share in _SOURCES])[0]
    by_model = source in (AnswerSource.GENERATED, AnswerSource.NOT_SURE)
    age = (now - at) / timedelta(days=DAYS)
    version = VERSIONS[min(int((1 - age) * len(VERSIONS)), len(VERSIONS) - 1)] if by_model else None
    handoff = _handoff(rng, source, age)
    answered = handoff in (HandoffState.ANSWERED, HandoffState.RESOLVED) and rng.random() < _ANSWERED_BY_PEOPLE
    return Asked(
        workspace=workspace,
        channel=channel,
        conversation=conversation,
        asker=asker,
        at=at,
        text=words.text(4, 16),
        refused=refused,
        source=source,
        answer=words.text(12, 60),
        entry=min(int(rng.paretovariate(0.6)) - 1, entries - 1) if rng.random() < 0.7 else rng.randrange(entries),
        version=version,
        waited=rng.expovariate(1 / 3) if by_model else rng.expovariate(1 / 0.2),
        votes=tuple(_votes(rng, words, source)) if source else (),
        handoff=handoff,
        said_by_people=words.text(10, 40) if answered else None,
    )


def _votes(rng: random.Random, words: Words, source: AnswerSource) -> Iterator[Voted]:
    while rng.random() < _VOTED:
        down = rng.random() < _DOWN[source]
        said = down and rng.random() < _EXPLAINED
        yield Voted(
            voter=f"V{rng.randrange(10**9)}",
            vote=-1 if down else 1,
            reason=rng.choice(list(FeedbackReason)) if said else None,
            correction=words.text(8, 40) if said and rng.random() < _CORRECTED else None,
        )


def _handoff(rng: random.Random, source: AnswerSource | None, age: float) -> HandoffState | None:
    if source is None or rng.random() >= _HANDED_OFF.get(source, 0):
        return None
    if rng.random() < _STILL_OPEN or age < 1 / DAYS:
        return rng.choice((HandoffState.OPEN, HandoffState.ANSWERED))
    return HandoffState.RESOLVED if rng.random() < 0.95 else HandoffState.UNREACHED
