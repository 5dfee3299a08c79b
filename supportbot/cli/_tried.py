"""A tried question, for people and for scripts: every step, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from supportbot.cli._knowledge import shorten
from supportbot.cli._terminal import out
from supportbot.printable import printable
from supportbot.teaching.trying import Tried, verdict

if TYPE_CHECKING:
    from supportbot.answering.beside import Hearing
    from supportbot.answering.explain import Explanation
    from supportbot.knowledge.decision import Decision


def show_tried(tried: Tried) -> None:
    """Print every step."""
    found = tried.explanation
    table = Table(box=None, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("asked", Text(printable(found.asked)))
    if found.talk is not None:
        table.add_row("small talk", Text(f"entry {found.talk.id}"))
    if found.decision is not None:
        table.add_row("threshold", f"{found.decision.threshold:.3f} (based on {tried.evidence})")
    if (nearest := found.nearest) is not None:
        passage = nearest.passage
        table.add_row(
            "nearest passage",
            Text(f"{passage.id}: {printable(passage.document)}, “{shorten(passage.heading, 80)}”"),
        )
        table.add_row(
            "quoted from", f"{nearest.threshold:.3f}; its confidence is {nearest.confidence:.3f}{_rivalled(found)}"
        )
    if tried.is_asked and tried.voice is not None and tried.voice.floor is not None and not found.given:
        table.add_row("model's floor", f"{tried.voice.floor:.5f} nats")
    table.add_row("took", f"{tried.milliseconds:.1f} ms")
    out.print(table)
    for name, decision in (("", found.decision), *((f"part: {part}", one) for part, one in found.parts)):
        if decision is not None:
            _show_candidates(name, decision)
    out.print(Text(f"\n{printable(verdict(tried))}", style="bold"))
    for entry in found.given if tried.reply is None else ():
        out.print(Text(printable(entry.answer)))
    if found.quote is not None and not found.given and tried.reply is None and not tried.is_asked:
        out.print(Text(printable(found.quote.excerpt.text)))
    elif not found.given:
        for one in found.suggestions:
            out.print(Text(f"  did you mean: {printable(one.wording.text)} (entry {one.entry.id})"))
    if (reply := tried.reply) is not None:
        confidence = "" if reply.confidence is None else f", confidence {reply.confidence:.5f}"
        if (hearing := tried.hearing) is not None and hearing.nearest is not None:
            confidence += f", agreement with entry {hearing.nearest.entry.id}: {hearing.agreement} of 100"
        out.print(Text(f"\n{reply.source}{confidence}, {reply.latency_ms} ms:", style="dim"))
        out.print(Text(printable(reply.text)))
        if reply.draft:
            out.print(Text(f"The model wrote this, which is not shown: {printable(reply.draft)}", style="dim"))


def _rivalled(found: Explanation) -> str:
    """Return a remark if a passage is near enough but a verified question is as near."""
    is_rivalled = found.nearest is not None and found.nearest.sure and found.quote is None
    return ", but a verified question is as near" if is_rivalled else ""


def _show_candidates(name: str, decision: Decision) -> None:
    if name:
        out.print(Text(f"\n{printable(name)}"))
    table = Table(
        "entry", "nearest wording", "similarity", "probability", "confidence", header_style="bold", box=None
    )
    for one in decision.candidates:
        table.add_row(
            str(one.entry.id),
            Text(shorten(one.wording.text, 80)),
            f"{one.similarity:.3f}",
            "" if one.probability is None else f"{one.probability:.3f}",
            Text(f"{one.confidence:.3f}", style="green" if one.confidence >= decision.threshold else ""),
        )
    out.print(table)


def tried_record(tried: Tried) -> dict[str, Any]:
    """Return every step as JSON."""
    found = tried.explanation
    reply = tried.reply
    return {
        "question": found.question,
        "asked": found.asked,
        "verdict": str(found.verdict),
        "sentence": verdict(tried),
        "given": [{"entry_id": entry.id, "answer": entry.answer} for entry in found.given],
        "suggestions": [{"entry_id": one.entry.id, "question": one.wording.text} for one in found.suggestions],
        "small_talk": found.talk.id if found.talk else None,
        "decision": _decision_record(found.decision),
        "parts": [{"part": part, "decision": _decision_record(one)} for part, one in found.parts],
        "passage": _passage_record(found),
        "evidence": tried.evidence,
        "model_is_asked": tried.is_asked,
        "model_floor": tried.voice.floor if tried.voice else None,
        "hearing": _hearing_record(tried.hearing),
        "milliseconds": round(tried.milliseconds, 2),
        "reply": {
            "source": str(reply.source),
            "text": reply.text,
            "confidence": reply.confidence,
            "draft": reply.draft,
            "model_version": reply.model_version,
            "latency_ms": reply.latency_ms,
            "figures": dict(reply.grounds.figures or {}),
        }
        if reply
        else None,
    }


def _hearing_record(hearing: Hearing | None) -> dict[str, Any] | None:
    if hearing is None:
        return None
    return {
        "entry_id": hearing.nearest.entry.id if hearing.nearest else None,
        "is_near": hearing.is_near,
        "agreement": hearing.agreement,
        "heard": hearing.heard,
    }


def _passage_record(found: Explanation) -> dict[str, Any] | None:
    """Return the nearest passage; None if none can be quoted, or an approved answer is given."""
    if (nearest := found.nearest) is None:
        return None
    return {
        "example_id": nearest.passage.id,
        "document": nearest.passage.document,
        "heading": nearest.passage.heading,
        "text": nearest.excerpt.text,
        "is_whole": nearest.excerpt.is_whole,
        "similarity": round(nearest.similarity, 4),
        "confidence": round(nearest.confidence, 4),
        "threshold": nearest.threshold,
        "sure": nearest.sure,
        "quoted": found.quote is not None,
    }


def _decision_record(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {
        "threshold": decision.threshold,
        "sure": decision.sure,
        "exact": decision.exact,
        "candidates": [
            {
                "entry_id": one.entry.id,
                "wording_id": one.wording.id,
                "wording": one.wording.text,
                "similarity": round(one.similarity, 4),
                "probability": None if one.probability is None else round(one.probability, 4),
                "confidence": round(one.confidence, 4),
            }
            for one in decision.candidates
        ],
    }
