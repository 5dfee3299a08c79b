"""Full-text search over questions and answers, on both databases: what is found, whatever somebody types."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from supportbot.conversations.criteria import Criteria
from supportbot.conversations.listing import read_page
from supportbot.conversations.search import match_expression, tsquery_expression
from supportbot.db.models import Answer, Question
from supportbot.db.session import Database
from supportbot.db.states import AnswerSource
from supportbot.privacy.compacting import compact
from supportbot.privacy.erasing import Privacy
from supportbot.privacy.person import Person
from tests.supportbot.feedback.curation.rows import add_answer
from tests.supportbot.privacy.planting import ALICE, plant
from tests.supportbot.privacy.test_erasing import held_by


async def found(database: Database, words: str) -> list[str]:
    """Return the questions that words find, the newest first."""
    return [row.question for row in (await read_page(database, Criteria(words=words))).rows]


async def test_words_are_found_in_questions_and_in_all_answers(database: Database) -> None:
    """All words must stand in one text, in any order and case, and as beginnings; a phrase in its order."""
    where, refund = "Where is my order?", "Can I get a refund, please?"
    await add_answer(database, where, "It arrives tomorrow at Größe-Street 5.")
    answer_id = await add_answer(database, refund, "Yes: within 14 days, write to help@shop.example.")
    async with database.read() as session:
        asked = await session.scalar(select(Answer.question_id).where(Answer.id == answer_id))
    await add_answer(database, answer="Ask Ana about foo-bar.", source=AnswerSource.HUMAN, question_id=asked)
    expected = {
        "order": [where],
        "ORDER where": [where],
        "order refund": [],
        "refu": [refund],
        "fund": [],
        "is": [where],
        "14 days": [refund],
        "größe": [where],
        "arrives": [where],
        "ana": [refund],
        "bar": [refund],
        "shop.example": [refund],
        '"a refund"': [refund],
        '"refund a"': [],
        '"get a" please': [refund],
        '"14 days': [refund],
        "order?": [where],
        "order OR refund": [],
        "NOT order": [],
        "?!": [],
        "": [refund, where],
        "  ": [refund, where],
    }
    assert {words: await found(database, words) for words in expected} == expected


async def test_index_follows_what_becomes_of_a_text(database: Database) -> None:
    """What is edited is found by its new words alone, and what is deleted by none."""
    answer_id = await add_answer(database, "old question", "old answer")
    async with database.write() as session:
        await session.execute(update(Question).values(text="new question"))
        await session.execute(update(Answer).values(text="new reply"))
    assert (await found(database, "old"), await found(database, "reply")) == ([], ["new question"])
    async with database.write() as session:
        await session.execute(delete(Answer).where(Answer.id == answer_id))
    assert (await found(database, "reply"), await found(database, "question")) == ([], ["new question"])
    async with database.write() as session:
        await session.execute(delete(Question))
    assert await found(database, "question") == []


async def test_nothing_of_an_erased_person_is_left_in_the_index(database: Database, tmp_path: Path) -> None:
    """Of erased words neither a row nor a byte stays, not even the end of a word that an index stores cut."""
    await plant(database)
    assert await found(database, "alicemark") != []
    await Privacy(database, tmp_path / "home").erase(Person(platform="slack", user=ALICE), "Ada", wait_seconds=0)
    assert await found(database, "alicemark") == []
    assert await found(database, "Bob asks") != []
    assert (await compact(database)).is_whole
    if database.is_sqlite:
        path = Path(str(database.url.database))
        assert held_by(path, "icemark", "parcel?") == []
        assert held_by(path, "password") != []


async def test_a_text_of_any_length_can_be_written(database: Database) -> None:
    """What is too long for an index is written all the same, and found by its beginning."""
    many = " ".join(f"{number:x}" for number in range(300_000))
    await add_answer(database, f"Beginning {many}", "x" * 3_000_000)
    assert len(await found(database, "beginning")) == 1


TYPED = st.text(max_size=60) | st.text(alphabet="\"'\\*:()&|!<->^+-{}~. ab\x00é漢\ud800", max_size=40)


@given(typed=TYPED)
def test_nothing_that_is_typed_is_syntax(typed: str) -> None:
    """Whatever is typed, a database is asked for words between our own quotation marks, and those are in pairs."""
    for expression, mark in ((match_expression(typed), '"'), (tsquery_expression(typed), "'")):
        between, inside = expression.split(mark)[::2], expression.split(mark)[1::2]
        assert set("".join(between)) <= set(" *&:")
        assert not set("".join(inside)) & set("\"'\\*:()&|!<>^+-{}~.\x00\ud800")


async def test_no_text_is_an_error(database: Database) -> None:
    """Both databases take whatever somebody types into the field, and find the text by its own words."""
    await add_answer(database, "A plain question")
    hostile = [
        *('"', '""', '"*', "*", "a*", "col:x", "question:x", "NEAR(a b)", "a AND", "OR", "NOT", "^a", "(", ")("),
        *("'", "''", "';--", "\\", "\\'", "a & | b", "a <-> b", "!a", ":*", "a:*b", "a:ABCD", "{a b}: c", "-"),
        *("\x00", "\ud800", "\u202eabc", "é\u0301", "漢字", "हिन्दी", "🙂", "\ufeff", "%", "%s %(a)s", "_", ":a"),
        *("x" * 40_000, "a " * 40_000, '"' * 999),
    ]
    for text in hostile:
        assert isinstance(await found(database, text), list)
        assert await found(database, f"plain question {text if not any(map(str.isalnum, text)) else ''}") != []


async def test_rows_that_go_with_their_question_leave_the_index(database: Database) -> None:
    """What a foreign key deletes is found no more either, and its number finds nothing else."""
    await add_answer(database, "asked", "cascaded")
    async with database.write() as session:
        await session.execute(delete(Question))
    await add_answer(database, "asked anew", "another")
    assert await found(database, "cascaded") == []
    assert await found(database, "asked another") == []
    assert await found(database, "asked") == ["asked anew"]
