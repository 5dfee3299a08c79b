"""What a version must show before it may go live: that it is sound, right more often than wrong, and better.

Where answers are approved, better alone is not enough: people then see the model only where nothing is verified,
and there it must not add wrong answers.

Soundness can't be waived. Evidence can, by somebody who gives a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from supportbot.engine.base import Engine
from supportbot.engine.smoke import smoke
from supportbot.errors import ModelError
from supportbot.models.publishing.verdicts import read_verdict
from supportbot.models.registry import Manifest, ModelSource, Registry
from supportbot.words import N_, Sentence


class EvidenceError(ModelError):
    """A version was not shown to be better; it may go live for a reason that somebody gives.

    Its argument is the sentence, for whoever says it in another language.
    """


_DAMAGED = N_("Version '{version}' is damaged, so it can't go live. {problem}")
_NOT_EVALUATED = N_(
    "Version '{version}' was not evaluated. Evaluate it (`python -m training.evaluate --candidate … "
    "--against {active}`) and publish it again, or give a reason with --force."
)
_COMPARED_WITH_ANOTHER = N_(
    "Version '{version}' was compared with '{compared}', but '{active}' is live now. Evaluate it (`python -m "
    "training.evaluate --candidate … --against {active}`) and publish it again, or give a reason with "
    "--force."
)
_FORGOT = N_(
    "Version '{version}' lost what '{active}' was trained on, so it needs a reason with --force. {verdict}"
)
_MOSTLY_WRONG = N_(
    "Version '{version}' answers {share} of the held-out rows right. A version below half is never better. "
    "Train it longer or on more wordings per answer, or give a reason with --force."
)
_NOT_BETTER = N_(
    "Version '{version}' did not measure better than '{active}': train it on more, or give a reason with --force. "
    "{verdict}"
)
_NOT_BESIDE = N_(
    "Version '{version}' was not measured with your approved answers. Evaluate it (`python -m "
    "training.evaluate --candidate … --against {active}`) and publish it again, or give a reason with "
    "--force."
)
_NOTHING_ASKED = N_(
    "Version '{version}' couldn't be measured with your approved answers, because none of the questions "
    "asked has an approved answer with another wording. Approve more wordings or pass questions with --data, "
    "evaluate it (`python -m training.evaluate --candidate … --against {active}`) and publish it again, or "
    "give a reason with --force."
)
_WOULD_BE_WRONG = N_(
    "Version '{version}' would show more wrong answers next to your approved ones, because {objection}. "
    "Train it on more rows, or give a reason with --force."
)
_NO_VERDICT = N_("The evaluation gives no verdict.")
_NOT_SAID = N_("the record lacks the number of wrong answers shown")
_MORE_WRONG = N_(
    "{wrong} of {asked} questions are answered wrongly, significantly more than now ({points} points, 95% "
    "interval {low} to {high})"
)
_ABOVE_RATE = N_(
    "{wrong} of {asked} questions are answered wrongly, more than now ({points} points) and significantly "
    "above SUPPORTBOT_WRONG_RATE ({rate})"
)

LEAST_RIGHT = 0.5
"""Share of the held-out rows that a version must answer right, whatever it is compared with: with two models that
know nothing, the one that is less surprised by the right answers would pass for better."""


async def check_sound(registry: Registry, version: str, load: Callable[[ModelSource], Engine]) -> None:
    """Load a version as the daemon would, and let it say something.

    Args:
        registry: where it is installed.
        version: its name.
        load: the daemon's own way to make an engine of it; what is sound in one precision overflows in another.

    Raises:
        ModelError: a digest differs, tensors are missing or hold values that are not numbers, the tokenizer does
            not fit, or it can't generate.
    """
    source = await asyncio.to_thread(registry.resolve, version)
    try:
        engine = await asyncio.to_thread(load, source)
        try:
            await smoke(engine)
        finally:
            await engine.aclose()
    except ModelError as error:
        raise ModelError(Sentence(_DAMAGED, version=version, problem=error.args[0])) from error


def check_evidence(manifest: Manifest, active: str | None, *, has_knowledge: bool) -> None:
    """Compare what was measured with what a promotion needs.

    Args:
        manifest: of the candidate.
        active: the version that it would replace.
        has_knowledge: whether there are live answers of the operator's own.

    Raises:
        EvidenceError: nothing was measured, or against another version; the candidate forgot what the other was
            trained on, is wrong more often than right, or is not better. With knowledge, also: the whole answerer
            was not measured with the candidate, or shows more wrong answers with it.
    """
    if active is None:
        return
    version, evaluation = manifest.version, manifest.evaluation
    if not evaluation:
        raise EvidenceError(Sentence(_NOT_EVALUATED, version=version, active=active))
    against = evaluation.get("against")
    compared = against.get("version") if isinstance(against, dict) else None
    if compared != active:
        raise EvidenceError(Sentence(_COMPARED_WITH_ANOTHER, version=version, compared=compared, active=active))
    verdict = read_verdict(evaluation) or Sentence(_NO_VERDICT)
    if evaluation.get("forgot") is True:
        raise EvidenceError(Sentence(_FORGOT, version=version, active=active, verdict=verdict))
    right = _right_share(evaluation)
    if right is not None and right < LEAST_RIGHT:
        # Not left to the verdict: an evaluation made before this was a rule calls such a model better.
        share = f"{right:.1%}"
        raise EvidenceError(Sentence(_MOSTLY_WRONG, version=version, share=share))
    if evaluation.get("better") is not True:
        raise EvidenceError(Sentence(_NOT_BETTER, version=version, active=active, verdict=verdict))
    if has_knowledge:
        _check_answerer(version, active, evaluation.get("answerer"))


def answerer_objection(answerer: Mapping[str, Any]) -> Sentence | None:
    """Return what speaks against a candidate behind the answerer, in the mode that was set, or None.

    It may not show more wrong answers than what is live, beyond chance; nor, if it shows more at all, more of them
    than ``SUPPORTBOT_WRONG_RATE`` beyond chance. What is above that rate without the candidate is not its fault.

    Args:
        answerer: as ``training.evaluate`` records it.
    """
    mode = str(answerer.get("mode"))
    wrong, rise = (
        _interval(answerer, "candidate", mode, "wrong"),
        _interval(answerer, "differences", mode, "wrong"),
    )
    if wrong is None or rise is None:
        return Sentence(_NOT_SAID)
    shown = {"wrong": f"{wrong['value']:.1%}", "asked": answerer.get("asked")}
    points = f"{100 * rise['value']:+.1f}"
    rate = answerer.get("wrong_rate")
    if rise["low"] > 0:
        low, high = f"{100 * rise['low']:+.1f}", f"{100 * rise['high']:+.1f}"
        return Sentence(_MORE_WRONG, **shown, points=points, low=low, high=high)
    if rise["value"] > 0 and isinstance(rate, int | float) and wrong["low"] > rate:
        chosen = f"{rate:.1%}"
        return Sentence(_ABOVE_RATE, **shown, points=points, rate=chosen)
    return None


def _check_answerer(version: str, active: str, answerer: object) -> None:
    if not isinstance(answerer, Mapping):
        raise EvidenceError(Sentence(_NOT_BESIDE, version=version, active=active))
    if not answerer.get("asked"):
        raise EvidenceError(Sentence(_NOTHING_ASKED, version=version, active=active))
    if (objection := answerer_objection(answerer)) is not None:
        raise EvidenceError(Sentence(_WOULD_BE_WRONG, version=version, objection=objection))


def _interval(record: Mapping[str, Any], *path: str) -> Mapping[str, float] | None:
    """Return a figure with the ends of its interval, if the record has it."""
    found: object = record
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    is_whole = isinstance(found, Mapping) and all(
        isinstance(found.get(key), int | float) for key in ("value", "low", "high")
    )
    return cast("Mapping[str, float]", found) if is_whole else None


def _right_share(evaluation: Mapping[str, Any]) -> float | None:
    """Return the share of held-out rows that the candidate answered right, where the evaluation says so."""
    candidate = evaluation.get("candidate")
    share = candidate.get("right") if isinstance(candidate, Mapping) else None
    return share if isinstance(share, int | float) else None
