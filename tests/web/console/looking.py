"""Looking at a page as somebody with a small screen, in the dark, or with a screen reader does."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from playwright.async_api import Page

WIDTHS = (390, 1440)
_HEIGHT = 900
_LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = tuple(zip(WIDTHS, ("dark", "light"), strict=True))
"""Each width and each scheme once: colours do not depend on the width."""

_RUN = """axe.run({exclude: [['#popup']]}, {resultTypes: ['violations'], preload: false})"""
"""Without NiceGUI's sign that the line to the server is broken, which a busy machine shows now and then."""


def _axe() -> str:
    """Return axe-core, as the package of that name for Playwright ships it."""
    spec = find_spec("axe_playwright_python")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], "axe.min.js").read_text("utf-8")


async def problems(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page, narrow in the dark and wide in the light, or does not fit."""
    await page.evaluate(_axe())
    found: list[str] = []
    for width, scheme in _LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": _HEIGHT})
        where = f"{page.url} {scheme} {width}"
        results = await page.evaluate(_RUN)
        found += [
            f"{where}: {one['id']} {node['html'][:200]} {node['failureSummary']}"
            for one in results["violations"]
            for node in one["nodes"]
        ]
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"{where}: wider than the window")
    return found
