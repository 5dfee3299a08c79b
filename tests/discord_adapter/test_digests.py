"""The weekly digest on Discord: what it shows, that it fits and pings nobody, and that it is there once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from bot.dialects.discord_text import LIMIT
from bot.discord.client import DiscordAdapter
from bot.discord.digest import build_digest
from supportbot.db.models import DigestPost
from supportbot.delivery.dispatch import UndeliverableError
from supportbot.digest.digest import Digest, Digests
from supportbot.digest.gaps import Gap
from supportbot.digest.posting import Posting
from supportbot.digest.reading import Helper
from supportbot.policies.store import Place
from supportbot.statistics.asked import Asked
from supportbot.words import ENGLISH
from tests.digests import WEEK, ask, help_with, make_due, post, states
from tests.discord_adapter.conftest import Core, World
from tests.discord_adapter.test_policies import filled_in, manager
from tests.discord_adapter.test_text import HOSTILE, PING, masked_links
from tests.discord_server import DiscordServer, Fault
from tests.discord_server.state import CHANNEL_ID, FORUM_ID, GUILD_ID
from tests.slack.test_home import FIGURES
from tests.supportbot.feedback.curation.rows import add_workspace

HERE = post(home="discord", platform="discord", workspace=GUILD_ID, channel=CHANNEL_ID)
DIGEST = Digest(
    figures=FIGURES,
    gaps=(Gap("do you gift wrap?", 3, 2), Gap("", 1, 1)),
    helpers=(Helper("Ada", "discord", 2), Helper("", "discord", 1)),
)

_texts = st.lists(st.one_of(st.sampled_from([*HOSTILE, "`😀" * 150]), st.text(max_size=30)), max_size=9).map(
    "".join
)


def test_what_it_shows() -> None:
    """Figures, what is asked most, the gaps, who helped, and how to fill a gap, in this order."""
    assert build_digest(HERE, DIGEST) == (
        "**This week's questions, 30 Nov 2026**\n"
        "2 questions in the last 7 days: 1 verified, 1 not sure.\n"
        "3 more questions were refused: too many at once.\n"
        "👍 1 of 1 vote: 100% (95% interval: 21% to 100%).\n"
        "Half of the answers arrived within 0.4 s, 95% within 2.0 s.\n"
        "**Most asked verified questions**\n"
        "- How long does a refund take? (1)\n"
        "**Questions without an answer, most people first**\n"
        "- do you gift wrap? (2 people, 3 questions)\n"
        "- *asked in private, not shown* (1 person)\n"
        "**Who helped**\n"
        "Ada (2), 1 other\n"
        '-# To add an answer, the bot\'s operator runs: `supportbot knowledge add --answer "…" --question '
        '"…"`'
    )
    assert "1 person" in build_digest(replace(HERE, home="web"), replace(DIGEST, helpers=DIGEST.helpers[:1]))


def test_quiet_week_is_one_line() -> None:
    """Where nothing happened, one line below the title says so."""
    quiet = Digest(figures=replace(FIGURES, questions=0, refused=0), gaps=(), helpers=())
    assert build_digest(HERE, quiet).split("\n")[1:] == ["Nobody asked anything in the last 7 days."]


@given(text=_texts, number=st.integers(1, 30))
def test_fits_into_one_message_and_pings_nobody(text: str, number: int) -> None:
    """Whatever was asked and whoever helped, it has at most 2,000 units, no mention and no masked link."""
    digest = Digest(
        figures=replace(FIGURES, most_asked=(Asked(1, text, 1),) * 5),
        gaps=(Gap(text, 2, 2),) * number,
        helpers=(Helper(text or "x", "discord", 1),) * number,
    )
    shown = build_digest(HERE, digest)
    assert len(shown.encode("utf-16-le")) // 2 <= LIMIT
    assert not PING.search(shown)
    assert not masked_links(shown)


def loop(core: Core, adapter: DiscordAdapter, owner: str = "one") -> Posting:
    """Return the loop of a daemon that posts on the local Discord."""
    posting = Posting(core.database, Digests(core.database, lambda: None), owner)
    posting.add(adapter.digests)
    return posting


async def try_again(core: Core, adapter: DiscordAdapter, *, age: timedelta = timedelta()) -> None:
    """Let another daemon take over what was not noted as posted, so much later."""
    async with core.database.write() as session:
        await session.execute(update(DigestPost).values(created_at=datetime.now(UTC) - age))
    posting = loop(core, adapter, "two")
    await posting.recover()
    await posting.look()


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=4)], ids=["at once", "later"])
async def test_posted_once_with_names(
    core: Core, server: DiscordServer, adapter: DiscordAdapter, age: timedelta
) -> None:
    """It is there once though the line broke after Discord took it, whether the nonce is remembered or not."""
    here = await add_workspace(core.database, "discord", consents=False, name=GUILD_ID)
    question = await ask(core.database, here, "where is @everyone?", platform="discord")
    await help_with(core.database, question, "digest of bob", "bob", platform="discord")
    await make_due(core.database, "discord", GUILD_ID, CHANNEL_ID)
    server.fail("POST", f"/channels/{CHANNEL_ID}/messages", Fault(drop=True, after=True))
    await loop(core, adapter).look()
    await try_again(core, adapter, age=age)
    (shown,) = server.bot_messages
    assert shown["channel_id"] == CHANNEL_ID
    assert shown["content"].startswith(
        f"**This week's questions, {WEEK.day} {WEEK:%b %Y}**\n1 question in the last 7 days"
    )
    assert "bob (1)" in shown["content"]
    assert "@everyone" not in shown["content"]
    assert shown["allowed_mentions"]["parse"] == []
    assert [state.value for state in await states(core.database)] == ["delivered"]


async def test_forum_has_one_post(core: Core, server: DiscordServer, adapter: DiscordAdapter) -> None:
    """A forum gets a post with the week as its title, once though the line broke."""
    await make_due(core.database, "discord", GUILD_ID, FORUM_ID)
    server.fail("POST", f"/channels/{FORUM_ID}/threads", Fault(drop=True, after=True))
    await loop(core, adapter).look()
    await try_again(core, adapter)
    (thread,) = server.state.posts
    assert thread["name"] == "This week's questions, 30 Nov 2026"


async def test_known_again_in_another_language(core: Core, server: DiscordServer, adapter: DiscordAdapter) -> None:
    """It is there once though the language was decided anew between two attempts."""
    await make_due(core.database, "discord", GUILD_ID, CHANNEL_ID)
    server.fail("POST", f"/channels/{CHANNEL_ID}/messages", Fault(drop=True, after=True))
    await loop(core, adapter).look()
    await core.service.policies.change(Place(platform="discord", workspace=GUILD_ID), {"language": "de"}, "ada")
    await try_again(core, adapter, age=timedelta(minutes=4))
    (shown,) = server.bot_messages
    assert shown["content"].startswith("**This week's questions, ")
    assert [state.value for state in await states(core.database)] == ["delivered"]


async def test_not_to_another_server(server: DiscordServer, adapter: DiscordAdapter) -> None:
    """Who decides about one server cannot have its digest posted to another."""
    with pytest.raises(UndeliverableError, match="another server"):
        await adapter.digests.post(replace(HERE, workspace="800000000000000009"), DIGEST, ENGLISH)
    assert server.bot_messages == []


async def test_decided_in_a_form_of_its_own(world: World) -> None:
    """Discord allows five fields, so the digest has its own form, which can be opened again after a mistake."""
    mia, channel = manager(world), world.channel
    opened = await mia.slash(channel, "config", where="digest")
    sent = await mia.submit_modal(opened, filled_in(opened, digest=["yes"]))
    assert "Choose a channel for the weekly digest." in sent.response.content
    again = await mia.click(sent.response, custom_id="supportbot:policy-again:digest")
    saved = await mia.submit_modal(again, filled_in(again, digest=["yes"], digest_channel=f"<#{channel.id}>"))
    assert "Weekly digest: yes" in saved.response.content
    assert f"Digest channel: {channel.id}" in saved.response.content
