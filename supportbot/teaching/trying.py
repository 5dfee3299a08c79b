"""One question through every step, with or without the model, and the sentence that says what becomes of it.

Nothing of it is stored: a question that is only tried was not asked.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from supportbot.answering.answerer import Answerer
from supportbot.answering.beside import Hearing, hear, near_answer
from supportbot.answering.explain import Explanation, Verdict, explain
from supportbot.config import Settings
from supportbot.db.session import Database
from supportbot.errors import ModelError
from supportbot.intake.questions import Reply
from supportbot.knowledge.knowledge import Knowledge
from supportbot.knowledge.manage import known_workspace
from supportbot.knowledge.passages import Passages
from supportbot.models.loading import SecondVoice, find_second_voice
from supportbot.words import ENGLISH, N_, Words

_GENERATE_ONLY = "generate_only"

_VERDICTS = {
    Verdict.WORDING: N_("Known wording: the answer of {entries} is given word for word."),
    Verdict.SMALL_TALK: N_("Small talk: the answer of {entries} is given word for word."),
    Verdict.PARTS: N_("Two verified answers: the answers of {entries} are given word for word."),
    Verdict.VERIFIED: N_("Verified: the answer of {entries} is given word for word."),
}

_NOT_VERIFIED = N_("no verified answer matches")
_ONLY_GENERATES = N_("SUPPORTBOT_ANSWER_MODE is generate_only")
_NOTHING_KNOWN = N_("there are no answers yet (`supportbot import FILE --approve`, or `supportbot knowledge add`)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a question.

    Attributes:
        explanation: the steps of the knowledge.
        evidence: what the threshold is based on; None without any knowledge.
        voice: the model that answers where nothing is verified; None if there is no usable one.
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
        return hear(self.reply.draft or self.reply.text, decision)


class Trying:
    """Tries questions.

    Args:
        settings: of this process.
        database: with the knowledge and the record of the models.
        knowledge: that is asked.
        passages: that may be quoted beside it, if any may.
        answerer: with its model; None where it is not asked.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        knowledge: Knowledge,
        passages: Passages | None,
        answerer: Answerer | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._knowledge = knowledge
        self._passages = passages
        self._answerer = answerer

    async def ask(self, question: str, workspace: str | None = None, *, with_model: bool = False) -> Tried:
        """Return what would be said to a question, and why.

        Args:
            question: as somebody might type it.
            workspace: where, as ``slack:T123``; None for an operator, who sees everything.
            with_model: whether the model has its say, as it would.

        Raises:
            KnowledgeError: there is no such workspace.
            SupportBotError: the model cannot answer now.
        """
        place = None
        if workspace is not None:
            async with self._database.read() as session:
                place = await known_workspace(session, workspace)
        reply = None
        if with_model and self._answerer is not None:
            deadline = time.monotonic() + self._settings.answer_seconds
            reply = await self._answerer.answer(question, deadline, workspace_id=place)
        started = time.perf_counter()
        explanation = await explain(self._knowledge, question, place, self._passages)
        milliseconds = (time.perf_counter() - started) * 1000
        problem, voice = None, None
        try:
            voice = await find_second_voice(
                self._settings,
                self._database,
                has_knowledge=self._knowledge.has_own,
                has_passages=self._passages is not None and self._passages.number > 0,
            )
        except ModelError as error:
            problem = str(error)
        calibration = self._knowledge.calibration
        return Tried(
            explanation=explanation,
            evidence=str(calibration.evidence) if calibration else None,
            voice=voice,
            model_problem=problem,
            only_generates=self._settings.answer_mode == _GENERATE_ONLY,
            reply=reply,
            milliseconds=milliseconds,
        )


def verdict(tried: Tried, words: Words = ENGLISH) -> str:
    """Say what is said, and why."""
    found = tried.explanation
    if found.verdict is Verdict.DEGENERATE:
        return words.say("Not sure: the question is too long, too repetitive, or has no words.")
    if found.given and not tried.only_generates:
        entries = words.say(" and ").join(words.say("entry {entry}", entry=entry.id) for entry in found.given)
        return words.say(_VERDICTS[found.verdict], entries=entries)
    because = words.say(_why(tried))
    quote = None if tried.only_generates else found.quote
    if tried.is_asked:
        told = words.say(
            "The model is asked, because {because}; {condition}.",
            because=because,
            condition=_condition(tried, words),
        )
        ending = words.say("Otherwise, passage {passage} is quoted.", passage=quote.passage.id) if quote else ""
        return f"{told} {ending}".rstrip()
    if quote is not None:
        return words.say(
            "Quoted, not verified: passage {passage} is given word for word, because {because}.",
            passage=quote.passage.id,
            because=because,
        )
    if tried.model_problem is not None:
        told = words.say("Not sure: {because}, and there is no usable model.", because=because)
        return f"{told} {tried.model_problem}"
    ending = words.say(
        "{because}, and the model is not asked because it was not trained on your rows.", because=because
    )
    if not (near := len(found.suggestions)):
        return words.say("Not sure: {ending}", ending=ending)
    return words.say_many(
        "Not sure, with {number} verified question to choose from: {ending}",
        "Not sure, with {number} verified questions to choose from: {ending}",
        near,
        ending=ending,
    )


def _why(tried: Tried) -> str:
    if tried.only_generates:
        return _ONLY_GENERATES
    return _NOTHING_KNOWN if tried.explanation.decision is None else _NOT_VERIFIED


def _condition(tried: Tried, words: Words) -> str:
    """Say when the model is heard."""
    if (decision := tried.explanation.decision) is None or tried.only_generates:
        return words.say("the model's answer is used only if it is sure enough")
    if (near := near_answer(decision)) is None:
        return words.say("it can't be used, since no approved answer is close enough")
    return words.say(
        "the model's answer is used only if it is sure enough and agrees with entry {entry}", entry=near.entry.id
    )
