"""Erasing a person: from every column that can hold them, from the bytes of the file, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import JSON, Enum, LargeBinary, String, TypeDecorator, select

from supportbot.db.audit import ERASED
from supportbot.db.base import Base
from supportbot.db.models import Audit, Entry
from supportbot.db.session import Database
from supportbot.db.states import EntryState
from supportbot.policies.store import Policies
from supportbot.privacy.compacting import TABLES, compact
from supportbot.privacy.erasing import THEMSELVES, Privacy
from supportbot.privacy.exporting import export_person
from supportbot.privacy.person import Person
from tests.supportbot.privacy.planting import ALICE, BOB, MARK, MARKS, columns_with, plant

HOLDS_A_PERSON = {
    *("channel.channel", "conversation.channel", "conversation.thread"),
    *(
        "question.identity",
        "question.asker",
        "question.channel",
        "question.text",
        "question.reply_to",
        "question.reason",
    ),
    *("answer.text", "answer.prompt", "answer.draft", "answer.grounds", "answer.reply_identity"),
    *("outbox.text", "outbox.last_error", "outbox.note"),
    *("handoff.channel", "handoff.post_identity", "handoff.told_identity"),
    *("feedback.voter", "feedback.correction"),
    *("example.prompt", "example.completion", "example.rejected", "example.person"),
    *("example.conversation", "example.sort_key"),
    *("example_decision.prompt", "example_decision.completion", "example_decision.rejected"),
    *("wording.text", "wording.vector", "wording.token_vectors", "foreign_question.text"),
    *("entry.answer", "entry.vector", "entry.token_vectors"),
    *("audit.actor", "audit.subject", "audit.details"),
    *("channel_policy.changed_by", "channel_policy.settings"),
}
"""Columns in which a person's words or ids can stand: all of them are erased."""

HOLDS_NO_PERSON = {
    "answer.author": "a digest",
    "example.author": "a digest",
    "answer.finish": "why the model stopped",
    "answer.model_version": "of a model",
    "answer.sampling": "of a model",
    "audit.action": "our own words",
    "channel.parent": "a channel of a server",
    "channel_policy.channel": "a channel that admins decided about",
    "entry.answer_key": "a digest",
    "entry.approved_by": "a curator",
    "entry.encoder": "a digest",
    "erased_message.digest": "a digest",
    "example.curator": "a curator",
    "example.lease_owner": "a curator's page",
    "example.put_by": "a curator",
    "example.origin": "numbers and digests",
    **dict.fromkeys(("example_decision.curator", "example_decision.decided_by"), "a curator"),
    "foreign_question.marked_by": "a curator",
    **dict.fromkeys(("daemon.host", "daemon.owner"), "a process"),
    **dict.fromkeys(("daemon.version", "daemon.versions"), "of a model"),
    "daemon.problem": "our own words",
    "digest_post.channel": "of the operator",
    "digest_post.last_error": "our own words",
    "digest_post.lease_owner": "a process",
    "digest_post.mark": "random",
    "digest_post.platform": "our own words",
    "handoff.platform": "our own words",
    "handoff.resolved_by": "a digest",
    "handoff.target": "of the operator",
    **dict.fromkeys(("job.choices", "job.started_by", "job.host", "job.version"), "of the operator"),
    **dict.fromkeys(("job.folder", "job.run"), "dates"),
    "knowledge_state.calibration": "figures",
    **dict.fromkeys(("model_trial.live", "model_trial.candidate"), "of a model"),
    "model_trial.figures": "figures",
    **dict.fromkeys(("model_trial.started_by", "model_trial.ended_by"), "of who runs the bot"),
    "model_version.base": "of a model",
    "model_version.digest": "a digest",
    "model_version.metrics": "figures",
    "model_version.name": "of a model",
    "model_version.status": "our own words",
    "model_version.stored_manifest": "a digest",
    **dict.fromkeys(("operator.name", "operator.role", "operator.identity"), "of who runs the bot"),
    **dict.fromkeys(("operator_link.digest", "operator_session.digest"), "a digest"),
    "outbox.channel": "of the operator",
    "outbox.lease_owner": "a process",
    "outbox.mark": "random",
    "outbox.platform": "our own words",
    "passage.answer_key": "a digest",
    "passage.document": "of the operator",
    "passage.document_key": "a digest",
    "passage.encoder": "a digest",
    "passage.heading": "of the operator",
    "passage.question_vector": "of the operator",
    "passage.text_vector": "of the operator",
    "question.lease_owner": "a process",
    "question.platform": "our own words",
    **dict.fromkeys(("slack_bot.app_id", "slack_bot.client_id"), "of the operator"),
    **dict.fromkeys(("slack_bot.enterprise_id", "slack_bot.enterprise_name"), "of a team"),
    **dict.fromkeys(("slack_bot.team_id", "slack_bot.team_name"), "of a team"),
    **dict.fromkeys(("slack_bot.bot_id", "slack_bot.bot_user_id", "slack_bot.bot_scopes"), "of the bot"),
    **dict.fromkeys(("slack_bot.bot_token", "slack_bot.bot_refresh_token"), "of the bot"),
    "sign_in_attempt.source": "a digest",
    "slack_oauth_state.state": "random",
    "training_run.arguments": "of the operator",
    "training_run.dataset_fingerprint": "a digest",
    "training_run.loss_history": "figures",
    "wording.encoder": "a digest",
    "workspace.external_id": "of a team, or a digest",
    "workspace.name": "of a team",
    "workspace.platform": "our own words",
    "workspace.settings": "of the operator",
    "workspace.training_consent_by": "an admin",
}
"""Columns of texts in which nobody who asks can stand, and what is there instead."""


def privacy_of(database: Database, home: Path) -> Privacy:
    """Return what erases, with an empty home."""
    return Privacy(database, home)


def test_somebody_has_decided_on_every_column() -> None:
    """A column that can hold a text is either erased or can hold nobody: a new one fails until that is said."""
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if _can_hold_text(column.type)
    }
    assert columns == HOLDS_A_PERSON | HOLDS_NO_PERSON.keys()
    assert not HOLDS_A_PERSON & HOLDS_NO_PERSON.keys()
    assert {name.partition(".")[0] for name in HOLDS_A_PERSON} <= set(TABLES)


def _can_hold_text(kind: object) -> bool:
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return isinstance(kind, String | JSON | LargeBinary) and not isinstance(kind, Enum)


async def test_nothing_of_a_person_is_left(database: Database, tmp_path: Path) -> None:
    """Planted in every column that can hold them, a person is gone from all, and from the bytes of the file."""
    planted = await plant(database)
    assert await columns_with(database, *MARKS) == HOLDS_A_PERSON
    privacy = privacy_of(database, tmp_path / "home")
    erased = await privacy.erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    assert await columns_with(database, *MARKS) == set()
    assert erased.versions == {"v1": (planted.examples[0],)}
    assert (await compact(database)).is_whole
    if database.is_sqlite:
        assert held_by(Path(str(database.url.database)), *MARKS) == []
        assert held_by(Path(str(database.url.database)), BOB) != []


def held_by(path: Path, *marks: str) -> list[str]:
    """Return the files of a SQLite database in whose bytes a mark stands."""
    files = [file for file in path.parent.glob(f"{path.name}*") if file.is_file()]
    return [file.name for file in files if any(mark.encode() in file.read_bytes() for mark in marks)]


async def test_others_lose_nothing(database: Database, tmp_path: Path) -> None:
    """Of somebody else, what they asked and were answered stays, and so does an answer that others lead to."""
    planted = await plant(database)
    before = await columns_with(database, BOB)
    await privacy_of(database, tmp_path).erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    assert await columns_with(database, BOB) >= before - {"example.person", "feedback.voter"}
    async with database.read() as session:
        entries = {row.id: (row.state, row.answer) for row in await session.scalars(select(Entry))}
    assert entries[planted.shared] == (EntryState.LIVE, "It is on its way.")
    assert entries[planted.theirs] == (EntryState.RETIRED, "")


async def test_what_they_decided_is_handed_out_and_stays_without_them(database: Database, tmp_path: Path) -> None:
    """A decision about a channel is the team's; whoever is gone is not the one to ask instead of the bot."""
    await plant(database)
    alice = Person(platform="slack", user=ALICE)
    [decision] = (await export_person(database, alice))["decisions_about_channels"]
    assert (decision["workspace"], decision["channel"], decision["changed_by_them"]) == ("T1", "C1", True)
    assert (await export_person(database, Person(platform="slack", user=BOB)))["decisions_about_channels"] == []
    await privacy_of(database, tmp_path).erase(alice, "Ada", wait_seconds=0)
    [decided] = await Policies(database).listed()
    assert (decided.by, decided.settings) == (ERASED, {"answer_on": "questions"})
    assert (await export_person(database, alice))["decisions_about_channels"] == []


async def test_the_audit_says_that_somebody_was_erased_and_not_who(database: Database, tmp_path: Path) -> None:
    """One row says by whom it was done, with counts and a digest; neither id nor text stands in it."""
    await plant(database)
    person = Person(platform="slack", user=ALICE)
    await privacy_of(database, tmp_path).erase(person, THEMSELVES, wait_seconds=0)
    async with database.read() as session:
        (row,) = await session.scalars(select(Audit).where(Audit.action == "privacy.erase"))
    assert (row.actor, row.subject) == (THEMSELVES, f"person:{person.digest}")
    assert row.details["questions"] == 1
    assert row.details["answers they wrote"] == 1
    assert not any(mark in f"{row.subject}{row.details}" for mark in (*MARKS, MARK))
