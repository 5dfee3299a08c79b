"""``make lint``: sentences that make a reader stop, in the documents and in docstrings and comments.

Harper, a grammar checker that needs no network, reads Markdown and Python. Few of its own rules are on: the others
mostly find names and code. The `.weir` files beside this module are rules of ours, each with examples.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.documents import DOCUMENTS, ROOT

RULES = sorted(Path(__file__).parent.glob("*.weir"))
"""Our own, in Harper's language for rules."""

HARPERS_RULES = ("AvoidAndAlso", "LongSentences", "RepeatedWords")
"""Those of Harper that are on; a sentence is long with more than 40 words."""

_CODE = ("benchmarks", "bot", "supportbot", "training")
_GENERATED = ROOT / "docs" / "reference"
_MANIFEST = {"author": "supportbot", "version": "1", "description": "How we write", "license": "MIT"}


def files() -> list[Path]:
    """Return what is checked: the documents that people write, and Python files."""
    code = [path for folder in _CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    return [*(path for path in DOCUMENTS if not path.is_relative_to(_GENERATED)), *code]


def find(paths: Sequence[Path], root: Path = ROOT) -> Iterator[str]:
    """Yield a line for each finding: where, by its path from the root, what to do, and the rule.

    Raises:
        RuntimeError: Harper did not answer; the message is what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = _run_harper(paths, _pack(Path(folder)))
    for path, result in zip(paths, answer, strict=True):
        lines = path.read_text("utf-8").splitlines()
        for lint in result["lints"]:
            line, rule = lint["line"], lint["rule"]
            in_table = lines[line - 1].startswith("|")  # a row is no sentence
            if not (in_table and rule == "LongSentences"):
                yield f"{path.relative_to(root)}:{line}:{lint['column']}: {lint['message']} ({rule})"


def _pack(folder: Path) -> Path:
    """Write our rules as Harper takes them: a zip with a manifest."""
    pack = folder / "rules.weirpack"
    with zipfile.ZipFile(pack, "w") as archive:
        archive.writestr("manifest.json", json.dumps(_MANIFEST))
        for rule in RULES:
            archive.write(rule, rule.name)
    return pack


def _run_harper(paths: Sequence[Path], pack: Path) -> list[dict[str, Any]]:
    only = ",".join([*HARPERS_RULES, *(rule.stem for rule in RULES)])
    options = ["--weirpacks", str(pack), "--only", only, "--dialect", "gb", "--format", "json", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "harper", "lint", *options, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.startswith("["):
        raise RuntimeError(done.stderr)
    answer: list[dict[str, Any]] = json.loads(done.stdout)  # one for each path, in their order
    return answer


def main() -> int:
    """Print what was found; the status is 1 if there is something."""
    found = list(find(files()))
    print("\n".join(found), end="\n" if found else "")  # noqa: T201 - this is what it is for
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
