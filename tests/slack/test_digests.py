"""The weekly digest in Slack: what it shows, that it pings nobody, and that it is there once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.digest import build_digest, build_notification
from bot.slack.views import to_dicts
from supportbot.delivery.dispatch import UndeliverableError
from supportbot.digest.digest import Digest, Digests
from supportbot.digest.gaps import Gap
from supportbot.digest.posting import Posting
from supportbot.digest.reading import Helper
from supportbot.statistics.asked import Asked
from supportbot.words import ENGLISH, Words
from tests.digests import ask, help_with, make_due, post, states
from tests.policies import decide
from tests.slack.conftest import Bot
from tests.slack.test_home import FIGURES
from tests.slack.test_views import NASTY
from tests.slack_server import ApiError, LocalSlack, Reset
from tests.slack_server.state import TEAM
from tests.supportbot.feedback.curation.rows import add_workspace

DIGEST = Digest(
    figures=FIGURES,
    gaps=(Gap("do you gift wrap?", 3, 2), Gap("", 1, 1)),
    helpers=(Helper("U7", "slack", 2), Helper("", "slack", 1)),
)

_texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=20)), max_size=20).map("".join)


def test_what_it_shows() -> None:
    """Figures, what is asked most, the gaps, who helped, and how to fill a gap, in this order."""
    blocks: list[Any] = to_dicts(build_digest(DIGEST, ["Ada", ""]))
    header, figures, asked, gaps, helped, add = blocks
    assert header["text"]["text"] == "This week's questions"
    assert figures["text"]["text"].startswith("2 questions in the last 7 days: 1 verified, 1 not sure.\n")
    assert asked["text"]["text"].endswith("\n• How long does a refund take? (1)")
    assert gaps["text"]["text"] == (
        "*Questions without an answer, most people first*\n"
        "• do you gift wrap? (2 people, 3 questions)\n"
        "• _asked in private, not shown_ (1 person)"
    )
    assert helped["text"]["text"] == "*Who helped*\nAda (2), 1 other"
    assert "`supportbot knowledge add --answer" in str(add)
    assert (
        build_notification(DIGEST)
        == "This week's questions: 2 questions in the last 7 days: 1 verified, 1 not sure."
    )


def test_german() -> None:
    """All that is the bot's own is in the language, what people wrote is not."""
    shown = str(to_dicts(build_digest(DIGEST, ["Ada", ""], Words("de"))))
    for sentence in (
        "Die Woche in Fragen",
        "do you gift wrap? (2 Menschen, 3 Fragen)",
        "Ada (2), 1 weiterer Mensch",
    ):
        assert sentence in shown


def test_quiet_week_is_one_line() -> None:
    """Where nothing happened, one block says so."""
    quiet = Digest(figures=replace(FIGURES, questions=0, refused=0), gaps=(), helpers=())
    (block,) = build_digest(quiet, [])
    assert block.to_dict()["text"]["text"] == "*This week's questions*\nNobody asked anything in the last 7 days."


@given(text=_texts, name=_texts, number=st.integers(1, 30))
def test_no_text_pings_or_hides_a_link(text: str, name: str, number: int) -> None:
    """Whatever was asked and whoever helped, nothing is markup, and Slack's limits hold."""
    digest = Digest(
        figures=replace(FIGURES, most_asked=(Asked(1, text, 1),) * 5),
        gaps=(Gap(text, 2, 2),) * number,
        helpers=(Helper("U1", "slack", 1),) * number,
    )
    blocks: list[Any] = to_dicts(build_digest(digest, [name] * number))
    assert len(blocks) <= 6
    for block in blocks:
        if block["type"] == "section":
            section = block["text"]
            assert section["verbatim"] is True
            assert 0 < len(section["text"]) <= 3_000
            assert "<" not in section["text"]


def loop(bot: Bot, owner: str = "one") -> Posting:
    """Return the loop of a daemon that posts in the local Slack."""
    posting = Posting(bot.core.database, Digests(bot.core.database, lambda: None), owner)
    posting.add(bot.adapter.digests)
    return posting


async def test_posted_once_with_names(slack: LocalSlack, bot: Bot) -> None:
    """It is there once though the line broke after Slack took it; who helped is named, not mentioned."""
    here = await add_workspace(bot.core.database, "slack", consents=False, name=TEAM)
    question = await ask(bot.core.database, here, "where is <!channel> <@U9>?")
    await help_with(bot.core.database, question, "digest of u7", "U7")
    await make_due(bot.core.database, "slack", TEAM, "CTEAM")
    slack.misbehave("chat.postMessage", Reset(after_accept=True))
    await loop(bot).look()
    again = loop(bot, "two")
    await again.recover()
    await again.look()
    (shown,) = slack.replies
    assert shown.channel == "CTEAM"
    assert "*Who helped*\nname-of-u7 (1)" in shown.shown
    assert "<!" not in str(shown.blocks)
    assert "<@" not in str(shown.blocks)
    assert (shown.arguments["link_names"], shown.arguments["parse"]) == (False, "none")
    assert [state.value for state in await states(bot.core.database)] == ["delivered"]


async def test_elsewhere_people_are_counted(slack: LocalSlack, bot: Bot) -> None:
    """Of another workspace's people nobody is named, and Slack is not asked who they are."""
    digest = replace(DIGEST, helpers=(Helper("U7", "slack", 2),))
    await bot.adapter.digests.post(post(home="web", workspace="local", channel="C1"), digest, ENGLISH)
    assert "1 person answered what I didn't know." in slack.replies[0].shown
    assert slack.calls("users.info") == []


async def test_refused_for_good(slack: LocalSlack, bot: Bot) -> None:
    """Where the bot is not in the channel, the sentence says what to do."""
    slack.misbehave("chat.postMessage", ApiError("not_in_channel"))
    with pytest.raises(UndeliverableError, match="invite it"):
        await bot.adapter.digests.post(post(), DIGEST, ENGLISH)


async def test_decided_in_the_form_of_all_channels(slack: LocalSlack, bot: Bot) -> None:
    """The form of one channel has no digest; that of all has, and says at the field what is wrong."""
    slack.make_admin("U1")
    await slack.wait_for_ack(await slack.slash("C1", "U1", "config", command="/supportbot"))
    assert "Weekly digest" not in str(slack.modals[0].view)
    await slack.wait_for_ack(await slack.slash("C1", "U1", "config all", command="/supportbot"))
    form = slack.modals[1]
    yes = "Yes, Mondays at 9 in the time zone of the working hours"
    await slack.submit(form, fields={"digest": yes})
    assert form.errors == {"digest_channel": "Choose a channel for the weekly digest."}
    await slack.submit(form, fields={"digest": yes, "digest_channel": "<#C9|team>"})
    assert "Weekly digest: yes" in form.shown
    assert "Digest channel: C9" in form.shown


async def test_home_leads_to_what_is_open_and_to_the_settings(slack: LocalSlack, bot: Bot) -> None:
    """An admin sees how many wait, since when and where, and not what was asked. The button opens the form."""
    await decide(bot.core.database, "slack", TEAM, handoff_target="CTEAM")
    asked = await slack.wait_for_ack(await slack.mention("C1", "U2", "a secret question"))
    (answer_id,) = await bot.answer("Hm.")
    assert bot.core.service.handoffs is not None
    await bot.core.service.handoffs.ask(answer_id, f"slack:{TEAM}:U2", workspace=TEAM)
    await bot.deliver_all()
    people = await slack.wait_for_message(channel="CTEAM")
    slack.make_admin("U1")
    await slack.open_tab("U1")
    home = await slack.wait_for_home("U1")
    assert "*Open hand-offs: 1, oldest from <!date^" in home
    assert "asked in <#C1>" in home
    assert f"<https://local.slack.com/archives/CTEAM/p{people.ts.replace('.', '')}>" in home
    assert "secret" not in home
    assert asked.ts

    await slack.wait_for_ack(await slack.press_in_home("U1", "open_settings"))
    await slack.wait_until(lambda: slack.modals)
    assert "all channels without their own settings" in slack.modals[0].shown
    await slack.wait_for_ack(await slack.press_in_home("U3", "open_settings"))
    await slack.wait_until(lambda: len(slack.modals) == 2)
    assert "Only admins can change" in slack.modals[1].shown
