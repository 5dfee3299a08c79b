"""What each kind of job runs: a command of ``training``, as somebody at a terminal would type it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supportbot.db.states import JobKind
from supportbot.jobs.folder import PROGRESS

MODULES: Mapping[JobKind, str] = {
    JobKind.TRAIN: "training.finetune",
    JobKind.EVALUATE: "training.evaluate",
    JobKind.PUBLISH: "training.publish",
}

Arguments = Callable[[Path], Sequence[str]]
"""Makes the arguments of a command; it is given the folder of the job, for its progress."""

SURVEY = "training.survey"

DOCUMENTED_BASE = "gpt2"
"""What the documented run starts from."""


class Recipe(StrEnum):
    """How a model is trained."""

    FAQ = "faq"
    DOCUMENTED = "documented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What an operator chose for a training.

    Attributes:
        recipe: how.
        base: what the documented run starts from: a version, or the documented base.
    """

    recipe: Recipe
    base: str = DOCUMENTED_BASE


def train(lesson: Lesson, run: Path, folder: Path, *, resume: bool = False) -> Sequence[str]:
    """Return the arguments of a training.

    Args:
        lesson: what was chosen.
        run: the folder that it makes.
        folder: of the job.
        resume: whether the run was begun already.
    """
    if lesson.recipe is Recipe.FAQ:
        chosen = ["--recipe=faq"]
    else:
        chosen = [f"--base-model={lesson.base}", *(["--resume"] if resume else [])]
    return ["--from-db", *chosen, f"--output-dir={run}", f"--progress={folder / PROGRESS}"]


def evaluate(run: Path, folder: Path) -> Sequence[str]:
    """Return the arguments of an evaluation against what is live."""
    return [f"--candidate={run}", "--against=active", f"--progress={folder / PROGRESS}"]


def publish(run: Path, version: str, by: str, folder: Path, *, is_evaluated: bool) -> Sequence[str]:
    """Return the arguments of a publication.

    Args:
        run: what is published.
        version: its name.
        by: who publishes, for the audit.
        folder: of the job; it takes seconds, so there is no progress to tell.
        is_evaluated: whether there is an evaluation to go with it.
    """
    unmeasured = [] if is_evaluated else ["--without-evaluation"]
    return [f"--candidate={run}", f"--version={version}", f"--by={by}", *unmeasured]
