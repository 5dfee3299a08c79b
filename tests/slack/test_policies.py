"""What is answered in a Slack channel as its admins decided, and how they decide it."""

from __future__ import annotations

import pytest

from bot.policies import ADMINS_TEXT, NOT_HERE_TEXT
from bot.slack.admins import administers
from bot.slack.app import open_slack
from bot.slack.views import THINKING_TEXT
from supportbot.db import audit
from supportbot.db.states import AnswerSource
from supportbot.intake.questions import Grounds, Reply, Suggestion
from supportbot.policies.policy import AnswerOn, Policy
from supportbot.policies.store import Place
from tests.slack.conftest import IMPATIENT, Bot, Core, running, slack_settings
from tests.slack_server import ApiError, Envelope, LocalSlack
from tests.slack_server.records import Modal
from tests.slack_server.state import TEAM

HERE = Place(platform="slack", workspace=TEAM, channel="C1")
ALL = Place(platform="slack", workspace=TEAM)
QUESTION = "how do I reset my password?"


async def decide(bot: Bot, **settings: object) -> None:
    """Decide about the channel."""
    await bot.core.service.policies.change(HERE, settings, "ada")


async def asked(bot: Bot) -> list[str]:
    """Return what was asked, the oldest first."""
    return [question.question for question in await bot.core.questions()]


async def test_questions_to_nobody_are_asked_without_a_sign(slack: LocalSlack, bot: Bot) -> None:
    """Where the policy says so: once, without a status; chat, and what names a person, is left alone."""
    await slack.wait_for_ack(await slack.say("C1", "U1", QUESTION))
    assert await asked(bot) == []
    await decide(bot, answer_on="questions")
    await slack.wait_for_ack(await slack.say("C1", "U1", QUESTION, copies=2))
    for talk in ("lunch at noon", "<@U2> how do I reset my password?", "`how do I reset my password?`"):
        await slack.wait_for_ack(await slack.say("C1", "U1", talk))
    await slack.wait_for_ack(await slack.say("C2", "U1", QUESTION))
    assert await asked(bot) == [QUESTION]
    assert slack.statuses == []
    await bot.answer("Press the button.")
    [reply] = slack.replies
    assert reply.thread_ts == slack.messages[1].ts


async def test_edit_makes_and_unmakes_a_question(slack: LocalSlack, bot: Bot) -> None:
    """What an edit makes a question is heard, what it takes back is forgotten, and a mention asks the bot."""
    await decide(bot, answer_on="questions")
    said = await slack.wait_for_ack(await slack.say("C1", "U1", "my password"))
    await slack.wait_for_ack(await slack.edit(said, QUESTION))
    assert await asked(bot) == [QUESTION]
    await slack.wait_for_ack(await slack.edit(said, "never mind"))
    assert await asked(bot) == []
    await slack.wait_for_ack(await slack.edit(said, QUESTION))
    await slack.wait_for_ack(await slack.edit(said, f"<@U0BOT> {QUESTION}"))
    assert await asked(bot) == [QUESTION]
    assert len(slack.statuses) == 1
    other = await slack.wait_for_ack(await slack.say("C1", "U1", QUESTION))
    await slack.wait_for_ack(await slack.delete(other))
    assert await asked(bot) == [QUESTION]


async def test_others_ask_in_the_bots_thread(slack: LocalSlack, bot: Bot) -> None:
    """What somebody else asks there is heard as unasked; what they say to the asker is not."""
    await decide(bot, answer_on="questions")
    root = await slack.wait_for_ack(await slack.mention("C1", "U1", "hello"))
    await bot.answer("Hello.")
    await slack.wait_for_ack(await slack.say("C1", "U2", "that was quick", thread_ts=root.ts))
    await slack.wait_for_ack(await slack.say("C1", "U2", QUESTION, thread_ts=root.ts))
    assert await asked(bot) == ["hello", QUESTION]
    assert len(slack.statuses) == 1


async def test_never_is_silence(slack: LocalSlack, bot: Bot) -> None:
    """A mention gets nothing, not even a status; a command, and a click, get one private sentence."""
    near = Reply(
        text="I am not sure.",
        source=AnswerSource.NOT_SURE,
        grounds=Grounds(suggestions=(Suggestion(1, "How do I pay?"),)),
    )
    before = await slack.wait_for_ack(await slack.mention("C1", "U1", "hello"))
    await bot.answer(reply=near)
    shown = await slack.wait_for_message(thread_ts=before.ts)
    await decide(bot, answer_on="never")
    await slack.wait_for_ack(await slack.mention("C1", "U1", QUESTION))
    await slack.wait_for_ack(await slack.say("C1", "U1", "and now?", thread_ts=before.ts))
    await slack.wait_for_ack(await slack.mention("C1", "U1", "stop", thread_ts=before.ts))
    command = await slack.wait_for_ack(await slack.slash("C1", "U1", QUESTION))
    assert command.response == {"text": NOT_HERE_TEXT, "response_type": "ephemeral"}
    await slack.choose(shown, "U1", 0)
    assert (await slack.wait_for_ephemeral(user="U1")).shown
    await slack.wait_for_ack(await slack.dm("U1", QUESTION))
    assert await asked(bot) == ["hello", QUESTION]
    assert len(slack.statuses) == 2
    assert slack.calls("reactions.add") == []


async def test_in_threads_only_a_command_is_answered_privately(slack: LocalSlack, bot: Bot) -> None:
    """A mention has a thread of its own; the answer to a command would stand in the channel."""
    await decide(bot, answer_on="threads")
    command = await slack.wait_for_ack(await slack.slash("C1", "U1", QUESTION))
    assert command.response == {"text": THINKING_TEXT, "response_type": "ephemeral"}
    mention = await slack.wait_for_ack(await slack.mention("C1", "U2", "hello"))
    await bot.answer("Press the button.")
    await bot.deliver_all()
    assert [(one.channel, one.user) for one in slack.ephemerals] == [("C1", "U1")]
    assert "Press the button." in slack.ephemerals[0].shown
    assert [reply.thread_ts for reply in slack.replies] == [mention.ts]


async def test_quiet_hours(slack: LocalSlack, bot: Bot) -> None:
    """In them a follow-up is not answered, and who names the bot is."""
    always = {"zone": "UTC", "days": list(range(7)), "begin": "00:00", "end": "00:00"}
    root = await slack.wait_for_ack(await slack.mention("C1", "U1", "hello"))
    await bot.answer("Hello.")
    await decide(bot, answer_on="questions", quiet_hours=always)
    await slack.wait_for_ack(await slack.say("C1", "U1", "and for a card?", thread_ts=root.ts))
    await slack.wait_for_ack(await slack.say("C1", "U1", QUESTION))
    assert await asked(bot) == ["hello"]
    await slack.wait_for_ack(await slack.mention("C1", "U1", QUESTION))
    assert len(await asked(bot)) == 2


async def open_form(slack: LocalSlack, user: str = "U1", text: str = "config", channel: str = "C1") -> Envelope:
    """Have somebody type the command."""
    return await slack.wait_for_ack(await slack.slash(channel, user, text, command="/supportbot"))


async def opened(slack: LocalSlack, **options: str) -> Modal:
    """Have an admin open the form."""
    slack.make_admin("U1")
    await open_form(slack, **options)
    return slack.modals[-1]


async def test_admin_decides_in_a_form(slack: LocalSlack, bot: Bot) -> None:
    """It holds what holds now; what is sent is kept, audited, and confirmed in words."""
    await decide(bot, language="en")
    form = await opened(slack)
    assert [block.get("block_id") for block in form.view["blocks"][1:]] == [
        "answer_on",
        "verified_only",
        "quiet_hours",
        "handoff_target",
        "language",
    ]
    fields = {
        "answer_on": "Nobody",
        "quiet_hours": "Mon-Fri 18:00-08:00 Europe/Berlin",
        "handoff_target": "<#C9|help>",
    }
    await slack.submit(form, fields=fields)
    assert "Answer: nobody\n" in form.shown
    assert "Quiet hours: Mon-Fri 18:00-08:00 Europe/Berlin" in form.shown
    policy = await bot.core.service.policies.shown(HERE)
    assert (policy.answer_on, policy.handoff_target, policy.language) == (AnswerOn.NEVER, "C9", "en")
    deed = (await audit.recent(bot.core.database, 1))[0]
    assert (deed.actor, deed.action) == (f"slack:{TEAM}:U1", "policy.change")
    again = await opened(slack)
    assert again.view["blocks"][3]["element"]["initial_value"] == "Mon-Fri 18:00-08:00 Europe/Berlin"
    await slack.submit(again, fields={"quiet_hours": ""})
    assert (await bot.core.service.policies.shown(HERE)).quiet_hours is None


async def test_what_is_wrong_is_said_at_its_field(slack: LocalSlack, bot: Bot) -> None:
    """The form stays open, and nothing is kept."""
    form = await opened(slack)
    await slack.submit(form, fields={"answer_on": "Nobody", "quiet_hours": "at night"})
    assert set(form.errors) == {"quiet_hours"}
    assert form.is_open
    assert await bot.core.service.policies.shown(HERE) == Policy()


async def test_what_is_wrong_is_said_in_the_language_of_the_channel(slack: LocalSlack, bot: Bot) -> None:
    """A sentence about what was typed is translated, and what was typed stands in it as it was."""
    await bot.core.service.policies.change(HERE, {"language": "de"}, "test")
    form = await opened(slack)
    await slack.submit(form, fields={"quiet_hours": "Mittwoch 22:00-07:00 UTC"})
    assert form.errors == {
        "quiet_hours": "„Mittwoch“ ist kein Wochentag: Schreiben Sie Mon, Tue, Wed, Thu, Fri, Sat, Sun."
    }


@pytest.mark.parametrize(("text", "channel"), [("config all", "C1"), ("config", "DU1")])
async def test_form_of_the_whole_workspace(slack: LocalSlack, bot: Bot, text: str, channel: str) -> None:
    """All channels are decided about by saying so, or from a direct message."""
    form = await opened(slack, text=text, channel=channel)
    assert "all channels" in form.shown
    await slack.submit(form, fields={"verified_only": "Yes"})
    assert (await bot.core.service.policies.shown(ALL)).verified_only


async def test_only_admins_may_decide(slack: LocalSlack, bot: Bot) -> None:
    """Anybody else is told one sentence; who is no longer an admin when the form is sent, too."""
    told = await open_form(slack)
    assert told.response == {"text": ADMINS_TEXT, "response_type": "ephemeral"}
    form = await opened(slack)
    slack.describe("U1", is_admin=False)
    await slack.submit(form, fields={"answer_on": "Nobody"})
    assert form.shown == ADMINS_TEXT
    assert await bot.core.service.policies.listed() == []
    assert await asked(bot) == []


@pytest.mark.parametrize(("error", "said"), [("missing_scope", "users:read"), ("internal_error", "try again")])
async def test_slack_that_does_not_say_who_is_admin(slack: LocalSlack, bot: Bot, error: str, said: str) -> None:
    """Then nobody is, and the sentence names the remedy."""
    form = await opened(slack)
    slack.misbehave("users.info", ApiError(error), times=2)
    told = await open_form(slack)
    assert told.response is not None
    assert said in told.response["text"]
    await slack.submit(form, fields={"answer_on": "Nobody"})
    assert said in form.shown
    assert await bot.core.service.policies.listed() == []


async def test_form_that_cannot_be_opened_is_told(slack: LocalSlack, bot: Bot) -> None:
    """An old trigger leaves nobody without a word."""
    slack.make_admin("U1")
    slack.misbehave("views.open", ApiError("expired_trigger_id"))
    told = await open_form(slack)
    assert told.response is not None
    assert "try again" in told.response["text"]


@pytest.mark.parametrize(
    ("changes", "is_one"),
    [
        ({}, True),
        ({"is_admin": False, "is_owner": True}, True),
        ({"is_admin": False}, False),
        ({"id": "U2"}, False),
        ({"deleted": True}, False),
        ({"is_bot": True}, False),
        ({"is_restricted": True}, False),
        ({"team_id": "T2"}, False),
        ({"team_id": "T2", "is_stranger": True}, False),
        ({"team_id": "E1", "enterprise_user": {"teams": ["T1", "T2"]}}, True),
        ({"team_id": "E1", "enterprise_user": {"teams": ["T2"]}}, False),
    ],
)
def test_who_is_an_admin(changes: dict[str, object], is_one: bool) -> None:
    """An admin or owner of this workspace, who is still there and a person."""
    profile = {"id": "U1", "team_id": "T1", "is_admin": True, "is_owner": False, **changes}
    assert administers(profile, "T1", "U1") is is_one
    assert not administers(None, "T1", "U1")


async def test_operator_names_admins(slack: LocalSlack, core: Core) -> None:
    """Whoever stands in SUPPORTBOT_ADMINS may decide, and Slack is not asked."""
    settings = slack_settings(slack).model_copy(update={"admins": f"slack:{TEAM}:U7, discord:8001:1001"})
    async with open_slack(core.service, settings, patience=IMPATIENT) as adapter, running(adapter):
        await slack.wait_until_connected(2)
        await open_form(slack, "U7")
        assert [modal.user for modal in slack.modals] == ["U7"]
        assert slack.calls("users.info") == []
