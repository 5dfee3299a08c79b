"""In which language the bot speaks of a question, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from supportbot.db.models import Answer
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.delivery.outbox import Outbox
from supportbot.intake.admission import UNLIMITED, Limit
from supportbot.intake.inbox import Inbox
from supportbot.intake.questions import IncomingQuestion, Reply
from supportbot.policies.store import Place
from supportbot.words import Language, Words
from tests.policies import decide
from tests.supportbot.conftest import MakeQuestion

LEASE = timedelta(minutes=1)
HERE = Place(platform="slack", workspace="T1", channel="C1")


@pytest.mark.parametrize(
    ("policy", "locale", "setting", "language"),
    [
        ("de", "en-US", "en", "de"),
        ("en", "de", "de", "en"),
        (None, "de-AT", "en", "de"),
        (None, "fr", "de", "de"),
        (None, None, "de", "de"),
        (None, None, "en", "en"),
    ],
)
async def test_policy_then_locale_then_setting(
    database: Database,
    question: MakeQuestion,
    policy: Language | None,
    locale: str | None,
    setting: Language,
    language: Language,
) -> None:
    """All who have to do with a question are told the same, and so is who is told something there."""
    inbox = Inbox(database, "one", LEASE, language=setting)
    await decide(database, "slack", "T1", language=policy)
    incoming: IncomingQuestion = replace(question(), locale=locale)
    assert (await inbox.accept(incoming)).language == language
    assert (await inbox.accept(incoming)).language == language  # delivered a second time
    [claim] = await inbox.claim(["slack"], 1)
    assert claim.words == Words(language)
    assert await inbox.words_at(HERE, locale) == Words(language)


async def test_what_a_question_is_answered_in_stays(database: Database, question: MakeQuestion) -> None:
    """A decision that comes later changes nothing for it, not even for who takes it up or shows it then."""
    inbox, outbox = Inbox(database, "one", LEASE), Outbox(database, "one", LEASE)
    await decide(database, "slack", "T1", language="de")
    await inbox.accept(question())
    await decide(database, "slack", "T1", language="en")
    [claim] = await inbox.claim(["slack"], 1)
    await inbox.finish(claim.question_id, Reply(text="Morgen.", source=AnswerSource.APPROVED))
    [delivery] = await outbox.claim("slack", 1)
    assert (claim.words, delivery.words) == (Words("de"), Words("de"))


async def test_channel_comes_before_the_workspace(database: Database, question: MakeQuestion) -> None:
    """Who is one too many is told so in the language of the channel."""
    inbox = Inbox(database, "one", LEASE, replace(UNLIMITED, person=Limit(1, 0)), language="en")
    await inbox.policies.change(Place(platform="slack", workspace="T1"), {"language": "en"}, "ada")
    await inbox.policies.change(HERE, {"language": "de"}, "ada")
    await inbox.accept(question())
    assert (await inbox.accept(question())).refused is not None
    async with database.read() as session:
        told = await session.scalar(select(Answer.text))
    assert told == "Ich bin gerade beschäftigt. Bitte fragen Sie in etwa 10 Sekunden noch einmal."
