"""What Slack shows in each language of the bot, and that it fits."""

from __future__ import annotations

import pytest

from bot.slack.again import build_reworded
from bot.slack.explanation import build_explanation, build_told
from bot.slack.home import ForAdmins, build_home
from bot.slack.policy import build_policy
from bot.slack.views import to_dicts
from supportbot.feedback.votes import Explanation
from supportbot.handoffs.rows import PASSED_ON_TEXT
from supportbot.intake.questions import Grounds, Suggestion
from supportbot.policies.policy import Policy
from supportbot.policies.store import Place
from supportbot.words import LANGUAGES, Language, Words
from tests.grounds import verified
from tests.slack.blocks import build_answer
from tests.slack.conftest import Bot
from tests.slack.test_home import FIGURES
from tests.slack_server import LocalSlack
from tests.slack_server.state import TEAM

QUESTION = "how do I reset my password?"
WORKSPACE = Place(platform="slack", workspace=TEAM)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_fits_into_what_slack_allows(language: Language) -> None:
    """Titles, buttons and choices are within Slack's limits, which the library checks as it writes them."""
    words = Words(language)
    grounds = Grounds(suggestions=(Suggestion(1, "How do I pay?"),), offers_human=True)
    assert to_dicts(build_answer("Yes.", answer_id=1, grounds=grounds, offers_sample=True, words=words))
    assert to_dicts(build_reworded(1, words))
    for view in (
        build_explanation(1, words.say("Thanks, your vote was recorded."), Explanation(), words),
        build_policy("C1", Policy(), words),
        build_policy("", Policy(), words),
        build_home([], ForAdmins(FIGURES), words),
        *(build_told(words.say(title), "", words) for title in ("Saved", "Not saved", "Thanks", "Not saved")),
    ):
        assert view.to_dict()


def test_verified_answer_in_german() -> None:
    """The mark, with the day as Germans write it, and the buttons."""
    grounds = Grounds(verified=(verified(),))
    blocks = str(to_dicts(build_answer("Ja.", answer_id=1, grounds=grounds, words=Words("de"))))
    for sentence in ("✓ Geprüft von Ana Lopez, <!date^", "|27. Nov. 2026>", "Gute Antwort"):
        assert sentence in blocks


async def test_language_is_decided_when_the_question_comes(slack: LocalSlack, bot: Bot) -> None:
    """A status, an answer and a thank-you are in German; a question from before stays in English."""
    before = await slack.wait_for_ack(await slack.mention("C1", "U1", "hello"))
    await bot.core.service.policies.change(WORKSPACE, {"language": "de", "handoff_target": "C9"}, "ada")
    await slack.wait_for_ack(await slack.mention("C1", "U1", QUESTION))
    await slack.wait_until(lambda: any(status["status"] == "denkt nach …" for status in slack.statuses))
    await bot.answer("Yes.")
    english, german = (await slack.wait_for_message(thread_ts=before.ts)), slack.replies[-1]
    assert "Good answer" in str(english.blocks)
    assert "Gute Antwort" in str(german.blocks)


async def test_command_for_a_human_is_told_in_german(slack: LocalSlack, bot: Bot) -> None:
    """Both who asks and the people who are asked read German."""
    await bot.core.service.policies.change(WORKSPACE, {"language": "de", "handoff_target": "C9"}, "ada")
    asked = await slack.wait_for_ack(await slack.slash("C1", "U1", f"human {QUESTION}"))
    assert asked.response is not None
    assert asked.response["text"] == "Ich denke darüber nach …"
    await bot.deliver_all()
    shown = [message.shown for message in slack.messages]
    assert any(Words("de").say(PASSED_ON_TEXT) in text for text in shown)
    assert any("möchte jemand einen Menschen fragen:" in text for text in shown)


async def test_home_is_in_the_language_of_who_opens_it(slack: LocalSlack, bot: Bot) -> None:
    """As their Slack is, unless the workspace has decided; nobody else's Home tab follows."""
    slack.describe("U1", locale="de-DE")
    await slack.open_tab("U1")
    assert "Was ich kann" in await slack.wait_for_home("U1")
    await slack.open_tab("U2")
    assert "What I can do" in await slack.wait_for_home("U2")
    await bot.core.service.policies.change(WORKSPACE, {"language": "en"}, "ada")
    slack.describe("U3", locale="de-DE")
    await slack.open_tab("U3")
    assert "What I can do" in await slack.wait_for_home("U3")
