"""`supportbot policy`, as an operator types it."""

from __future__ import annotations

import json

import pytest

from supportbot.db import audit
from supportbot.db.session import Database
from tests.supportbot.cli.curating import supportbot, supportbot_apart

# What a database makes of it is tested with the core.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_policy_is_set_shown_listed_and_reset(database: Database) -> None:
    """What was decided stands in the list with who decided it, holds in its channels, and can be taken back."""
    finished = await supportbot(database, "policy", "list")
    assert finished.output == "There are no decisions: the bot answers when somebody mentions it.\n"
    by = ("--by", "Ada L")
    await supportbot(database, "policy", "set", "slack:T1", "answer_on=never", "language=de", *by)
    hours = "quiet_hours=Mon-Fri 18:00-08:00 Europe/Berlin"
    finished = await supportbot(
        database, "policy", "set", "slack:T1", "--channel", "C1", "answer_on=questions", hours, "--json", *by
    )
    assert finished.status == 0, finished.errors
    policy = json.loads(finished.output)["policy"]
    assert (policy["answer_on"], policy["language"], policy["quiet_hours"]["days"]) == (
        "questions",
        "de",
        [0, 1, 2, 3, 4],
    )
    finished = await supportbot(database, "policy", "show", "slack:T1", "--channel", "C2")
    assert "never" in finished.output
    finished = await supportbot(database, "policy", "list")
    assert "quiet_hours=Mon-Fri 18:00-08:00 Europe/Berlin" in finished.output
    finished = await supportbot(database, "policy", "list", "--json")
    whole, channel = json.loads(finished.output)
    assert (whole["workspace"], whole["channel"], whole["by"]) == ("slack:T1", "", "Ada L")
    assert channel["settings"]["answer_on"] == "questions"
    finished = await supportbot(database, "policy", "reset", "slack:T1", "--channel", "C1", "--json", *by)
    assert json.loads(finished.output)["policy"]["answer_on"] == "never"
    assert {deed.actor for deed in await audit.recent(database, 10)} == {"Ada L"}


@on_sqlite
async def test_wrong_policies_are_refused_in_a_sentence(database: Database) -> None:
    """What is wrong, and how to say it right; beside a policy that needs it, the intent of Discord is named."""
    for words, sentence in (
        (("slak:T1", "answer_on=never"), "is not a workspace. Use platform and ID"),
        (("slack:T1", "answer_on"), "write SETTING=VALUE"),
        (("slack:T1", "answer_on=sometimes"), "when the bot answers: mention, questions, threads, never"),
        (("slack:T1", "colour=blue"), "There is no setting 'colour'"),
    ):
        finished = await supportbot(database, "policy", "set", *words, "--by", "Ada L")
        assert finished.status == 2
        assert sentence in finished.errors
        assert finished.errors.count("\n") == 1
    finished = await supportbot_apart(
        database, "policy", "set", "discord:8001", "answer_on=questions", "--by", "Ada L"
    )
    assert finished.status == 0
    assert "SUPPORTBOT_DISCORD_MESSAGE_CONTENT=true" in finished.errors
