"""The list of conversations: narrowed by what it is, page by page, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from supportbot.conversations.criteria import Criteria, Cursor, HandedOff, Voted
from supportbot.conversations.listing import Place, read_choices, read_page
from supportbot.db.models import Answer, Handoff, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource, HandoffState, QuestionState
from tests.supportbot.feedback.curation.rows import add_answer
from tests.supportbot.privacy.planting import Planter

DAY = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def test_each_criterion_narrows_the_list_and_all_hold_at_once(database: Database) -> None:
    """Every filter finds its own rows and no others, and together they are stricter."""
    put = Planter(database, at=DAY)
    verified = await put.ask("U1", "verified", received_at=DAY + timedelta(days=1))
    helpful = await put.answer(verified, "yes", source=AnswerSource.APPROVED)
    generated = await put.ask("U2", "generated", received_at=DAY + timedelta(days=2))
    corrected = await put.answer(generated, "so", model_version="v7")
    unsure = await put.ask("U3", "unsure", received_at=DAY + timedelta(days=3))
    await put.answer(unsure, "I am not sure.", source=AnswerSource.NOT_SURE, model_version="v8")
    await put.answer(unsure, "A person says so.", source=AnswerSource.HUMAN, reply_identity="slack:1")
    await put.ask("U4", "waiting", state=QuestionState.RECEIVED, received_at=DAY + timedelta(days=4))
    await add_answer(database, "elsewhere", platform="web", workspace="local")
    await put.vote(helpful, "U9", 1)
    await put.vote(corrected, "U9", -1, "no, so")
    workspace = await put.workspace()
    handed = {"workspace_id": workspace, "channel": "C1", "platform": "slack", "target": "C9", "asked_at": DAY}
    await put.add(Handoff(question_id=unsure, state=HandoffState.ANSWERED, **handed))
    await put.add(Handoff(question_id=generated, state=HandoffState.RESOLVED, **handed))
    await put.add(Handoff(question_id=verified, state=HandoffState.UNREACHED, **handed))
    cases = {
        Criteria(): ["elsewhere", "waiting", "unsure", "generated", "verified"],
        Criteria(platform="slack"): ["waiting", "unsure", "generated", "verified"],
        Criteria(platform="cli"): [],
        Criteria(workspace_id=workspace): ["waiting", "unsure", "generated", "verified"],
        Criteria(workspace_id=workspace + 99): [],
        Criteria(channel="D-U2"): ["generated"],
        Criteria(workspace_id=workspace, channel="C1"): [],
        Criteria(source=AnswerSource.APPROVED): ["verified"],
        Criteria(source=AnswerSource.GENERATED): ["elsewhere", "generated"],
        Criteria(source=AnswerSource.HUMAN): ["unsure"],
        Criteria(source=AnswerSource.QUOTED): [],
        Criteria(model_version="v8"): ["unsure"],
        Criteria(voted=Voted.UP): ["verified"],
        Criteria(voted=Voted.DOWN): ["generated"],
        Criteria(voted=Voted.CORRECTED): ["generated"],
        Criteria(voted=Voted.NONE): ["elsewhere", "unsure"],
        Criteria(handed_off=HandedOff.OPEN): ["unsure"],
        Criteria(handed_off=HandedOff.CLOSED): ["generated"],
        Criteria(handed_off=HandedOff.UNREACHED): ["verified"],
        Criteria(first_day=date(2026, 6, 3), last_day=date(2026, 6, 4)): ["unsure", "generated"],
        Criteria(last_day=date(2026, 6, 2)): ["verified"],
        Criteria(platform="slack", voted=Voted.DOWN, model_version="v7", words="generated"): ["generated"],
        Criteria(platform="slack", voted=Voted.DOWN, model_version="v8"): [],
        Criteria(words="person says", source=AnswerSource.HUMAN): ["unsure"],
    }
    assert {one: await listed(database, one) for one in cases} == cases

    rows = {row.question: row for row in (await read_page(database, Criteria())).rows}
    assert (rows["verified"].votes_up, rows["generated"].votes_down, rows["generated"].corrections) == (1, 1, 1)
    assert (rows["unsure"].people, rows["unsure"].handoff) == (1, HandoffState.ANSWERED)
    assert (rows["unsure"].source, rows["unsure"].model_version) == (AnswerSource.NOT_SURE, "v8")
    assert (rows["waiting"].answer, rows["waiting"].state) == (None, QuestionState.RECEIVED)

    choices = await read_choices(database, workspace)
    assert (choices.platforms, choices.model_versions) == (("slack", "web"), ("v7", "v8"))
    assert choices.workspaces[0] == Place(workspace_id=workspace, platform="slack", name="T1")
    assert set(choices.channels) == {"D-U1", "D-U2", "D-U3", "D-U4"}
    assert (await read_choices(database, None)).channels == ()


async def listed(database: Database, criteria: Criteria) -> list[str]:
    """Return the questions of the first page."""
    return [row.question for row in (await read_page(database, criteria)).rows]


async def test_pages_follow_one_another_without_gap_or_repetition(database: Database) -> None:
    """Also where many questions came at one moment, and while newer ones come in between."""
    for number in range(7):
        await add_answer(database, f"question {number}")
    async with database.write() as session:
        await session.execute(update(Question).values(received_at=DAY))
    seen: list[int] = []
    below: Cursor | None = None
    while True:
        page = await read_page(database, Criteria(words="question"), below, most=3)
        seen += [row.question_id for row in page.rows]
        await add_answer(database, "question of the moment")
        if (below := page.below) is None:
            break
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=True)


async def test_what_very_many_texts_say_is_found_on_every_page(database: Database) -> None:
    """Beyond the latest thousand as well, from the middle on, and of the few that something else holds for."""
    first = await add_answer(database, "the first one")
    many = 2_400
    async with database.write() as session:
        of_first = select(Question.conversation_id).join(Answer, Answer.question_id == Question.id)
        conversation_id = (await session.scalars(of_first.where(Answer.id == first))).one()
        questions = [
            Question(
                conversation_id=conversation_id,
                platform="slack",
                identity=f"many:{number}",
                asker="slack:U1",
                text=f"refund {number}" if number % 3 else "something else",
                reply_to={},
                state=QuestionState.ANSWERED,
                received_at=DAY + timedelta(minutes=number),
            )
            for number in range(many)
        ]
        session.add_all(questions)
        await session.flush()
        session.add_all(
            Answer(
                question_id=question.id,
                text="Your refund comes." if number % 2 else "It comes.",
                source=AnswerSource.APPROVED if number % 400 == 3 else AnswerSource.GENERATED,
                created_at=question.received_at,
            )
            for number, question in enumerate(questions)
        )
    has_word = [number for number in range(many) if number % 3 or number % 2][::-1]
    texts = {question.id: number for number, question in enumerate(questions)}

    async def numbers(criteria: Criteria, below: int | None = None) -> list[int]:
        cursor = Cursor(questions[below].received_at, questions[below].id) if below is not None else None
        return [texts[row.question_id] for row in (await read_page(database, criteria, cursor)).rows]

    assert await numbers(Criteria(words="refund")) == has_word[:50]
    for below in (1_900, 1_200, 300, 20):
        wanted = [number for number in has_word if number < below]
        assert await numbers(Criteria(words="refund"), below) == wanted[:50]
        assert await numbers(Criteria(words='"your refund"'), below) == [one for one in wanted if one % 2][:50]
    verified = [number for number in has_word if number % 400 == 3]
    assert verified == [2_003, 1_603, 1_203, 803, 403, 3]
    assert await numbers(Criteria(words="refund", source=AnswerSource.APPROVED)) == verified
    assert await numbers(Criteria(words="refund", source=AnswerSource.APPROVED), 1_203) == verified[3:]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_long_texts_are_read_no_further_than_shown(database: Database) -> None:
    """Of 40,000 characters a list takes the beginning."""
    await add_answer(database, "x" * 40_000, "y" * 40_000)
    [row] = (await read_page(database, Criteria())).rows
    assert len(row.question) == len(row.answer or "") == 300
