"""`supportbot init` and who answers for what goes live."""

from __future__ import annotations

import shutil
from pathlib import Path

from supportbot.bootstrap import initialise
from supportbot.cli.init import go_live
from supportbot.config import Settings
from supportbot.db.audit import recent
from supportbot.db.session import Database
from supportbot.models.registry import Registry, write_manifest


async def test_starter_made_anew_goes_live_as_somebodys_decision(tmp_path: Path, tiny_model: Path) -> None:
    """The audit says who had the starter made anew, from what it took over, and why without an evaluation."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    await initialise(settings)
    registry = Registry(settings.models_dir)
    made = shutil.copytree(tiny_model, tmp_path / "made")
    write_manifest(made, version="starter-anew", metrics={}, training={}, confidence_floor=None)
    registry.install(made)
    await go_live(settings, "starter-anew", "ana")
    assert registry.active() == "starter-anew"
    database = Database(settings.sqlalchemy_url)
    (entry,) = await recent(database, 1)
    await database.aclose()
    assert (entry.actor, entry.action, entry.subject) == ("ana", "model.promote", "model:starter-anew")
    assert entry.details["from"] == "starter"
    assert "init --retrain" in entry.details["forced"]
