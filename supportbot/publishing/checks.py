"""What a version must show before it may go live: that it is sound, and that it is better.

Soundness can't be waived. Evidence can, by somebody who gives a reason.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from supportbot.engine.smoke import smoke
from supportbot.errors import ModelError
from supportbot.registry import Manifest, verify


async def check_sound(directory: Path, version: str) -> None:
    """Load a version as the daemon would, and let it say something.

    Raises:
        ModelError: a digest differs, tensors are missing or hold values that are not numbers, the tokenizer does
            not fit, or it can't generate.
    """
    await asyncio.to_thread(verify, directory)
    # torch takes a second to import, and a refusal before this line needs none of it.
    from supportbot.engine.load import load_engine

    try:
        engine = await asyncio.to_thread(load_engine, directory, version, "auto")
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
        ModelError: nothing was measured, or against another version, or the candidate is not better.
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
    if evaluation.get("better") is not True:
        verdict = str(evaluation.get("verdict") or "the evaluation gives no verdict").rstrip(".")
        raise ModelError(
            f"Version '{version}' did not measure better than '{active}' ({verdict}): train it on more, "
            "or give a reason with --force."
        )
