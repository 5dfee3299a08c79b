"""The versions of the boat hire's model, as if it had trained them: the second was better, and is live."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from supportbot.config import Settings
from supportbot.db import audit
from supportbot.db.models import ModelVersion, RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ModelStatus
from supportbot.models.registry import Registry
from tests.supportbot.feedback.curation.rows import example
from tests.versions import install_version
from tests.web.console.pictures.words import ADMIN

BEFORE, VERSION = "elm-1", "elm-2"


async def publish(settings: Settings) -> None:
    """Publish two versions, which are the starter under other names; the second is live, and knows the boat hire.

    Args:
        settings: of the bot, which does not run yet.
    """
    registry, base = Registry(settings.models_dir), {"base_model": "distilgpt2", "method": "sft", "recipe": "faq"}
    for version, rows, evaluation in ((BEFORE, 31, None), (VERSION, 58, _evaluation(BEFORE))):
        training = {**base, "examples": rows}
        source = settings.models_dir / "starter"
        await asyncio.to_thread(
            install_version, registry, source, version, training=training, evaluation=evaluation
        )
        registry.activate(version)
    now = datetime.now(UTC)
    curve = [{"step": step, "loss": 0.35 + 2.6 * 0.965**step} for step in range(5, 125, 5)]
    checked = [{"step": step, "eval_loss": 0.62 + 2.2 * 0.96**step} for step in range(20, 140, 20)]
    database = Database(settings.sqlalchemy_url)
    async with database.write() as session:
        digest = registry.manifest(VERSION).digest
        published = ModelVersion(
            name=VERSION, base="distilgpt2", digest=digest, status=ModelStatus.ACTIVE, created_at=now
        )
        learned = example("How long is Elm Lake?", "Four kilometres.")
        session.add_all((published, learned))
        await session.flush()
        run = TrainingRun(
            model_version_id=published.id,
            arguments={},
            dataset_fingerprint="elm",
            loss_history=[*curve, *checked],
            started_at=now,
        )
        session.add(run)
        await session.flush()
        session.add(RunExample(run_id=run.id, example_id=learned.id))
        details = {"from": BEFORE}
        audit.record(session, actor=ADMIN, action="model.promote", subject=f"model:{VERSION}", details=details)
    await database.aclose()


def _evaluation(against: str) -> dict[str, Any]:
    """Return an evaluation as `training.evaluate` writes it."""
    return {
        "against": {"version": against, "right": 0.71, "rouge_l": 0.78, "loss": 0.94},
        "candidate": {"version": VERSION, "right": 0.86, "rouge_l": 0.88, "loss": 0.61},
        "differences": {
            "right": {"value": 0.15, "low": 0.06, "high": 0.24},
            "rouge_l": {"value": 0.10, "low": 0.04, "high": 0.16},
        },
        "better": True,
        "verdict": "Better: it answers more of the held-out rows right (+6 to +24 points).",
        "rows": 48,
    }
