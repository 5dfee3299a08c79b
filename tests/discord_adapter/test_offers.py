"""What Discord offers besides answers: questions while one types, figures for admins, German names."""

from __future__ import annotations

import re

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from bot.dialects.discord_text import LIMIT
from bot.discord._sync import commands_digest
from bot.discord.client import DiscordAdapter
from bot.discord.completion import build_choices
from bot.discord.stats import NOT_ALLOWED_TEXT, build_figures, may_manage
from supportbot.statistics.asked import Asked
from supportbot.statistics.statistics import Statistics
from tests.discord_adapter.conftest import Core, World, listening
from tests.discord_adapter.test_policies import manager
from tests.discord_adapter.test_text import HOSTILE, PING, masked_links
from tests.discord_server import DiscordServer
from tests.policies import decide
from tests.supportbot.feedback.curation.rows import add_workspace
from tests.supportbot.knowledge.publishing import approve

FAQ = {"Five days.": ["How long does a refund take?"], "No.": ["Do you ship abroad?"]}

_texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)), max_size=9).map("".join)


async def offered(world: World, typed: str) -> list[str]:
    """Return what the bot offers to Alice, who has typed so much."""
    choices = await world.alice.autocomplete(world.channel, "ask", "question", typed)
    assert all(choice["name"] == choice["value"] for choice in choices)
    return [choice["name"] for choice in choices]


async def test_verified_questions_complete_what_is_typed(world: World) -> None:
    """Questions that begin so, or nearly, are offered; those of another guild are not; a choice is answered."""
    await approve(world.core.database, FAQ)
    elsewhere = await add_workspace(world.core.database, "discord", consents=True, name="4711")
    await approve(world.core.database, {"Yes.": ["Do you ship to Norway?"]}, workspace_id=elsewhere)
    await world.core.knowledge.load()
    assert await offered(world, "do you") == ["Do you ship abroad?"]
    assert await offered(world, "refnd") == ["How long does a refund take?"]
    assert set(await offered(world, "")) == {"Do you ship abroad?", "How long does a refund take?"}
    assert await offered(world, "xqzv") == []
    await world.alice.slash(world.channel, "ask", question="Do you ship abroad?")
    assert (await world.core.only()).question == "Do you ship abroad?"


async def test_completion_that_fails_offers_nothing(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever types sees no offer when the database fails, and the log does not say what was typed."""
    async with world.core.database.write() as session:
        await session.execute(text("ALTER TABLE workspace RENAME TO elsewhere"))
    assert await offered(world, "my secret") == []
    written = "".join(capfd.readouterr())
    assert "discord.completion_failed" in written
    assert "my secret" not in written


@given(questions=st.lists(_texts, max_size=40))
def test_choices_keep_discords_limits(questions: list[str]) -> None:
    """At most 25 choices, none empty, too long or there twice: Discord would refuse them all."""
    choices = build_choices(questions)
    assert len({choice.value for choice in choices}) == len(choices) <= 25
    for choice in choices:
        assert 0 < len(choice.name.encode("utf-16-le")) // 2 <= 100
        assert choice.name == choice.value == " ".join(choice.value.split())


async def test_figures_are_for_those_who_manage_the_server(world: World) -> None:
    """Who may manage the server alone is shown its figures, and nobody else sees that."""
    await world.mention("how long?")
    await world.core.answer()
    await world.env.settle()
    boss = world.env.create_user("boss")
    guild = world.channel.guild
    role = guild.create_role("staff", permissions=discord.Permissions(manage_guild=True))
    manager = guild.add_member(boss, roles=[role])
    shown = await manager.slash(world.channel, "stats")
    assert shown.ephemeral
    assert shown.response.content.startswith("1 question in the last 7 days: 1 ")


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        (discord.Permissions(manage_guild=True), True),
        (discord.Permissions(administrator=True), True),
        (discord.Permissions(manage_messages=True, manage_channels=True), False),
        (discord.Permissions.none(), False),
    ],
)
def test_managers_are_told_by_their_permissions(permissions: discord.Permissions, expected: bool) -> None:
    """Administrators have every permission, others need the one."""
    assert may_manage(permissions) is expected


@given(question=_texts)
def test_figures_fit_and_ping_nobody(question: str) -> None:
    """Whatever is asked most, the figures are one message that pings nobody and hides no address."""
    figures = Statistics(
        days=7,
        questions=10**9,
        verified=10**9,
        small_talk=10**9,
        quoted=10**9,
        generated=10**9,
        not_sure=10**9,
        failed=10**9,
        open=10**9,
        refused=10**9,
        votes_up=10**9,
        votes_down=10**9,
        up_rate=(0.5, 0.4, 0.6),
        median_seconds=10.0**6,
        p95_seconds=10.0**6,
        most_asked=(Asked(1, question * 9, 10**9),) * 5,
    )
    shown = build_figures(figures)
    assert len(shown.encode("utf-16-le")) // 2 <= LIMIT
    assert not PING.search(shown)
    assert not masked_links(shown)


async def test_open_handoffs_are_counted(world: World) -> None:
    """Who manages the server sees how many people wait for an answer, and since when."""
    core, server = world.core, str(world.channel.guild.id)
    await decide(core.database, "discord", server, handoff_target="77")
    await world.mention("how long?")
    await core.answer()
    answer_id = (await core.only()).answer_id
    assert answer_id is not None
    assert core.service.handoffs is not None
    await core.service.handoffs.ask(answer_id, f"discord:{world.alice.id}", workspace=server)
    shown = await manager(world).slash(world.channel, "stats")
    assert re.search(r"^Open hand-offs: 1, oldest <t:\d+:R>\.$", shown.response.content, re.MULTILINE)


async def test_commands_have_german_names(world: World) -> None:
    """Names and descriptions are registered in German too, and all that Discord shows is translated."""
    (request,) = world.requests("PUT", "/commands")
    registered = {command["name"]: command for command in request.json}
    assert registered["ask"]["name_localizations"] == {"de": "fragen"}
    assert registered["ask"]["options"][0]["name_localizations"] == {"de": "frage"}
    assert registered["ask"]["options"][0]["autocomplete"] is True
    assert registered["stats"]["default_member_permissions"] == discord.Permissions(manage_guild=True).value
    assert registered["stats"]["integration_types"] == [0]
    assert registered["ask"]["integration_types"] == registered["Answer this"]["integration_types"] == [0, 1]
    assert registered["ask"]["contexts"] == [0, 1, 2]
    for command in registered.values():
        for told in (command, *command.get("options", [])):
            assert told["name_localizations"].keys() == {"de"}
            assert not told.get("description") or told["description_localizations"].keys() == {"de"}
            assert len(told.get("description_localizations", {"de": ""})["de"]) <= 100
            is_menu = command["type"] == 3
            assert is_menu or re.fullmatch(r"[-_\w]{1,32}", told["name_localizations"]["de"])


async def test_translations_are_a_part_of_what_is_registered(world: World) -> None:
    """Commands without their German names are other commands, so they are registered again."""
    tree = world.client.tree
    german = await commands_digest(tree)
    assert await commands_digest(tree) == german
    await tree.set_translator(None)
    assert await commands_digest(tree) != german


async def test_figures_are_refused_to_others(core: Core, adapter: DiscordAdapter, server: DiscordServer) -> None:
    """Where a server lets everybody use the command, whoever may not manage it is told so and nothing else."""
    async with listening(adapter, server):
        asked = await server.stats(permissions=discord.Permissions(send_messages=True))
        assert await server.response_to(asked) == NOT_ALLOWED_TEXT
        assert asked.ephemeral
        asked = await server.stats(permissions=discord.Permissions(manage_guild=True))
        assert await server.response_to(asked) == "No questions in the last 7 days."
        assert asked.ephemeral
