"""What was asked while nobody listened is found in the history."""

from __future__ import annotations

from sqlalchemy import select
from structlog.testing import capture_logs

from bot.slack.app import open_slack
from bot.slack.catchup import MOST_UNASKED
from supportbot.db.models import Question
from tests.outage import outage, refusing
from tests.slack.conftest import IMPATIENT, Bot, Core, HttpBot, connected, running, slack_settings
from tests.slack_server import ApiError, HttpAnswer, LocalSlack, RateLimited
from tests.slack_server.state import BOT_USER
from tests.waiting import until

MENTION = f"<@{BOT_USER}> how?"


async def questions(core: Core) -> list[tuple[str, str]]:
    """Return the channels' messages that are questions now, and what they ask."""
    async with core.database.read() as session:
        rows = await session.execute(select(Question.identity, Question.text).order_by(Question.id))
    return [(identity.split(":", 1)[1], text) for identity, text in rows]


async def caught_up(slack: LocalSlack, count: int = 1) -> None:
    """Wait until the history was read so often; each time begins with the list of channels."""
    await slack.wait_until(
        lambda: len(slack.calls("users.conversations")) >= count or None, "the channels to be read"
    )


async def test_what_was_asked_before_the_start_is_answered(slack: LocalSlack, core: Core) -> None:
    """Mentions in channels and threads and direct messages are heard, once, in their order; chatter is not."""
    root = slack.say_unheard("C1", "U1", "Lunch, anybody?")
    first = slack.say_unheard("C1", "U1", MENTION)
    in_thread = slack.say_unheard("C1", "U2", f"{MENTION} And when?", thread_ts=root)
    direct = slack.say_unheard("DU3", "U3", "where?")
    expected = [(f"C1:{first}", "how?"), (f"C1:{in_thread}", "how? And when?"), (f"DU3:{direct}", "where?")]
    async with connected(slack, core.service):
        await slack.wait_until(lambda: len(slack.statuses) == 3 or None, "three questions in work")
        assert await questions(core) == expected
    async with connected(slack, core.service):  # another start finds nothing new
        await caught_up(slack, 2)
        last = await slack.mention("C2", "U1", "more?")
        await slack.wait_for_ack(last)
    assert [text for _, text in await questions(core)] == ["how?", "how? And when?", "where?", "more?"]


async def test_http_mode_reads_back_at_its_start(slack: LocalSlack, core: Core) -> None:
    """Over HTTP nothing says that Slack was away, but a start does."""
    slack.say_unheard("C1", "U1", MENTION)
    settings = slack_settings(slack, http=True)
    async with open_slack(core.service, settings, patience=IMPATIENT) as adapter, running(adapter):
        await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert len(await questions(core)) == 1


async def test_what_came_during_an_outage_is_found(slack: LocalSlack, bot: Bot) -> None:
    """When the connections are back, what Slack did not tell is read back."""
    await caught_up(slack)
    slack.say_unheard("C1", "U1", MENTION)
    slack.cut()
    await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert len(await bot.core.questions()) == 1


async def test_what_the_database_refused_is_found_though_slack_gave_up(slack: LocalSlack, bot: Bot) -> None:
    """While the database is away nothing is acknowledged; when it is back, the question is heard all the same."""
    await caught_up(slack)
    slack.give_up_after(1)
    with capture_logs() as lines, outage(bot.core.database):
        refused = await slack.mention("C1", "U1", "how?")
        await until(lambda: sum(line["event"] == "slack.not_acknowledged" for line in lines) == 2)
        await until(lambda: any(line["event"] == "slack.catch_up_failed" for line in lines))
    await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert len(await bot.core.questions()) == 1
    assert (refused.attempts, refused.acked) == (2, False)


async def test_faults_while_reading_back_are_survived(slack: LocalSlack, core: Core) -> None:
    """A rate limit, an error of Slack's and a page that is not Slack's only delay it."""
    slack.say_unheard("C1", "U1", MENTION)
    slack.misbehave("users.conversations", HttpAnswer(200, "<html/>", "text/html"))
    slack.misbehave("conversations.history", RateLimited("0"))
    slack.misbehave("conversations.history", ApiError("internal_error"))
    async with connected(slack, core.service):
        await slack.wait_until(lambda: slack.statuses or None, "the question in work")


async def test_channel_that_cannot_be_read_hides_no_other(slack: LocalSlack, core: Core) -> None:
    """A channel that the bot was just put out of is passed over."""
    slack.say_unheard("C1", "U1", MENTION)
    slack.say_unheard("C2", "U1", MENTION)
    slack.misbehave("conversations.history", ApiError("not_in_channel"))
    async with connected(slack, core.service):
        await slack.wait_until(lambda: slack.statuses or None, "the question in work")
    assert [where.partition(":")[0] for where, _ in await questions(core)] == ["C2"]


async def test_channel_in_trouble_is_tried_again_alone(slack: LocalSlack, core: Core) -> None:
    """What Slack can't read now holds up no other channel, and these are not read once more for it."""
    slack.say_unheard("C1", "U1", MENTION)
    slack.say_unheard("C2", "U1", MENTION)
    slack.misbehave("conversations.history", ApiError("internal_error"))
    async with connected(slack, core.service):
        await slack.wait_until(lambda: len(slack.statuses) == 2 or None, "both questions in work")
    read = [call.arguments["channel"] for call in slack.calls("conversations.history")]
    assert read == ["C1", "C2", "C1"]


async def test_channels_that_are_asked_in_come_first(slack: LocalSlack, bot: Bot) -> None:
    """Read back are the lately used channels first, and of those where nobody ever asked only so many."""
    await caught_up(slack)
    for number in range(MOST_UNASKED + 3):
        slack.channel(f"CIDLE{number}")
    for channel in ("CEARLY", "CLATE", "CEARLY2"):
        await slack.wait_for_ack(await slack.mention(channel, "U1", "how?"))
        await bot.answer()
    before = len(slack.calls("conversations.history"))
    with capture_logs() as lines:
        slack.cut()
        await until(lambda: any(line["event"] == "slack.caught_up" for line in lines))
    read = [call.arguments["channel"] for call in slack.calls("conversations.history")[before:]]
    assert read[:3] == ["CEARLY2", "CLATE", "CEARLY"]
    # Both of Slack's lines were cut, and each that is back may have them read once more.
    assert len({*read[: 3 + MOST_UNASKED]}) == 3 + MOST_UNASKED
    assert {line["channels"] for line in lines if line["event"] == "slack.channels_passed_over"} == {3}


async def test_message_that_is_never_kept_is_given_up(slack: LocalSlack, core: Core) -> None:
    """What fails each time it is read back is left, with one line in the log, and hides nothing else."""
    slack.say_unheard("C1", "U1", f"<@{BOT_USER}> poison?")
    slack.say_unheard("C1", "U1", MENTION)
    with capture_logs() as lines, refusing(core.database, "poison"):
        async with connected(slack, core.service):
            await until(lambda: any(line["event"] == "slack.message_given_up" for line in lines))
            await slack.wait_until(lambda: slack.statuses or None, "the question in work")
            slack.cut()  # which has the channels read once more
            await until(
                lambda: (
                    sum(line["event"] == "slack.caught_up" and not line["channels_left"] for line in lines) >= 2
                )
            )
    assert [text for _, text in await questions(core)] == ["how?"]
    assert sum(line["event"] == "slack.message_given_up" for line in lines) == 1


async def test_http_mode_reads_back_when_slack_could_not_reach_us(slack: LocalSlack, http_bot: HttpBot) -> None:
    """An event that comes again says that others may have been given up; one look back is for them all."""
    await caught_up(slack)
    slack.say_unheard("C1", "U1", MENTION)
    with outage(http_bot.core.database):
        refused = await slack.mention("C1", "U2", "and I?")
        await slack.wait_until(lambda: refused.attempts >= 3 or None, "the event to be sent again")
    await slack.wait_until(lambda: len(slack.statuses) == 2 or None, "both questions in work")
    assert sorted(text for _, text in await questions(http_bot.core)) == ["and I?", "how?"]


async def test_without_the_scope_everything_else_works(slack: LocalSlack, core: Core) -> None:
    """An app that was installed before asks for nothing new: it hears what Slack tells it, as ever."""
    slack.say_unheard("C1", "U1", MENTION)
    slack.misbehave("users.conversations", ApiError("missing_scope"))
    async with connected(slack, core.service):
        await caught_up(slack)
        await slack.wait_for_ack(await slack.mention("C1", "U2", "and now?"))
    assert [text for _, text in await questions(core)] == ["and now?"]


async def test_old_questions_are_left(slack: LocalSlack, core: Core) -> None:
    """What was said longer ago than a question is worth answering is not read back."""
    slack.say_unheard("C1", "U1", MENTION)
    settings = slack_settings(slack).model_copy(update={"question_minutes": 1e-9})
    async with open_slack(core.service, settings, patience=IMPATIENT) as adapter, running(adapter):
        await slack.wait_until(lambda: slack.calls("conversations.history") or None, "the history to be read")
        await slack.wait_for_ack(await slack.mention("C1", "U2", "and now?"))
    assert [text for _, text in await questions(core)] == ["and now?"]
