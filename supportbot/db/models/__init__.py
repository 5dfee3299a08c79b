"""The records, by what they are about; whoever uses them imports them from here, so that all are known at once."""

from supportbot.db.models.access import OperatorAccount, OperatorLink, OperatorSession, SignInAttempt
from supportbot.db.models.answers import Answer, Feedback, Handoff, Outbox
from supportbot.db.models.audit import Audit
from supportbot.db.models.conversations import (
    IS_COUNTED,
    IS_OPEN,
    Channel,
    Conversation,
    Question,
    Workspace,
)
from supportbot.db.models.daemons import Daemon
from supportbot.db.models.digests import DigestPost
from supportbot.db.models.erased import ErasedMessage
from supportbot.db.models.installations import SlackBot, SlackOAuthState
from supportbot.db.models.jobs import Job
from supportbot.db.models.knowledge import (
    RUNTIME_TABLES,
    Entry,
    ForeignQuestion,
    KnowledgeState,
    Passage,
    Wording,
)
from supportbot.db.models.late import LateChange
from supportbot.db.models.policies import WHOLE_WORKSPACE, ChannelPolicy
from supportbot.db.models.training import Example, ExampleDecision, ModelVersion, RunExample, TrainingRun
from supportbot.db.models.trials import ModelTrial

SEARCH = "search_"
"""How the names of what full-text search has in the database begin: tables on SQLite, columns and indexes on
PostgreSQL. Migrations make it, the database keeps it up to date, and only ``conversations.search`` asks it."""


def is_record(name: str | None, kind: str) -> bool:
    """Return whether something that a database has must be among the records.

    Args:
        name: of a table, a column or an index.
        kind: which of these.
    """
    made_elsewhere = (SEARCH, RUNTIME_TABLES) if kind == "table" else (SEARCH,)
    return not (name or "").startswith(made_elsewhere)


__all__ = [
    "IS_COUNTED",
    "IS_OPEN",
    "RUNTIME_TABLES",
    "SEARCH",
    "WHOLE_WORKSPACE",
    "Answer",
    "Audit",
    "Channel",
    "ChannelPolicy",
    "Conversation",
    "Daemon",
    "DigestPost",
    "Entry",
    "ErasedMessage",
    "Example",
    "ExampleDecision",
    "Feedback",
    "ForeignQuestion",
    "Handoff",
    "Job",
    "KnowledgeState",
    "LateChange",
    "ModelTrial",
    "ModelVersion",
    "OperatorAccount",
    "OperatorLink",
    "OperatorSession",
    "Outbox",
    "Passage",
    "Question",
    "RunExample",
    "SignInAttempt",
    "SlackBot",
    "SlackOAuthState",
    "TrainingRun",
    "Wording",
    "Workspace",
    "is_record",
]
