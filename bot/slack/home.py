"""The app's Home tab and its suggested prompts: what they show, and what Slack tells when somebody opens them.

The Home tab is shown to one person: what the bot can do, their own latest questions, and for admins the figures.
The parts are in this order, each only if there is something to show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slack_sdk.models.blocks import ActionsBlock, Block, DividerBlock, HeaderBlock, PlainTextObject
from slack_sdk.models.blocks.block_elements import ButtonElement
from slack_sdk.models.views import View

from bot.dialects.slack_markup import escape
from bot.dialects.slack_packing import build_section
from bot.quotation import MARK
from bot.slack._shapes import TIMESTAMP, are_ids
from bot.slack.origin import workspace_of
from bot.slack.views import build_date, build_preview, shortened
from supportbot.db.states import AnswerSource, QuestionState
from supportbot.handoffs.listing import AllWaiting, Waiting
from supportbot.intake.history import Exchange
from supportbot.policies.store import Place
from supportbot.printable import printable
from supportbot.statistics.statistics import Statistics
from supportbot.statistics.words import in_words
from supportbot.words import ENGLISH, N_, Words

RECENT = 5
"""Questions of a person that are shown."""

MOST_WAITING = 5
"""Hand-offs that are shown."""

SETTINGS_ACTION = "open_settings"

MOST_PROMPTS = 4
"""Of suggested prompts (Slack's limit)."""

_TITLE_LIMIT = 75
_SHOWN = 150
"""Characters of a question, and of an answer's beginning."""

_SENTENCE = 1_000
"""Characters of a sentence that names what Slack has named."""

_INTRODUCTION = N_(
    "Mention me in a channel I'm in, write to me in the *Messages* tab, or use the command `/ask`. You can "
    "ask follow-up questions in a thread.\n"
    "A person approved every answer marked *✓ Verified*. When I'm not sure, I say so, and someone on the "
    "team may answer instead.\n"
    "Vote 👍 or 👎 on an answer to help me learn. `/ask forget me` erases all your data."
)

_SOURCES: Mapping[AnswerSource, str] = {
    AnswerSource.APPROVED: N_("✓ Verified"),
    AnswerSource.QUOTED: MARK,
    AnswerSource.GENERATED: N_("Generated, not verified"),
    AnswerSource.NOT_SURE: N_("I wasn't sure"),
}
_STATES: Mapping[QuestionState, str] = {
    QuestionState.RECEIVED: N_("I'm thinking about it"),
    QuestionState.ANSWERING: N_("I'm thinking about it"),
    QuestionState.REFUSED: N_("Not answered: too many questions at once. Please ask again"),
}
_NO_ANSWER = N_("Not answered. Please ask again")


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened a tab of the app.

    Attributes:
        workspace: ours.
        user: who.
        channel: their direct messages with the bot.
        tab: ``home`` or ``messages``.
    """

    workspace: str
    user: str
    channel: str
    tab: str


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began a thread of the older assistant view, in the place of ``agent_view``."""

    workspace: str
    user: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class ForAdmins:
    """What only admins see.

    Attributes:
        figures: of the workspace.
        missing: a sentence on what the app lacks; empty if it lacks nothing.
        waiting: what people were asked and nobody has answered.
        links: to the messages that ask them, by the number of the hand-off, where Slack tells one.
    """

    figures: Statistics
    missing: str = ""
    waiting: AllWaiting | None = None
    links: Mapping[int, str] = field(default_factory=dict)


def build_home(asked: Sequence[Exchange], for_admins: ForAdmins | None = None, words: Words = ENGLISH) -> View:
    """Return what somebody sees in the Home tab.

    Args:
        asked: their own questions, the newest first.
        for_admins: what they see besides; None for whoever is no admin.
        words: the bot's own.
    """
    blocks = [
        *_header(words.say("What I can do")),
        build_section(words.say(_INTRODUCTION)),
        *_questions(asked, words),
    ]
    if for_admins is not None:
        blocks += [DividerBlock(), *_for_admins(for_admins, words)]
    return View(type="home", blocks=blocks)


def build_prompts(questions: Sequence[str]) -> list[dict[str, str]]:
    """Return suggested prompts, each with what is shown and what is asked; perhaps none.

    A question with angle brackets is left out: Slack does not say whether it reads markup there.
    """
    lines = [" ".join(printable(question).split()) for question in questions]
    return [
        {"title": line if len(line) <= _TITLE_LIMIT else f"{line[: _TITLE_LIMIT - 1]}…", "message": line}
        for line in lines
        if line and not set(line) & set("<>")
    ][:MOST_PROMPTS]


def read_opened(body: object) -> Opened | None:
    """Return what an ``app_home_opened`` event tells, or None if it is none."""
    match body:
        case {
            "team_id": str(team),
            "event": {"type": "app_home_opened", "user": str(user), "channel": str(channel), "tab": str(tab)},
        } if are_ids(team, user, channel):
            return Opened(team, user, channel, tab)
    return None


def read_settings_click(body: object) -> tuple[Place, str] | None:
    """Return whose settings somebody wants to see who clicked in the Home tab, and who; None if nobody did."""
    match body:
        case {"user": {"id": str(user)}, "view": {"type": "home"}, "actions": [{"action_id": action}, *_]} if (
            action == SETTINGS_ACTION and are_ids(user) and (team := workspace_of(body))
        ):
            return Place(platform="slack", workspace=team), user
    return None


def read_started(body: object) -> Started | None:
    """Return what an ``assistant_thread_started`` event tells, or None if it is none."""
    match body:
        case {
            "team_id": str(team),
            "event": {
                "type": "assistant_thread_started",
                "assistant_thread": {"user_id": str(user), "channel_id": str(channel), "thread_ts": str(thread)},
            },
        } if are_ids(team, user, channel) and TIMESTAMP.fullmatch(thread):
            return Started(team, user, channel, thread)
    return None


def _header(text: str) -> list[Block]:
    return [HeaderBlock(text=PlainTextObject(text=text, emoji=True))]


def _questions(asked: Sequence[Exchange], words: Words) -> list[Block]:
    if not asked:
        return []
    return [*_header(words.say("Your recent questions")), *(_question(exchange, words) for exchange in asked)]


def _question(exchange: Exchange, words: Words) -> Block:
    state = escape(words.say(_state(exchange)))
    lines = [f"> {shortened(' '.join(exchange.question.split()), _SHOWN)}", f"_{state}_"]
    if exchange.by_people:
        lines.append(_start(exchange.by_people[0]))
    elif exchange.answer is not None:
        lines.append(_start(exchange.answer))
    return build_section("\n".join(lines))


def _state(exchange: Exchange) -> str:
    if exchange.by_people:
        return N_("Someone on the team has answered")
    if exchange.source is not None:
        return _SOURCES[exchange.source]
    return _STATES.get(exchange.state, _NO_ANSWER)


def _start(answer: str) -> str:
    return " ".join(build_preview(answer, _SHOWN).split())


def _for_admins(shown: ForAdmins, words: Words) -> list[Block]:
    figures = shown.figures
    lines = "\n".join(escape(line) for line in in_words(figures, words))
    blocks = [*_header(words.say("Overview")), build_section(lines)]
    if figures.most_asked:
        asked = (
            f"• {shortened(' '.join(one.question.split()), _SHOWN)} ({words.number(one.times)})"
            for one in figures.most_asked
        )
        heading = words.say("Most asked verified questions")
        blocks.append(build_section("\n".join([f"*{heading}*", *asked])))
    if shown.waiting is not None and shown.waiting.count:
        blocks.append(build_section("\n".join(_waiting(shown.waiting, shown.links, words))))
    if shown.missing:
        blocks.append(build_section(f"⚠️ {shortened(words.say(shown.missing), _SENTENCE)}"))
    settings = PlainTextObject(text=words.say("Settings"), emoji=True)
    remark = words.say("Only admins of this workspace see this section.")
    actions = ActionsBlock(elements=[ButtonElement(action_id=SETTINGS_ACTION, text=settings)])
    return [*blocks, actions, build_section(f"_{remark}_")]


def _waiting(waiting: AllWaiting, links: Mapping[int, str], words: Words) -> list[str]:
    """Return the lines on what people were asked; what was asked stays where they were asked."""
    oldest = build_date(waiting.oldest[0].asked_at, words)
    heading = words.say(
        "Open hand-offs: {count}, oldest from {date}", count=words.number(waiting.count), date=oldest
    )
    lines = [f"*{heading}*"]
    for one in waiting.oldest:
        lines.append(f"• {_asked_where(one, words)}{_link(links.get(one.handoff_id))}")
    return lines


def _asked_where(one: Waiting, words: Words) -> str:
    """Return when something was asked, and where; not in whose direct messages."""
    date = build_date(one.asked_at, words)
    if one.channel.startswith("D"):
        return date
    channel = f"<#{one.channel}>"
    return words.say("{date}, asked in {channel}", date=date, channel=channel)


def _link(address: str | None) -> str:
    return f": <{address}>" if address else ""
