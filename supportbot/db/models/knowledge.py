"""What is approved: answers, the wordings that lead to them, and how far the knowledge has come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from supportbot.db.base import Base, BigId, text_enum
from supportbot.db.states import (
    EntrySource,
    EntryState,
)

RUNTIME_TABLES = "wording_vector_"
"""How the names of tables begin that are made while a daemon runs; see ``knowledge.vector_table``."""


class Entry(Base):
    """An approved answer: what the bot says, word for word, to whoever asks one of its wordings.

    ``answer_key`` is a digest of the answer that ignores blanks: rows with the same answer become wordings of one
    entry. ``workspace_id`` narrows it to one workspace. ``revision`` is that of the knowledge when the entry or
    one of its wordings last changed; a daemon reads what is newer than what it has. The vectors are those of the
    answer's text, see ``Wording``.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index(None, "answer_key"),
        Index(None, "revision"),
        Index(None, "source"),
        Index(None, "approved_at", "id"),
        # The number of an erased entry is never given to another: answers in the log and audits still name it.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer: Mapped[str]
    answer_key: Mapped[str]
    source: Mapped[EntrySource] = mapped_column(text_enum(EntrySource, "source"))
    approved_by: Mapped[str]
    approved_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    state: Mapped[EntryState] = mapped_column(text_enum(EntryState, "state"))
    revision: Mapped[int] = mapped_column(BigInteger)
    encoder: Mapped[str | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    token_vectors: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]


class Wording(Base):
    """One way of asking for an approved answer, with its vectors.

    ``workspace_id`` is the workspace whose log it came from; elsewhere it counts only if that workspace consented.
    ``vector`` holds the encoder's unit vector in fp16, ``token_vectors`` those of its tokens in 127ths, one after
    the other, and ``encoder`` the digest of the encoder that made them.
    """

    __tablename__ = "wording"
    __table_args__ = (Index(None, "entry_id"), UniqueConstraint("example_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    example_id: Mapped[int | None] = mapped_column(ForeignKey("example.id", ondelete="CASCADE"))
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    text: Mapped[str]
    encoder: Mapped[str | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    token_vectors: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class Passage(Base):
    """A passage of a document, beside the example that proposes it; it may be quoted while that one is pending.

    ``document`` is what people are shown, ``document_key`` a digest of the whole name, by which a document is
    known again. ``answer_key`` is that of the text as the document has it: what a curator has edited is no
    quotation. The vectors are those of the example's question and of the text, of one encoder; see ``Wording``.
    """

    __tablename__ = "passage"
    __table_args__ = (Index(None, "document_key"),)

    example_id: Mapped[int] = mapped_column(
        ForeignKey("example.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    document_key: Mapped[str]
    document: Mapped[str]
    heading: Mapped[str]
    answer_key: Mapped[str]
    encoder: Mapped[str | None]
    question_vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    text_vector: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class ForeignQuestion(Base):
    """A question that a curator marked as none of ours: nothing should ever answer it."""

    __tablename__ = "foreign_question"
    __table_args__ = (UniqueConstraint("text"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str]
    marked_by: Mapped[str]
    marked_at: Mapped[datetime]


class KnowledgeState(Base):
    """The one row that says how far the knowledge has come, and how sure an answer must be.

    Whoever changes knowledge raises ``revision`` first, which also makes writers wait for one another.
    ``calibration`` holds the threshold with its figures, ``wrong_rate`` the share of wrong answers that somebody
    chose; without one the setting holds.
    """

    __tablename__ = "knowledge_state"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)
    calibration: Mapped[dict[str, Any] | None]
    wrong_rate: Mapped[float | None]
