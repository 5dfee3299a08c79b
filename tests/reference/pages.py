"""Every reference page by its name, and how each is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.reference import cli, http, metrics, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"

_NOTE = "<!-- `python -m tests.reference` writes this page from the code. Change the code, not this page. -->\n\n"

PAGES: Mapping[str, Callable[[], str]] = {
    "settings": settings.build_page,
    "cli": cli.build_page,
    "metrics": metrics.build_page,
    "http": http.build_page,
}


def path_of(name: str) -> Path:
    """Return where a page is."""
    return FOLDER / f"{name}.md"


def build_page(name: str) -> str:
    """Return the text of a page."""
    return _NOTE + PAGES[name]().rstrip() + "\n"
