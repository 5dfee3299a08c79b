"""How a decision becomes a reply: its words, its source, and the grounds that are kept with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from supportbot.answering.explain import Explanation
from supportbot.answering.follow_up import leans_on_earlier
from supportbot.db.states import AnswerSource
from supportbot.intake.earlier import ASKED_AS, Turn
from supportbot.intake.questions import (
    NO_BETTER_TEXT,
    NOT_SURE_NEAR_TEXT,
    NOT_SURE_TEXT,
    Grounds,
    Quoted,
    Reply,
    Suggestion,
    Verified,
)


def earlier_texts(found: Explanation, earlier: Sequence[Turn]) -> list[str]:
    """Return what was said before, for a model, where a question leans on it and nobody knows how."""
    if found.asked != found.typed or not leans_on_earlier(found.typed):
        return []
    return [
        said
        for turn in earlier
        for said in (turn.question, *([turn.answer] if turn.source is not AnswerSource.NOT_SURE else []))
    ]


def with_meaning(reply: Reply, found: Explanation) -> Reply:
    """Return a reply with the record of what a follow-up was taken for."""
    if found.asked == found.typed:
        return reply
    figures = dict(reply.grounds.figures or {}) | {ASKED_AS: found.asked}
    return replace(reply, grounds=replace(reply.grounds, figures=figures))


def instead(reply: Reply, shown: Reply) -> Reply:
    """Return what is shown instead of what a model said, with the record of that."""
    draft = reply.text if reply.source is AnswerSource.GENERATED else reply.draft
    return replace(reply, text=shown.text, source=shown.source, draft=draft, grounds=shown.grounds)


def another(reply: Reply, before: Collection[str]) -> Reply:
    """Return another sample as it is shown: what is not sure, or was said before, is no better answer.

    Args:
        reply: as it would be shown if it were the first.
        before: what was said before.
    """
    said = {" ".join(text.split()).casefold() for text in before}
    is_new = " ".join(reply.text.split()).casefold() not in said
    if is_new and reply.source in (AnswerSource.GENERATED, AnswerSource.APPROVED):
        return reply
    return instead(reply, Reply(text=NO_BETTER_TEXT, source=AnswerSource.NOT_SURE))


def given_reply(found: Explanation) -> Reply:
    """Return the approved answers of a decision, word for word."""
    return Reply(
        text="\n\n".join(entry.answer for entry in found.given),
        source=AnswerSource.APPROVED,
        grounds=Grounds(
            verified=tuple(
                Verified(
                    entry_id=entry.id,
                    approved_by=entry.approved_by,
                    approved_at=entry.approved_at,
                    similarity=round(similarity, 4),
                )
                for entry, similarity in zip(found.given, found.similarities, strict=True)
            ),
            figures=found.decision.figures() if found.decision else None,
        ),
    )


def unverified_reply(found: Explanation, on_text: Callable[[str], None]) -> Reply:
    """Return what is said where nothing is verified and no model is heard."""
    if (quote := found.quote) is None:
        return _not_sure(found)
    on_text(quote.excerpt.text)
    return Reply(
        text=quote.excerpt.text,
        source=AnswerSource.QUOTED,
        grounds=Grounds(
            quoted=Quoted(
                example_id=quote.passage.id,
                document=quote.passage.document,
                heading=quote.passage.heading,
                is_whole=quote.excerpt.is_whole,
            ),
            figures=_figures(found),
        ),
    )


def _not_sure(found: Explanation) -> Reply:
    near = found.suggestions
    return Reply(
        text=NOT_SURE_NEAR_TEXT if near else NOT_SURE_TEXT,
        source=AnswerSource.NOT_SURE,
        grounds=Grounds(
            suggestions=tuple(Suggestion(one.entry.id, one.wording.text) for one in near),
            figures=_figures(found),
        ),
    )


def _figures(found: Explanation) -> dict[str, Any] | None:
    """Return what decided, for people who look into it; None where nothing was looked at."""
    figures = found.decision.figures() if found.decision else {}
    return (figures | (found.nearest.figures() if found.nearest else {})) or None
