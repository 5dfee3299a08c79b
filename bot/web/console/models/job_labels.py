"""What people read of jobs: what they are, how far they have come, and what there is to train on."""

from __future__ import annotations

from collections.abc import Mapping

from supportbot.db.states import JobKind, JobState
from supportbot.jobs.commands import Lesson, Recipe
from supportbot.jobs.folder import Progress
from supportbot.jobs.survey import Survey
from supportbot.words import N_, Words

KINDS: Mapping[JobKind, str] = {
    JobKind.TRAIN: N_("Training"),
    JobKind.EVALUATE: N_("Evaluation"),
    JobKind.PUBLISH: N_("Publishing"),
}

STATES: Mapping[JobState, str] = {
    JobState.RUNNING: N_("running"),
    JobState.ENDED: N_("ended"),
    JobState.FAILED: N_("failed"),
    JobState.CANCELLED: N_("cancelled"),
    JobState.LOST: N_("ended without a result"),
}

WHY: Mapping[JobState, str] = {
    JobState.FAILED: N_("The job failed without an explanation. Its last lines of output may say more."),
    JobState.CANCELLED: N_("The job was cancelled."),
    JobState.LOST: N_("The process ended without a message. The machine may have restarted or run out of memory."),
}
"""What is said of a job that has no result."""

RECIPES: Mapping[Recipe, str] = {
    Recipe.FAQ: N_("FAQ recipe: a small model trained on your answers"),
    Recipe.DOCUMENTED: N_("Documented recipe: fine-tune a base model"),
}

RECIPE_MEANINGS: Mapping[Recipe, str] = {
    Recipe.FAQ: N_(
        "Trains a small model from scratch to recognise and write your answers. It needs no base model, "
        "takes minutes on a processor, and learns up to 125 different answers."
    ),
    Recipe.DOCUMENTED: N_(
        "Trains an existing language model further. It takes long on a processor and is meant for a GPU. The "
        "base model comes from the Hugging Face hub or is an installed version."
    ),
}

REASONS = (
    *(N_("not approved yet"), N_("rejected"), N_("near-duplicate"), N_("over the cap of one person")),
    *(N_("no consent"), N_("labelled bad")),
)
"""Why rows are left out, as training calls it."""

ENOUGH_HELD_OUT = 20
"""Held-out rows below which nothing is ever better."""

_PHASES: Mapping[str, str] = {
    "train": N_("Step {done} of {total}"),
    "candidate": N_("Asking the new model: {done} of {total}"),
    "against": N_("Asking the model to compare with: {done} of {total}"),
    "answerer": N_("Asking the full system: {done} of {total}"),
}

_NO_ROWS = N_(
    "There are no rows to train on. Approve some under Review, or import answers under Knowledge. Rows of a "
    "workspace count only if it allows learning (see Settings)."
)
_ONE_ANSWER = N_("The FAQ recipe needs at least two different answers. Approve another one with a few wordings.")
_TOO_MANY = N_(
    "The FAQ recipe supports up to {most} different answers, and there are more. Give the rows of one topic "
    "the same answer, or choose the documented recipe."
)
_NO_BASE = N_(
    "The base {base} is not on this machine, and the Hugging Face hub can't be reached. Choose the FAQ "
    "recipe, which needs no base, or an installed version."
)

_MINUTE = 60


def objection(survey: Survey, lesson: Lesson, documented_base: str, words: Words) -> str:
    """Return why a training can't be started; "" where it can.

    Args:
        survey: what there is to learn.
        lesson: what was chosen.
        documented_base: the one that may have to be fetched.
        words: the console's own.
    """
    if survey.train == 0:
        return words.say(_NO_ROWS)
    if lesson.recipe is Recipe.DOCUMENTED:
        is_missing = lesson.base == documented_base and not survey.has_base
        return words.say(_NO_BASE, base=lesson.base) if is_missing else ""
    if survey.answers < 2:
        return words.say(_ONE_ANSWER)
    if survey.answers > survey.most_answers:
        return words.say(_TOO_MANY, most=survey.most_answers)
    return ""


def progress_words(progress: Progress, words: Words) -> str:
    """Return how far a job is."""
    if not progress.phase:
        return words.say("Preparing…")
    done = words.number(progress.done)
    total = "–" if progress.total is None else words.number(progress.total)
    text = words.say(_PHASES.get(progress.phase, "{done} / {total}"), done=done, total=total)
    return f"{text}, {_left(progress.seconds_left, words)}" if progress.seconds_left else text


def _left(seconds: float, words: Words) -> str:
    if seconds < 2 * _MINUTE:
        return words.say_many("about {number} second left", "about {number} seconds left", round(seconds))
    minutes = round(seconds / _MINUTE)
    return words.say_many("about {number} minute left", "about {number} minutes left", minutes)
