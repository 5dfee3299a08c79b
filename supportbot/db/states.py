"""The states of questions and replies, and the words for where an answer comes from: names, no behaviour."""

from enum import StrEnum

LOCAL_PLATFORMS = frozenset({"cli", "web"})
"""What this machine has itself; every other platform has somebody's workspaces."""

LOCAL_WORKSPACE = "local"
"""Their workspace while only people of this machine ask: whoever runs the bot gave that himself."""

PUBLIC_WORKSPACE = "public"
"""The workspace of the page where other machines open it: anybody's, so it is asked for consent as any other."""


FOREIGN_MARK = "@"
"""Precedes the installation whose rows were imported, in the name of a page's or terminal's workspace: there they
belonged to that machine, and here they count only with consent."""


class QuestionState(StrEnum):
    """Where a question is on its way."""

    RECEIVED = "received"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"


class AnswerSource(StrEnum):
    """Who wrote an answer."""

    GENERATED = "generated"
    APPROVED = "approved"
    QUOTED = "quoted"
    NOT_SURE = "not_sure"
    HUMAN = "human"


class ExampleStatus(StrEnum):
    """What a curator decided about a training example."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class ExampleSource(StrEnum):
    """Where a training example comes from."""

    VOTES = "votes"
    CORRECTION = "correction"
    HUMAN = "human"
    IMPORT = "import"


class EntrySource(StrEnum):
    """Where an approved answer comes from."""

    VOTES = "votes"
    CORRECTION = "correction"
    HUMAN = "human"
    IMPORT = "import"
    DOCUMENT = "document"
    SMALL_TALK = "small_talk"


class EntryState(StrEnum):
    """Whether an approved answer is given to people."""

    LIVE = "live"
    RETIRED = "retired"


class ExampleLabel(StrEnum):
    """Whether a completion is one to learn, or one to avoid."""

    GOOD = "good"
    BAD = "bad"


class Split(StrEnum):
    """What an example is used for, by its conversation and for ever."""

    TRAIN = "train"
    HELD_OUT = "held_out"


class FeedbackReason(StrEnum):
    """What was wrong with an answer."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    INCOMPLETE = "incomplete"
    NOT_WHAT_I_ASKED = "not_asked"
    RUDE = "rude"
    OTHER = "other"


class OutboxKind(StrEnum):
    """What a row of the outbox brings, and to whom."""

    REPLY = "reply"
    """The bot's answer, to who asked."""
    POST = "post"
    """A question that the bot hands off, to the people who are to answer it."""
    TOLD = "told"
    """Who was asked, to who asked."""
    UNREACHED = "unreached"
    """That nobody could be asked, to who asked."""
    RELAY = "relay"
    """What a person answered elsewhere, to who asked."""
    REMINDER = "reminder"
    """That nobody has answered yet, to the people who were asked."""
    ASK_AGAIN = "ask_again"
    """That a question reads otherwise since it was answered, to who asked; its text is what it says now."""


class HandoffState(StrEnum):
    """How far a person who was asked has come."""

    OPEN = "open"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    UNREACHED = "unreached"


class OutboxState(StrEnum):
    """Where a reply is on its way to the platform."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class JobKind(StrEnum):
    """What a process of its own does for operators."""

    TRAIN = "train"
    EVALUATE = "evaluate"
    PUBLISH = "publish"


class JobState(StrEnum):
    """How far a job has come."""

    RUNNING = "running"
    ENDED = "ended"
    """With a result."""
    FAILED = "failed"
    """It said why."""
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its process is gone and said nothing: it was killed, or the machine restarted."""


class TrialState(StrEnum):
    """Where a trial of a model is."""

    RUNNING = "running"
    STOPPED = "stopped"
    """Ended before there was anything to say."""
    DECIDED = "decided"
    """Ended by its own rule."""


class TrialOutcome(StrEnum):
    """How a trial ended."""

    BETTER = "better"
    WORSE = "worse"
    INCONCLUSIVE = "inconclusive"
    BY_HAND = "by_hand"
    """Somebody stopped it."""
    LIVE_CHANGED = "live_changed"
    """Another version went live, or the live one was rolled back."""
    CANDIDATE_GONE = "candidate_gone"
    """Its files are no longer there."""


class ModelStatus(StrEnum):
    """How far a version of the model has come."""

    CANDIDATE = "candidate"
    """It may go live, or was live before."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Its files are gone; what it answered, and on what it was trained, is still known."""
