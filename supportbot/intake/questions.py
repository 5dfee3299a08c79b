"""What crosses the boundaries of the core: a question as it was heard, claimed, and answered.

Its text is kept as it was typed; wherever it is shown, ``supportbot.printable`` comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from supportbot.db.states import AnswerSource
from supportbot.intake.reception import Manner, Reception
from supportbot.words import N_, SOURCE, Language, Words, nearest

_EMOJI_TOKEN = re.compile(r"<a?:\w{1,64}:\d{1,20}>|(?<!\w):[a-z0-9_+-]*[a-z+-][a-z0-9_+-]*:(?!\w)")

NOT_SURE_TEXT = N_(
    "I'm not sure about this one, and I'd rather not guess. Please rephrase the question, or ask a member of "
    "the team."
)
NOT_SURE_NEAR_TEXT = N_(
    "I'm not sure about this one, and I'd rather not guess. Please choose what you meant, rephrase the "
    "question, or ask a member of the team."
)
NO_BETTER_TEXT = N_(
    "I don't have a better answer than the last one. Please rephrase the question, or ask a member of the team."
)
NO_QUESTION_TEXT = N_("I can only read text so far. Please type your question in a sentence or two.")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingQuestion:
    """A question as an adapter heard it.

    Attributes:
        platform: ``slack``, ``discord``, ``web`` or ``cli``.
        workspace: the platform's id of the workspace or guild; ``local`` for this machine.
        channel: the platform's id of the channel.
        thread: what keeps a conversation together within the channel.
        identity: the platform's own unique name of the message, the same at every redelivery.
        asker: the platform's id of the person.
        text: as typed, without the bot's own mention.
        reply_to: where the answer goes, for the adapter that sends it; kept as it is.
        workspace_name: for people to read, if known.
        placeholder: whether the asker sees that an answer to just this message is coming. Then it needs one, even
            where its asker was told already that the bot is busy.
        said_at: when it was said, by the platform's clock, where that may be long ago.
        manner: how it was asked.
        in_thread: whether its answer is in a thread.
        parent: the channel whose thread ``channel`` is, where a platform numbers threads as it numbers channels.
        locale: what the platform says of the asker's language, such as ``de`` or ``en-US``, where it says that.
        sample_of: the question that gets another answer by this; None for one that is asked for the first time.
        sample: which answer of it that is, from 1.
    """

    platform: str
    workspace: str
    channel: str
    thread: str
    identity: str
    asker: str
    text: str
    reply_to: Mapping[str, Any]
    workspace_name: str = ""
    placeholder: bool = False
    said_at: datetime | None = None
    manner: Manner = Manner.DIRECT
    in_thread: bool = False
    parent: str | None = None
    locale: str | None = None
    sample_of: int | None = None
    sample: int = 1


PRIVATELY = "privately"
"""Is in the ``reply_to`` of a question whose answer only its asker may see."""

LANGUAGE = "language"
"""Is in the ``reply_to`` of a question around whose answer the bot's own sentences are not in English."""

TRACE = "traceparent"
"""Is in the ``reply_to`` of a question that is traced; see ``telemetry.tracing``."""


def words_of(reply_to: Mapping[str, Any]) -> Words:
    """Return the words for the answer to a question, as they were decided when it came."""
    return Words(nearest(str(reply_to.get(LANGUAGE, ""))) or SOURCE)


NO_QUESTION = 0
"""No question has this number."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A question that is safely in the inbox; ``new`` is False when it had been there already.

    ``question_id`` is ``NO_QUESTION`` for one that was there and was erased with its asker, and for one that is
    not heard where it was asked, as ``reception`` says. ``refused`` says why it will not be answered, if it is one
    too many. ``language`` is that of the bot's own sentences there.
    """

    question_id: int
    new: bool
    refused: str | None = None
    reception: Reception = Reception.OPEN
    language: Language = SOURCE

    @property
    def words(self) -> Words:
        """What the asker is told in."""
        return Words(self.language)


NOT_HEARD = Accepted(NO_QUESTION, new=False, reception=Reception.CLOSED)
"""Nothing is kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """What somebody finds who has not asked anything yet.

    Attributes:
        name: what the bot is called.
        examples: questions that it can answer, up to three; none where it knows nothing of its own.
        demo: whether the starter answers, which knows a shop that does not exist.
    """

    name: str
    examples: tuple[str, ...]
    demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """An approved answer that was given, as it was approved then.

    Attributes:
        entry_id: its number in the knowledge.
        approved_by: the person who approved it; empty for what ships with the program.
        approved_at: when.
        similarity: of the question and its nearest wording, at most 1.
    """

    entry_id: int
    approved_by: str
    approved_at: datetime
    similarity: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A verified question that is near the asked one; asking it gets the answer of the entry."""

    entry_id: int
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A passage of a document that was quoted, which no person has approved.

    Attributes:
        example_id: the proposal that it is, for a curator to decide on.
        document: the name of the file, or the address.
        heading: that it stands beneath.
        is_whole: whether all of it was shown, not its beginning only.
    """

    example_id: int
    document: str
    heading: str
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What an answer is based on, besides a model.

    Attributes:
        verified: the approved answers that were given, in the order of the parts of the question.
        quoted: the passage that was quoted instead.
        suggestions: up to three verified questions, for an answer that is not sure.
        demo: whether the starter answered, which knows a shop that does not exist.
        offers_human: whether the asker is offered to have a human asked.
        figures: what decided, for people who look into it: score, threshold, and so on.
    """

    verified: tuple[Verified, ...] = ()
    quoted: Quoted | None = None
    suggestions: tuple[Suggestion, ...] = ()
    demo: bool = False
    offers_human: bool = False
    figures: Mapping[str, Any] | None = None

    def as_record(self) -> dict[str, Any]:
        """Return this as JSON can hold it."""
        verified = [asdict(one) | {"approved_at": one.approved_at.isoformat()} for one in self.verified]
        suggestions = [asdict(one) for one in self.suggestions]
        return {
            "verified": verified,
            "quoted": asdict(self.quoted) if self.quoted else None,
            "suggestions": suggestions,
            "demo": self.demo,
            "offers_human": self.offers_human,
            "figures": dict(self.figures or {}),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any] | None) -> Grounds:
        """Return what ``as_record`` made; nothing at all for an answer from before there was knowledge."""
        if record is None:
            return cls()
        return cls(
            verified=tuple(
                Verified(**one | {"approved_at": datetime.fromisoformat(one["approved_at"])})
                for one in record["verified"]
            ),
            # Answers from before passages were quoted say nothing of it.
            quoted=Quoted(**quoted) if (quoted := record.get("quoted")) else None,
            suggestions=tuple(Suggestion(**one) for one in record["suggestions"]),
            demo=record["demo"],
            offers_human=record.get("offers_human", False),
            figures=record["figures"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to the asker, with the record of how it came about.

    ``draft`` keeps what the model wrote when it was not shown, because the model was not sure enough.
    """

    text: str
    source: AnswerSource
    model_version: str | None = None
    sampling: Mapping[str, Any] | None = None
    seed: int | None = None
    prompt: str | None = None
    shortened: bool = False
    draft: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    finish: str | None = None
    confidence: float | None = None
    mean_logprob: float | None = None
    latency_ms: int | None = None
    grounds: Grounds = Grounds()


def is_reaction(text: str) -> bool:
    """Return whether a text is nothing but emoji, such as a thumb: people end a conversation with it.

    Args:
        text: as received; the tokens that Slack and Discord write for emoji count as such.
    """
    rest, found = _EMOJI_TOKEN.subn("", text)
    emoji = found or any(unicodedata.category(character) in ("So", "Sk") for character in rest)
    return bool(emoji) and not has_words(rest)


def has_words(text: str) -> bool:
    """Return whether there is anything to read: not for white space, zero-width characters or a lone sticker."""
    return any(character.isalnum() for character in text)
