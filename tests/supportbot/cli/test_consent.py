"""`supportbot consent`, as an operator types it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supportbot.cli.consent import consent
from supportbot.db.session import Database
from supportbot.errors import SupportBotError
from tests.supportbot.cli.curating import supportbot, supportbot_apart
from tests.supportbot.feedback.curation.rows import add_answer

# What a database makes of it is tested with the core.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
async def test_consent_is_recorded_listed_and_taken_back(database: Database) -> None:
    """Who allowed it stands in the list until somebody withdraws it."""
    finished = await supportbot(database, "consent")
    assert finished.output == "There is no question from any workspace yet.\n"
    await add_answer(database, platform="web", workspace="local")
    finished = await supportbot(database, "consent", "slack", "T123", "--allow-training", "--by", "Ada L")
    assert finished.status == 0, finished.errors
    assert "yes, by Ada L" in finished.output
    finished = await supportbot(database, "consent", "--json")
    slack, web = json.loads(finished.output)
    assert (slack["external_id"], slack["counts"], slack["by"]) == ("T123", True, "Ada L")
    assert (web["platform"], web["counts"], web["by"]) == ("web", True, None)
    await supportbot(database, "consent", "slack", "T123", "--withdraw", "--by", "Ada L")
    finished = await supportbot(database, "consent")
    assert "yes, it is this machine" in finished.output
    assert "Ada L" not in finished.output


@on_sqlite
async def test_a_page_on_a_network_is_listed_before_anybody_asked(database: Database) -> None:
    """Whoever opens the page to others sees that it takes consent; once that is given, it stands there once."""
    finished = await supportbot(database, "consent", "--json", SUPPORTBOT_WEB_ORIGINS="https://help.shop.example")
    [page] = json.loads(finished.output)
    assert (page["platform"], page["external_id"], page["counts"]) == ("web", "public", False)
    await supportbot(database, "consent", "web", "public", "--allow-training", "--by", "Ada L")
    finished = await supportbot(database, "consent", "--json", SUPPORTBOT_WEB_ORIGINS="https://help.shop.example")
    assert [page["counts"] for page in json.loads(finished.output)] == [True]


@on_sqlite
async def test_a_refusal_is_one_sentence_and_exit_status_2(database: Database) -> None:
    """What the core refuses is said without a traceback."""
    finished = await supportbot_apart(database, "consent", "slack", "T1", "--allow-training")
    assert finished.status == 2
    assert finished.errors.endswith("add --by NAME.\n")
    assert finished.errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"platform": "slack", "workspace": "T1"}, "Name one workspace and one decision"),
        ({"platform": "slack", "workspace": "T1", "allow": True, "withdraw": True}, "one decision"),
        ({"platform": "slack", "workspace": None, "allow": True}, "Name one workspace"),
        ({"platform": "slak", "workspace": "T1", "allow": True}, "There is no platform 'slak'"),
        ({"platform": None, "workspace": None, "withdraw": True}, "Name the workspace that gives consent"),
    ],
)
def test_half_a_consent_is_refused(arguments: dict[str, Any], sentence: str) -> None:
    """What is missing or contradicts itself is said before any database is opened."""
    with pytest.raises(SupportBotError, match=sentence):
        consent(**{"allow": False, "withdraw": False, "by": "ada", "as_json": False, **arguments})
