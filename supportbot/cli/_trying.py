"""``supportbot knowledge try``: one question through every step, with or without the model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from supportbot.cli._knowledge import shorten
from supportbot.cli._terminal import out
from supportbot.errors import ModelError
from supportbot.printable import printable

if TYPE_CHECKING:
    from supportbot.answering.explain import Explanation
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.intake.questions import Reply
    from supportbot.knowledge.index import Decision
    from supportbot.knowledge.knowledge import Knowledge
    from supportbot.knowledge.passages import Passages

_GENERATE_ONLY = "generate_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a question.

    Attributes:
        explanation: the steps of the knowledge.
        evidence: what the threshold stands on; None without any knowledge.
        is_asked: whether the model is asked where nothing is verified; None if there is no usable model.
        model_problem: why there is none.
        only_generates: whether knowledge is set not to be asked at all.
        reply: what was said with the model loaded.
        milliseconds: that the decision took.
    """

    explanation: Explanation
    evidence: str | None
    is_asked: bool | None
    model_problem: str | None
    only_generates: bool
    reply: Reply | None
    milliseconds: float


async def try_without_model(settings: Settings, question: str, workspace: str | None) -> Tried:
    """Decide about a question with what is known alone."""
    from supportbot.bootstrap import encoder_opener, make_knowledge, make_passages, open_database
    from supportbot.db.schema import check_schema

    async with open_database(settings) as database:
        await check_schema(database)
        open_encoder = encoder_opener(settings)
        knowledge = make_knowledge(settings, database, open_encoder)
        await knowledge.load()
        if (passages := make_passages(settings, database, open_encoder)) is not None:
            await passages.load()
        place = await _place(database, workspace)
        return await _tried(settings, database, knowledge, passages, question, place, None)


async def try_with_model(settings: Settings, question: str, workspace: str | None) -> Tried:
    """Answer a question as a daemon would, without a trace in the log."""
    from supportbot.bootstrap import open_core

    async with open_core(settings, platforms=(), daemon=False) as core:
        place = await _place(core.database, workspace)
        deadline = time.monotonic() + settings.answer_seconds
        reply = await core.answerer.answer(question, deadline, workspace_id=place)
        return await _tried(settings, core.database, core.knowledge, core.passages, question, place, reply)


async def _place(database: Database, workspace: str | None) -> int | None:
    from supportbot.knowledge.manage import known_workspace

    if workspace is None:
        return None
    async with database.read() as session:
        return await known_workspace(session, workspace)


async def _tried(
    settings: Settings,
    database: Database,
    knowledge: Knowledge,
    passages: Passages | None,
    question: str,
    place: int | None,
    reply: Reply | None,
) -> Tried:
    from supportbot.answering.explain import explain
    from supportbot.models.loading import model_is_asked

    started = time.perf_counter()
    explanation = await explain(knowledge, question, place, passages)
    milliseconds = (time.perf_counter() - started) * 1000
    problem, is_asked = None, None
    try:
        is_asked = await model_is_asked(
            settings,
            database,
            has_knowledge=knowledge.has_own,
            has_passages=passages is not None and passages.number > 0,
        )
    except ModelError as error:
        problem = str(error)
    return Tried(
        explanation=explanation,
        evidence=str(knowledge.calibration.evidence) if knowledge.calibration else None,
        is_asked=is_asked,
        model_problem=problem,
        only_generates=settings.answer_mode == _GENERATE_ONLY,
        reply=reply,
        milliseconds=milliseconds,
    )


def verdict(tried: Tried) -> str:
    """Say in one sentence what is said, and why."""
    found = tried.explanation
    if found.verdict == "no question":
        return "Not sure: this is too long or too repetitive, or has no words."
    if found.given and not tried.only_generates:
        numbers = " and ".join(f"entry {entry.id}" for entry in found.given)
        return f"{found.verdict.capitalize()}: the answer of {numbers} is given word for word."
    because = "nothing is verified"
    if tried.only_generates:
        because = "SUPPORTBOT_ANSWER_MODE is generate_only"
    elif found.decision is None:
        because = "nothing is known yet (`supportbot import FILE --approve`, or `supportbot knowledge add`)"
    quote = None if tried.only_generates else found.quote
    if tried.is_asked:
        ending = f" Else passage {quote.passage.id} is quoted." if quote else ""
        return f"The model is asked, because {because}; what it says must be sure enough.{ending}"
    if quote is not None:
        return f"Quoted, not verified: passage {quote.passage.id} is given word for word, because {because}."
    if tried.model_problem is not None:
        return f"Not sure: {because}, and there is no usable model. {tried.model_problem}"
    near = len(found.suggestions)
    ending = f", with {near} verified {'question' if near == 1 else 'questions'} to choose from" if near else ""
    return f"Not sure{ending}: {because}, and the model was not trained on rows of yours, so it is not asked."


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
        table.add_row("threshold", f"{found.decision.threshold:.3f} (it stands on {tried.evidence})")
    if (nearest := found.nearest) is not None:
        passage = nearest.passage
        table.add_row(
            "nearest passage",
            Text(f"{passage.id}: {printable(passage.document)}, “{shorten(passage.heading, 80)}”"),
        )
        table.add_row(
            "quoted from", f"{nearest.threshold:.3f}; its confidence is {nearest.confidence:.3f}{_rivalled(found)}"
        )
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
        confidence = "" if reply.confidence is None else f", confidence {reply.confidence:.2f}"
        out.print(Text(f"\n{reply.source}{confidence}, {reply.latency_ms} ms:", style="dim"))
        out.print(Text(printable(reply.text)))
        if reply.draft:
            out.print(Text(f"The model wrote, and it is not shown: {printable(reply.draft)}", style="dim"))


def _rivalled(found: Explanation) -> str:
    """Say so where a passage is near enough, and a verified question is as near."""
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


def _passage_record(found: Explanation) -> dict[str, Any] | None:
    """Return the nearest passage; None where none can be quoted, or something verified is given."""
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
