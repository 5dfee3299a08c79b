"""Models: which versions there are, how each was measured, which is live, switching, and training another one."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from bot.web.console.models.labels import OF_VERSION, TRAINING, TRIAL
from bot.web.console.models.listing import Listing
from bot.web.console.models.train import TrainPage
from bot.web.console.models.trial import TrialPage
from bot.web.console.models.version import VersionPage
from bot.web.console.visit import Visit

_STYLE = Path(__file__).with_name("models.css")


async def build(visit: Visit) -> None:
    """Build the version that the address names, the page that trains, or the trial; the list for none."""
    ui.add_css(_STYLE)
    named = None if OF_VERSION in visit.query else visit.argument
    if named == TRAINING:
        await TrainPage(visit).build()
        return
    if named == TRIAL:
        await TrialPage(visit).build()
        return
    page = VersionPage(visit, visit.argument) if visit.argument else Listing(visit)
    await page.build()
