"""What is on the pictures: a question that is known, and one that is not, as each platform shows them."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.discord.messages import build_messages
from bot.slack.views import to_dicts
from supportbot.db.states import AnswerSource
from supportbot.delivery.claiming import Delivery
from supportbot.intake.questions import NOT_SURE_NEAR_TEXT, Grounds, Suggestion, Verified
from tests.pictures import discord, slack
from tests.slack.blocks import build_answer

FOLDER = Path(__file__).parents[2] / "docs" / "images"

BOT = "supportbot"
KNOWN = "how long does a refund take?"
KNOWN_ANSWER = (
    "**Refunds take 5 working days** from the day on which the goods are back in our warehouse:\n\n"
    "* to the card that you paid with\n* for gift cards, as a [new gift card](https://shop.example/gift-cards)"
)
UNKNOWN = "can my dog bring the parcel back?"
MEANT = ("How do I send an item back?", "Can somebody else pick up my parcel?")

_APPROVED = Verified(
    entry_id=1, approved_by="Ana Lopez", approved_at=datetime(2026, 11, 27, 12, tzinfo=UTC), similarity=0.9
)
GROUNDS = (
    Grounds(verified=(_APPROVED,)),
    Grounds(suggestions=tuple(Suggestion(2, text) for text in MEANT), offers_human=True),
)
ANSWERS = (KNOWN_ANSWER, NOT_SURE_NEAR_TEXT)

_STYLE = """
  body { margin: 0; background: #fff; font: 15px/1.45 "Helvetica Neue", Arial, "Noto Color Emoji", sans-serif }
  main { display: block; width: 700px; padding: 16px 24px; color: #1d1c1d }
  main.discord { background: #313338; color: #dbdee1 }
  article { margin: 0 0 14px; padding-left: 46px; position: relative }
  article::before { content: ""; position: absolute; left: 0; top: 3px; width: 34px; height: 34px;
    border-radius: 7px; background: #1f4e5f }
  article.person::before { background: #c9a227 }
  .discord article::before { border-radius: 50% }
  h2 { font-size: 15px; margin: 0 } h2 small { font-weight: normal; opacity: .6; margin-left: 6px }
  p, ul { margin: 4px 0 } ul { padding-left: 1.4em } .small { font-size: 12.5px; opacity: .75 }
  a { color: #1264a3 } .discord a { color: #00a8fc }
  .buttons { display: flex; gap: 8px; flex-wrap: wrap; margin: 7px 0 }
  button { font: inherit; font-size: 13px; padding: 5px 11px; border: 1px solid #bbb; border-radius: 6px;
    background: #fff; color: inherit }
  .discord button { background: #4e5058; border: 0; color: #fff }
  button.primary { background: #007a5a; color: #fff }
  .discord button.primary { background: #5865f2 }
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation on a platform: who says what, as HTML."""

    platform: str
    said: tuple[tuple[str, str], ...]


def page_of(scene: Scene) -> str:
    """Return the page that a browser draws."""
    return f"<meta charset='utf-8'><style>{_STYLE}</style><main class='{scene.platform}'>{_articles(scene)}</main>"


def _articles(scene: Scene) -> str:
    return "".join(
        f"<article class='{'' if who == BOT else 'person'}'>"
        f"<h2>{html.escape(who)}<small>{'APP' if who == BOT else ''}</small></h2>{shown}</article>"
        for who, shown in scene.said
    )


def in_slack() -> Scene:
    """Return what a channel of Slack shows."""
    return Scene("slack", tuple(_alternating(f"@{BOT} {{}}", _slack_answers())))


def in_discord() -> Scene:
    """Return what a channel of Discord shows."""
    return Scene("discord", tuple(_alternating(f"@{BOT} {{}}", _discord_answers())))


def _alternating(form: str, answers: Iterator[str]) -> Iterator[tuple[str, str]]:
    for question, answer in zip((KNOWN, UNKNOWN), answers, strict=True):
        yield "Ben", f"<p>{html.escape(form.format(question))}</p>"
        yield BOT, answer


def _slack_answers() -> Iterator[str]:
    for number, (text, grounds) in enumerate(zip(ANSWERS, GROUNDS, strict=True), start=1):
        yield slack.draw(to_dicts(build_answer(text, answer_id=number, grounds=grounds)))


def _discord_answers() -> Iterator[str]:
    for number, (text, grounds) in enumerate(zip(ANSWERS, GROUNDS, strict=True), start=1):
        for body in build_messages(_delivery(number, text, grounds)):
            yield discord.draw(body)


def _delivery(number: int, text: str, grounds: Grounds) -> Delivery:
    return Delivery(
        outbox_id=number,
        question_id=number,
        answer_id=number,
        platform="discord",
        workspace="1",
        channel="2",
        thread="2",
        asker="3",
        question=KNOWN,
        text=text,
        source=AnswerSource.APPROVED if grounds.verified else AnswerSource.NOT_SURE,
        grounds=grounds,
        model_version=None,
        reply_to={"kind": "message", "channel_id": "2", "message_id": "4"},
        attempt=1,
        lapses=0,
        votable=True,
        created_at=datetime(2026, 11, 27, 12, tzinfo=UTC),
        age=timedelta(),
        mark="m",
    )


SCENES: Mapping[str, Callable[[], Scene]] = {"slack": in_slack, "discord": in_discord}
