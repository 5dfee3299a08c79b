"""`supportbot handoffs`, as an operator types it."""

from __future__ import annotations

import json

import pytest

from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.handoffs.asking import Handoffs
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import Reply
from tests.policies import decide
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.conftest import MakeQuestion


# What a database makes of it is tested with the core.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_listed_and_closed(database: Database, inbox: Inbox, question: MakeQuestion) -> None:
    """What is open is listed until somebody closes it; who read and who closed stands in the audit."""
    finished = await supportbot(database, "handoffs", "list", "--open")
    assert finished.output == "No hand-off is open.\n"
    await decide(database, "slack", "T1", handoff_target="C9")
    accepted = await inbox.accept(question("Where is\x1b[31m it?"))
    await inbox.claim_one(accepted.question_id)
    answer_id = await inbox.finish(accepted.question_id, Reply(text="?", source=AnswerSource.NOT_SURE))
    assert answer_id is not None
    asked = await Handoffs(database, inbox).ask(answer_id, "slack:T1:U1", workspace="T1")

    finished = await supportbot(database, "handoffs", "list", "--open", "--json")
    [one] = json.loads(finished.output)
    assert (one["handoff_id"], one["state"], one["target"]) == (asked.handoff_id, "open", "C9")
    assert one["resolved_at"] is None
    finished = await supportbot(database, "handoffs", "list")
    assert "slack C1" in finished.output
    assert "\x1b" not in finished.output

    number = str(asked.handoff_id)
    finished = await supportbot(database, "handoffs", "resolve", number, "--by", "Ada L")
    assert finished.output == f"Hand-off {number} is closed.\n"
    finished = await supportbot(database, "handoffs", "resolve", number, "--by", "Ada L")
    assert finished.output == f"Hand-off {number} was already closed.\n"
    finished = await supportbot_apart(database, "handoffs", "resolve", "99", "--by", "Ada L")
    assert finished.status == 2
    assert finished.errors.startswith("supportbot: There is no hand-off 99: ")
    assert finished.errors.count("\n") == 1
    finished = await supportbot(database, "handoffs", "list", "--json")
    assert [one["state"] for one in json.loads(finished.output)] == ["resolved"]
