"""Every reference page by its file name, and how each is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.reference import cli, http, metrics, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"

_NOTE = "<!-- `python -m tests.reference` writes this page from the code. Change the code, not this page. -->\n\n"

_PAGES: Mapping[str, Callable[[], str]] = {
    "settings": settings.build_page,
    "cli": cli.build_page,
    "metrics": metrics.build_page,
    "http": http.build_page,
}


def build_pages() -> Mapping[Path, str]:
    """Return the text of each reference page by its path."""
    return {FOLDER / f"{name}.md": _NOTE + build().rstrip() + "\n" for name, build in _PAGES.items()}
