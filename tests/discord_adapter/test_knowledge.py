"""Answers that stand on approved knowledge, and clicks on what else may have been meant."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from bot.dialects.discord_text import LABEL_LIMIT, LIMIT, build_answer_parts, build_label
from bot.discord._interactions import SORRY_TEXT
from bot.discord.client import DiscordAdapter
from bot.discord.views import build_answer_view, build_mark, build_remarks
from supportbot.db.models import Entry, Example
from supportbot.db.states import EntryState, ExampleStatus, QuestionState
from supportbot.delivery.dispatch import Dispatcher
from supportbot.intake.questions import Grounds, Quoted, Reply, Suggestion, Verified
from tests.discord_adapter.conftest import Core, World
from tests.discord_adapter.test_text import HOSTILE, PING, masked_links
from tests.discord_server import DiscordServer
from tests.grounds import NEAR, NOON, add_entry, approved, unsure, verified

TYPED = "when comes it"
ANSWER = "Two days, **always**."
MARK = "-# ✓ Verified by Ana Lopez, 27 Nov 2026"

_texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), max_size=20).map("".join)


def remarks(*by: Verified) -> tuple[str, ...]:
    """Return what may stand below an answer that people approved."""
    return build_remarks(Grounds(verified=by))


@given(text=_texts, name=_texts, question=st.none() | _texts)
@settings(deadline=None)
def test_quoted_passage_is_always_marked(text: str, name: str, question: str | None) -> None:
    """Whatever is quoted of whatever document, the last line says that nobody verified it, and nothing pings."""
    quoted = Quoted(example_id=1, document=name, heading=name, is_whole=False)
    shown = build_answer_parts(text * 9, question, mark=build_mark(Grounds(quoted=quoted)))
    assert all(len(part.encode("utf-16-le")) // 2 <= LIMIT for part in shown)
    assert shown[-1].split("\n")[-1].startswith("-# From the handbook, not verified: ")
    assert not any(PING.search(part) or masked_links(part) for part in shown)


def test_quoted_passage_names_its_source() -> None:
    """Small text below the passage names document and heading; an answer of another kind has no such mark."""
    quoted = Quoted(example_id=1, document="guide.md", heading="Refunds", is_whole=True)
    assert build_mark(Grounds(quoted=quoted)) == "-# From the handbook, not verified: guide.md, “Refunds”"
    assert build_mark(Grounds(verified=(verified(),))) == ""


async def unsure_of_two(core: Core) -> Reply:
    """Return a reply that suggests two questions of the knowledge."""
    entry_id = await add_entry(core.database, ANSWER)
    return unsure(Suggestion(entry_id, NEAR), Suggestion(entry_id, "Is delivery free?"))


async def answer_all(core: Core, reply: Reply) -> None:
    """Give all questions that wait the same answer."""
    for claim in await core.inbox.claim(["discord"], 100):
        await core.inbox.finish(claim.question_id, reply)


async def deliver(world: World, reply: Reply) -> None:
    """Give all questions that wait the same answer, and show it."""
    await answer_all(world.core, reply)
    await world.dispatcher().deliver_due()
    await world.env.settle()


async def suggested(world: World) -> Any:
    """Ask what the bot is not sure about; return the answer with its suggestions."""
    await world.mention(TYPED)
    await deliver(world, await unsure_of_two(world.core))
    return world.channel.last_message


async def choose(world: World, message: Any, number: int = 0, person: Any = None) -> Any:
    """Click a suggestion."""
    button = message.components[number].children[0]
    return await (person or world.alice).click(message, custom_id=button.custom_id)


async def asked(core: Core) -> list[str]:
    """Return what was asked, the oldest first."""
    return [exchange.question for exchange in await core.history.recent(100)][::-1]


def test_mark_names_who_approved_an_answer() -> None:
    """A person is named once, with every day, and two people are both named; without a person there is no mark."""
    later = NOON + timedelta(days=3)
    assert remarks(verified()) == (MARK, "-# ✓ Verified")
    assert remarks(verified(), verified(at=NOON + timedelta(hours=1))) == remarks(verified())
    assert remarks(verified(), verified(at=later))[0] == f"{MARK} and 30 Nov 2026"
    assert remarks(verified(), verified("Bo", later))[0] == f"{MARK}, and Bo, 30 Nov 2026"
    assert remarks(verified(" ")) == ()
    assert remarks(verified(""), verified()) == remarks(verified())


@settings(deadline=None)  # other tests may keep the machine busy
@given(answer=_texts, name=_texts, question=st.none() | _texts)
def test_no_name_pings_or_formats(answer: str, name: str, question: str | None) -> None:
    """Whatever a name is, it pings nobody, hides no address, and stays one line within the limit."""
    shown = remarks(verified(name))
    for whole in build_answer_parts(answer, question, shown):
        assert not PING.search(whole)
        assert not masked_links(whole)
        assert 0 < len(whole.encode("utf-16-le")) // 2 <= LIMIT
        assert not re.search(r"[\x00-\x08\u202a-\u202e\u2066-\u2069]", whole)
    assert not any("\n" in remark for remark in shown)
    assert not shown or "```" not in shown[0]


@pytest.mark.parametrize(
    ("length", "below"),
    [
        (1_900, MARK),
        (LIMIT - len(MARK) - 1, MARK),
        (LIMIT - len(MARK), "-# ✓ Verified"),
        (LIMIT - 13, ""),
        (LIMIT, ""),
    ],
)
def test_mark_never_cuts_an_answer(length: int, below: str) -> None:
    """Where the mark does not fit it becomes shorter, and then goes; the answer stays whole."""
    answer = "a" * length
    assert build_answer_parts(answer, None, remarks(verified())) == [f"{answer}\n{below}".strip()]


@settings(deadline=None)  # other tests may keep the machine busy
@given(question=_texts)
def test_every_suggestion_has_a_label(question: str) -> None:
    """A label is one line of at most 80 characters, and there is something to see on it."""
    label = build_label(question)
    assert 0 < len(label.encode("utf-16-le")) // 2 <= LABEL_LIMIT
    assert label.strip()
    assert "\n" not in label
    assert not PING.search(label)


@pytest.mark.parametrize(
    ("question", "label"),
    [("How?", "How?"), ("a" * 80, "a" * 80), ("a" * 81, "a" * 79 + "…"), ("a\nb", "a b"), ("\u200b", "…")],
)
def test_label_is_cut_only_where_it_must_be(question: str, label: str) -> None:
    """A suggestion is shown whole up to Discord's limit, and beyond it ends with an ellipsis."""
    assert build_label(question) == label


async def test_suggestions_stand_above_the_thumbs() -> None:
    """Each suggestion has a row of its own, with its answer and number in its id; thumbs stay last."""
    rows = build_answer_view(7, (Suggestion(1, "A?"), Suggestion(2, "B?"), Suggestion(3, "C?"))).to_components()
    buttons = [[button["custom_id"] for button in row["components"]] for row in rows]
    assert buttons == [
        ["supportbot:suggestion:7:0"],
        ["supportbot:suggestion:7:1"],
        ["supportbot:suggestion:7:2"],
        ["supportbot:vote:7:UP", "supportbot:vote:7:DOWN"],
    ]
    assert [row["components"][0].get("label") for row in rows] == ["A?", "B?", "C?", None]


async def test_verified_answer_arrives_with_its_mark(world: World) -> None:
    """The answer is shown word for word, with small text below it, and can be voted on."""
    await world.mention("how long?")
    await deliver(world, approved(verified("Ana @everyone [Lopez](http://evil)"), answer=ANSWER))
    message = world.channel.last_message
    below = "-# ✓ Verified by Ana @\u200beveryone"
    assert message.content.startswith(f"{ANSWER}\n{below}")
    assert message.content.endswith(", 27 Nov 2026")
    assert "](" not in message.content
    (row,) = message.components
    assert len(row.children) == 2


async def test_click_asks_what_was_meant(world: World) -> None:
    """A click is a new question, answered in public and quoted; what was typed becomes a candidate."""
    message = await suggested(world)
    assert message.content == "I am not sure.\nDid you mean:"
    assert [row.children[0].label for row in message.components] == [NEAR, "Is delivery free?", None]
    bob = world.env.guild.add_member(world.env.create_user("bob"))

    result = await choose(world, message, person=bob)
    assert result.deferred
    assert not result.ephemeral
    await deliver(world, approved(verified(), answer=ANSWER))

    assert result.response.content == f"> {NEAR}\n{ANSWER}\n{MARK}"
    second, first = await world.core.history.recent(10)
    assert (second.question, second.asker, second.state) == (NEAR, str(bob.id), QuestionState.DELIVERED)
    async with world.core.database.read() as session:
        example = (await session.scalars(select(Example))).one()
    assert example.origin.startswith(f"suggestion:{first.answer_id}:")
    assert (example.prompt, example.completion, example.status) == (TYPED, ANSWER, ExampleStatus.PENDING)
    assert example.person == f"discord:{bob.id}"


async def test_second_click_is_told_so(world: World) -> None:
    """A person asks a suggestion once; the second click is answered to them alone, and others may click too."""
    message = await suggested(world)
    bob = world.env.guild.add_member(world.env.create_user("bob"))
    await choose(world, message)
    again = await choose(world, message)
    assert again.ephemeral
    assert again.response.content.startswith("You've already asked this")
    assert (await choose(world, message, person=bob)).deferred
    assert (await choose(world, message, 1)).deferred
    assert await asked(world.core) == [TYPED, NEAR, NEAR, "Is delivery free?"]


async def test_suggestion_outlives_a_restart(world: World) -> None:
    """A button that an earlier process posted is understood by the next one."""
    message = await suggested(world)
    await world.restart()
    assert (await choose(world, message, 1)).deferred
    assert await asked(world.core) == [TYPED, "Is delivery free?"]


async def test_suggestion_that_was_retired_is_told_so(world: World) -> None:
    """Whoever clicks a suggestion whose answer was retired is told so, alone, and nothing is asked."""
    message = await suggested(world)
    async with world.core.database.write() as session:
        await session.execute(update(Entry).values(state=EntryState.RETIRED))
    result = await choose(world, message)
    assert result.ephemeral
    assert "no longer available" in result.response.content
    assert await asked(world.core) == [TYPED]


async def test_choice_that_cannot_be_kept_is_told_so(world: World) -> None:
    """When the database fails the person hears a fixed sentence, and the next click works."""
    message = await suggested(world)
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE entry RENAME TO elsewhere"))
    result = await choose(world, message)
    assert result.ephemeral
    assert result.response.content == SORRY_TEXT
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO entry"))
    assert (await choose(world, message)).deferred


async def test_click_that_comes_twice_asks_once(
    core: Core, adapter: DiscordAdapter, server: DiscordServer
) -> None:
    """An interaction that Discord delivers twice is one question with one answer, over real sockets."""
    dispatcher = Dispatcher(core.outbox, adapter.sender)
    running = asyncio.create_task(adapter.run())
    await server.connected()
    question = await server.mention(TYPED)
    await core.heard(TYPED)
    await answer_all(core, await unsure_of_two(core))
    await dispatcher.deliver_due()
    message = await server.reply_to(question)

    clicked = await server.choose(message, 0)
    await server.until(lambda: clicked.acknowledged_after is not None)
    await server.redeliver_interaction(clicked)
    refused = f"/interactions/{clicked.id}/{clicked.token}/callback"
    await server.until(lambda: [path for _, path, _ in server.state.requests].count(refused) == 2)
    assert await asked(core) == [TYPED, NEAR]
    await answer_all(core, approved(verified(), answer=ANSWER))
    await dispatcher.deliver_due()
    assert await server.response_to(clicked) == f"> {NEAR}\n{ANSWER}\n{MARK}"
    assert not clicked.ephemeral
    voted = await server.click(message, up=True)
    assert (await server.response_to(voted)).startswith("Thanks")

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
