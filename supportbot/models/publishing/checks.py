"""What a version must show before it may go live: that it is sound, right more often than wrong, and better.

Soundness can't be waived. Evidence can, by somebody who gives a reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from supportbot.engine.base import Engine
from supportbot.engine.smoke import smoke
from supportbot.errors import ModelError
from supportbot.models.registry import Manifest, ModelSource, Registry

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
        raise ModelError(f"Version '{version}' is damaged, so it can't go live. {error}") from error


def check_evidence(manifest: Manifest, active: str | None) -> None:
    """Compare what was measured with what a promotion needs.

    Args:
        manifest: of the candidate.
        active: the version that it would replace.

    Raises:
        ModelError: nothing was measured, or against another version; or the candidate forgot what the other was
            trained on, is wrong more often than right, or is not better.
    """
    if active is None:
        return
    version, evaluation = manifest.version, manifest.evaluation
    remedy = f"evaluate it (`python -m training.evaluate --candidate … --against {active}`) and publish it again"
    if not evaluation:
        raise ModelError(f"Version '{version}' was not evaluated: {remedy}, or give a reason with --force.")
    against = evaluation.get("against")
    compared = against.get("version") if isinstance(against, dict) else None
    if compared != active:
        raise ModelError(
            f"Version '{version}' was compared with '{compared}', and '{active}' is live now: {remedy}, "
            "or give a reason with --force."
        )
    verdict = str(evaluation.get("verdict") or "the evaluation gives no verdict").rstrip(".")
    if evaluation.get("forgot") is True:
        raise ModelError(
            f"Version '{version}' lost what '{active}' was trained on. {verdict}; or give a reason with --force."
        )
    right = _right_share(evaluation)
    if right is not None and right < LEAST_RIGHT:
        # Not left to the verdict: an evaluation made before this was a rule calls such a model better.
        raise ModelError(
            f"Version '{version}' answers {right:.1%} of the held-out rows right, and fewer than half is never "
            "better: train it longer or on more wordings of each answer, or give a reason with --force."
        )
    if evaluation.get("better") is not True:
        raise ModelError(
            f"Version '{version}' did not measure better than '{active}' ({verdict}): train it on more, "
            "or give a reason with --force."
        )


def _right_share(evaluation: Mapping[str, Any]) -> float | None:
    """Return the share of held-out rows that the candidate answered right, where the evaluation says so."""
    candidate = evaluation.get("candidate")
    share = candidate.get("right") if isinstance(candidate, Mapping) else None
    return share if isinstance(share, int | float) else None
