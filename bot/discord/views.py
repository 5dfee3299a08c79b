"""The parts under an answer: who approved it or where it is from, what else may have been meant, and the thumbs.

The thumbs are buttons that carry the answer's id, so they work in any process, for ever.
A vote is in the database before anything is shown. Only then a 👎 opens the modal that asks what was wrong; if the
database was slow there is no time left for one, and the vote is thanked for as any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import discord
import structlog

from bot.approval import build_approval, build_date
from bot.dialects.discord_text import build_name
from bot.discord._interactions import SORRY_TEXT, keep_or_defer, show, tell, whisper, words_for
from bot.discord._serving import ServingClient
from bot.discord.again import TryAgainButton
from bot.discord.explanation import build_explanation, voter_of
from bot.discord.handoffs import AskHumanButton, ResolveButton
from bot.discord.questions import workspace_of
from bot.discord.suggestions import SuggestionButton
from bot.quotation import MARK, build_source
from supportbot.errors import SupportBotError, sentence_for_users
from supportbot.feedback.votes import Vote, VoteOutcome
from supportbot.intake.questions import Grounds, Suggestion
from supportbot.words import ENGLISH, N_, Words

log = structlog.get_logger(__name__)

_EMOJI = {Vote.UP: "👍", Vote.DOWN: "👎"}
_THANKS = {
    Vote.UP: N_("Thanks, good to know that this helped."),
    Vote.DOWN: N_("Thanks for telling me. A member of the team may look at this answer."),
}


class VoteButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    # 18 digits fit into the 64 bits of a database key.
    template=r"supportbot:vote:(?P<answer_id>[0-9]{1,18}):(?P<vote>UP|DOWN)",
):
    """One thumb.

    Args:
        answer_id: the answer it votes on.
        vote: the thumb.
        row: of the buttons under the message, from 0.
    """

    def __init__(self, answer_id: int, vote: Vote, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji=_EMOJI[vote], custom_id=vote_id(answer_id, vote)
            ),
            row=row,
        )
        self._answer_id = answer_id
        self._vote = vote

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was clicked from its id."""
        return cls(int(match["answer_id"]), Vote[match["vote"]])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Record the vote and thank the voter, who alone sees it; after a 👎 the thanks ask what was wrong."""
        client: ServingClient = interaction.client
        vote = client.service.vote(
            self._answer_id,
            voter_of(interaction),
            self._vote,
            workspace=workspace_of(interaction),
            at=interaction.created_at,
        )
        try:
            outcome = await keep_or_defer(vote, interaction)
            words = await words_for(interaction)
            text = build_thanks(outcome, words)
            if outcome.vote is Vote.DOWN and not interaction.response.is_done():
                modal = build_explanation(self._answer_id, text, outcome.explanation, words)
                if await show(interaction, modal):
                    return
            await tell(interaction, text)
        except SupportBotError as error:
            await whisper(interaction, sentence_for_users(error, SORRY_TEXT))
        except Exception:  # the library would swallow it, and the voter would hear nothing
            log.exception("discord.vote_failed", answer_id=self._answer_id)
            await whisper(interaction, SORRY_TEXT)


def vote_id(answer_id: int, vote: Vote) -> str:
    """Return the custom id of a thumb."""
    return f"supportbot:vote:{answer_id}:{vote.name}"


def build_answer_view(
    answer_id: int,
    suggestions: Sequence[Suggestion] = (),
    *,
    offers_sample: bool = False,
    offers_human: bool = False,
    handoff_id: int | None = None,
    words: Words = ENGLISH,
) -> discord.ui.View:
    """Return the buttons of an answer, each suggestion above the other; to be called where an event loop runs.

    Args:
        answer_id: the answer.
        suggestions: what else may have been meant.
        offers_sample: whether another answer can be had.
        offers_human: whether a human can be asked.
        handoff_id: of the hand-off that this tells of, if a human was asked at once.
        words: the bot's own.
    """
    view = discord.ui.View(timeout=None)
    for number, suggestion in enumerate(suggestions):
        view.add_item(SuggestionButton(answer_id, number, suggestion.question, row=number))
    for vote in (Vote.UP, Vote.DOWN):
        view.add_item(VoteButton(answer_id, vote, row=len(suggestions)))
    if offers_sample:
        view.add_item(TryAgainButton(answer_id, row=len(suggestions), words=words))
    if offers_human:
        view.add_item(AskHumanButton(answer_id, row=len(suggestions), words=words))
    if handoff_id is not None:
        view.add_item(ResolveButton(handoff_id, row=len(suggestions), words=words))
    return view


def build_remarks(grounds: Grounds, words: Words = ENGLISH) -> tuple[str, ...]:
    """Return what to write below an answer, the best first and then what is shorter; often nothing."""
    if approval := build_approval(grounds, build_name, partial(build_date, words=words), words):
        by_whom = words.say("✓ Verified by {approval}", approval=approval)
        shorter = words.say("✓ Verified")
        return (f"-# {by_whom}", f"-# {shorter}")
    return (words.say("Did you mean:"),) if grounds.suggestions else ()


def build_mark(grounds: Grounds, words: Words = ENGLISH) -> str:
    """Return what has to be written below an answer that nobody verified, its source included; often nothing."""
    source = build_source(grounds, build_name, words)
    return f"-# {words.say(MARK)}: {source}" if source else ""


def build_thanks(outcome: VoteOutcome, words: Words = ENGLISH) -> str:
    """Return what a voter is told."""
    if outcome.previous is None:
        return words.say(_THANKS[outcome.vote])
    if outcome.changed:
        return words.say("Your vote is now {thumb}.", thumb=_EMOJI[outcome.vote])
    return words.say("Your {thumb} was already counted.", thumb=_EMOJI[outcome.vote])
