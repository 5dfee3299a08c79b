"""``supportbot knowledge try``: one question through every step, with or without the model.

How it is shown, ``_tried`` knows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supportbot.errors import ModelError

if TYPE_CHECKING:
    from supportbot.answering.beside import Hearing
    from supportbot.answering.explain import Explanation
    from supportbot.config import Settings
    from supportbot.db.session import Database
    from supportbot.intake.questions import Reply
    from supportbot.knowledge.knowledge import Knowledge
    from supportbot.knowledge.passages import Passages
    from supportbot.models.loading import SecondVoice

_GENERATE_ONLY = "generate_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a question.

    Attributes:
        explanation: the steps of the knowledge.
        evidence: what the threshold stands on; None without any knowledge.
        voice: how the model stands where nothing is verified; None if there is no usable one.
        model_problem: why there is none.
        only_generates: whether knowledge is set not to be asked at all.
        reply: what was said with the model loaded.
        milliseconds: that the decision took.
    """

    explanation: Explanation
    evidence: str | None
    voice: SecondVoice | None
    model_problem: str | None
    only_generates: bool
    reply: Reply | None
    milliseconds: float

    @property
    def is_asked(self) -> bool | None:
        """Whether the model is asked where nothing is verified; None if there is no usable one."""
        return None if self.voice is None else self.voice.is_asked

    @property
    def hearing(self) -> Hearing | None:
        """How what the model said compares with what is approved; None where that was not looked at."""
        decision = self.explanation.decision
        if self.reply is None or self.only_generates or decision is None or self.reply.confidence is None:
            return None
        from supportbot.answering.beside import hear

        return hear(self.reply.draft or self.reply.text, decision)


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
    from supportbot.models.loading import find_second_voice

    started = time.perf_counter()
    explanation = await explain(knowledge, question, place, passages)
    milliseconds = (time.perf_counter() - started) * 1000
    problem, voice = None, None
    try:
        voice = await find_second_voice(
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
        voice=voice,
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
        return f"The model is asked, because {because}; {_condition(tried)}.{ending}"
    if quote is not None:
        return f"Quoted, not verified: passage {quote.passage.id} is given word for word, because {because}."
    if tried.model_problem is not None:
        return f"Not sure: {because}, and there is no usable model. {tried.model_problem}"
    near = len(found.suggestions)
    ending = f", with {near} verified {'question' if near == 1 else 'questions'} to choose from" if near else ""
    return f"Not sure{ending}: {because}, and the model was not trained on rows of yours, so it is not asked."


def _condition(tried: Tried) -> str:
    """Say when the model is heard."""
    from supportbot.answering.beside import near_answer

    if (decision := tried.explanation.decision) is None or tried.only_generates:
        return "what it says must be sure enough"
    if (near := near_answer(decision)) is None:
        return "it is not heard, since no approved answer is near enough"
    return f"what it says must be sure enough, and be what entry {near.entry.id} says"
