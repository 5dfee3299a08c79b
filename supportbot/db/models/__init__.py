"""The records, by what they are about; whoever uses them imports them from here, so that all are known at once."""

from supportbot.db.models.audit import Audit
from supportbot.db.models.conversations import (
    IS_COUNTED,
    IS_OPEN,
    Answer,
    Channel,
    Conversation,
    Feedback,
    Handoff,
    Outbox,
    Question,
    Workspace,
)
from supportbot.db.models.digests import DigestPost
from supportbot.db.models.erased import ErasedMessage
from supportbot.db.models.installations import SlackBot, SlackOAuthState
from supportbot.db.models.knowledge import (
    RUNTIME_TABLES,
    Entry,
    ForeignQuestion,
    KnowledgeState,
    Passage,
    Wording,
)
from supportbot.db.models.policies import WHOLE_WORKSPACE, ChannelPolicy
from supportbot.db.models.training import Example, ModelVersion, RunExample, TrainingRun

__all__ = [
    "IS_COUNTED",
    "IS_OPEN",
    "RUNTIME_TABLES",
    "WHOLE_WORKSPACE",
    "Answer",
    "Audit",
    "Channel",
    "ChannelPolicy",
    "Conversation",
    "DigestPost",
    "Entry",
    "ErasedMessage",
    "Example",
    "Feedback",
    "ForeignQuestion",
    "Handoff",
    "KnowledgeState",
    "ModelVersion",
    "Outbox",
    "Passage",
    "Question",
    "RunExample",
    "SlackBot",
    "SlackOAuthState",
    "TrainingRun",
    "Wording",
    "Workspace",
]
