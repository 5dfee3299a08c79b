"""What is decided about a question, and why: every step before a model is asked.

The answerer acts on it, and ``supportbot knowledge try`` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from supportbot.answering.follow_up import Earlier, resolve
from supportbot.answering.gate import is_degenerate
from supportbot.answering.parts import parts_of
from supportbot.intake.earlier import Turn
from supportbot.intake.normalise import normalise_question
from supportbot.knowledge.decision import Candidate, Decision
from supportbot.knowledge.entries import KnownEntry
from supportbot.knowledge.index import LEAST_SUGGESTED
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.passages import Passages
from supportbot.knowledge.quoting import Quotable


class Verdict(StrEnum):
    """What is said."""

    DEGENERATE = "no question"
    WORDING = "a known wording"
    SMALL_TALK = "small talk"
    PARTS = "two verified answers"
    VERIFIED = "verified"
    NOT_VERIFIED = "not verified"
    """A model may still say something, else a passage is quoted if one is near enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is decided about a question.

    Attributes:
        question: as it was given.
        typed: normalised.
        asked: the same, or what a follow-up was taken for; it is what is compared.
        verdict: what is said.
        given: the entries whose answers are given, in order.
        similarities: of each of them to what was asked.
        decision: what the knowledge says to the whole question; None without any, or where it is not asked.
        parts: what it says to each part of a question that can be cut, up to one that is not sure.
        talk: the small talk that the question is, whether or not it is given.
        nearest: the passage that is nearest to what is not verified, where passages may be quoted.
    """

    question: str
    typed: str
    asked: str
    verdict: Verdict
    given: tuple[KnownEntry, ...] = ()
    similarities: tuple[float, ...] = ()
    decision: Decision | None = None
    parts: tuple[tuple[str, Decision], ...] = ()
    talk: KnownEntry | None = None
    nearest: Quotable | None = None

    @property
    def quote(self) -> Quotable | None:
        """What is quoted where no model says anything.

        A verified question that is as near as the passage was meant more likely, so it is suggested instead.
        """
        if self.nearest is None or not self.nearest.sure:
            return None
        verified = self.decision.candidates if self.decision else ()
        is_rivalled = any(one.similarity >= self.nearest.similarity for one in verified)
        return None if is_rivalled else self.nearest

    @property
    def suggestions(self) -> tuple[Candidate, ...]:
        """What is offered to choose from where nothing is verified."""
        if self.given or self.decision is None:
            return ()
        return tuple(one for one in self.decision.candidates if one.similarity >= LEAST_SUGGESTED)


async def explain(
    knowledge: Knowledge | None,
    question: str,
    workspace_id: int | None = None,
    passages: Passages | None = None,
    earlier: Sequence[Turn] = (),
) -> Explanation:
    """Return what would be said to a question, and why.

    Args:
        knowledge: that is asked, if any is.
        question: as received.
        workspace_id: where it is asked; None for an operator, who gets what any workspace would.
        passages: that may be quoted beside the knowledge, if any may.
        earlier: what was asked and answered before, the newest last, for a follow-up.
    """
    asked = typed = normalise_question(question)
    if is_degenerate(typed):
        return Explanation(question=question, typed=typed, asked=asked, verdict=Verdict.DEGENERATE)
    if knowledge is None:
        return Explanation(question=question, typed=typed, asked=asked, verdict=Verdict.NOT_VERIFIED)
    decision = await knowledge.decide(typed, workspace_id)
    talk = knowledge.small_talk.find(typed)
    if earlier and talk is None and not (decision is not None and decision.exact):
        turns = [
            Earlier(normalise_question(turn.question), turn.entry_ids[0] if turn.entry_ids else None)
            for turn in earlier
        ]
        looked_up = {typed: decision}  # a look-up takes some ten milliseconds, and the same text comes up again

        async def decide(text: str) -> Decision | None:
            if text not in looked_up:
                looked_up[text] = await knowledge.decide(text, workspace_id)
            return looked_up[text]

        asked = await resolve(typed, turns, decide)
        decision = await decide(asked)
    parts = []
    if talk is None and decision is not None and not decision.exact:  # otherwise no part has a say
        for part in parts_of(asked):
            if (one := await knowledge.decide(part, workspace_id)) is not None:
                parts.append((part, one))
            if one is None or not one.sure:  # then the whole is not answered in parts
                break
    verdict, given = _verdict(decision, talk, [one for _, one in parts])
    nearest = await passages.find(asked) if passages is not None and not given else None
    return Explanation(
        question=question,
        typed=typed,
        asked=asked,
        verdict=verdict,
        given=tuple(entry for entry, _ in given),
        similarities=tuple(similarity for _, similarity in given),
        decision=decision,
        parts=tuple(parts),
        talk=talk,
        nearest=nearest,
    )


def _verdict(
    decision: Decision | None, talk: KnownEntry | None, parts: list[Decision]
) -> tuple[Verdict, list[tuple[KnownEntry, float]]]:
    """Return what is said, with the similarity of each entry that is given."""
    if decision is not None and decision.exact:
        return Verdict.WORDING, _best([decision])
    if talk is not None:
        return Verdict.SMALL_TALK, [(talk, 1.0)]
    if parts and all(one.sure for one in parts) and len(both := _best(parts)) > 1:
        return Verdict.PARTS, both
    if decision is not None and decision.sure:
        return Verdict.VERIFIED, _best([decision])
    return Verdict.NOT_VERIFIED, []


def _best(decisions: list[Decision]) -> list[tuple[KnownEntry, float]]:
    """Return the best entry of each decision, each entry once."""
    best = {
        one.candidates[0].entry.id: (one.candidates[0].entry, one.candidates[0].similarity) for one in decisions
    }
    return list(best.values())
