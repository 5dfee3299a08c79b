"""What the site needs beyond the pages in this folder; MkDocs calls these functions by name.

People read the same Markdown on the forge and on the site. So pages link to files outside ``docs/``: the site has
those that are documents, and shows the names of the others without a link.
"""

from __future__ import annotations

import re
from pathlib import Path

import nicegui
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]

ROOT_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
"""Documents that have to lie in the root of the repository."""

MERMAID = Path(nicegui.__file__).parent / "elements" / "mermaid" / "dist"
"""Mermaid for the browser, as a library that the bot needs anyway ships it."""

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of the root, and Mermaid."""
    for name in ROOT_PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text("utf-8")))
    for script in sorted(MERMAID.glob("*.js")):
        files.append(File.generated(config, f"assets/mermaid/{script.name}", abs_src_path=str(script)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page whose links lead to where things are on the site."""
    name = page.file.src_uri
    folder = ROOT if name in ROOT_PAGES else ROOT / "docs" / Path(name).parent
    depth = len(Path(name).parents) - 1

    def resolve(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        path = (folder / target).resolve()
        if path.parent == ROOT and path.name in ROOT_PAGES:
            there = path.name
        elif path.is_relative_to(ROOT / "docs") and not path.is_dir():
            there = path.relative_to(ROOT / "docs").as_posix()
        else:
            return words
        return f"[{words}]({'../' * depth}{there}{anchor})"

    return _LINK.sub(resolve, markdown)
