"""``make licences``: under which licence each installed library is, and whether that is one that we take.

A package says it in one of three ways: as an SPDX expression, in classifiers, or in words. What we take, and which
package is an exception and why, stands in ``pyproject.toml`` (``[tool.supportbot.licences]``).
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path
from typing import cast

PROJECT = Path(__file__).parents[1] / "pyproject.toml"

_SPDX = {
    "Apache 2.0 License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What classifiers and words mean; what is not here stands for itself, and is allowed by nobody."""


@dataclass(frozen=True, slots=True)
class Library:
    """An installed package and its licence, as an SPDX expression where that is known."""

    name: str
    version: str
    licence: str


def installed() -> list[Library]:
    """Return what is installed, sorted by name; this program itself is left out."""
    found = {
        _normal(distribution.metadata["Name"]): Library(
            _normal(distribution.metadata["Name"]),
            distribution.version,
            licence_of(cast("Message", distribution.metadata)),
        )
        for distribution in distributions()
    }
    return [found[name] for name in sorted(found) if name != "supportbot"]


def licence_of(metadata: Message) -> str:
    """Return what a package says of its licence; several classifiers hold together."""
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [
        str(line).rpartition(" :: ")[2] for line in metadata.get_all("Classifier", []) if "License ::" in line
    ]
    named = [_SPDX.get(name, name) for name in classifiers if name != "OSI Approved"]
    if named:
        return " AND ".join(sorted(set(named)))
    words = str(metadata.get("License") or "").strip().partition("\n")[0]
    return _SPDX.get(words, words) or "none named"


def is_allowed(licence: str, allowed: Collection[str]) -> bool:
    """Return whether an SPDX expression can be met with the licences that are allowed."""
    depth = 0
    for operator, join in ((" OR ", any), (" AND ", all)):
        parts, begin = [], 0
        for place, character in enumerate(licence):
            depth += (character == "(") - (character == ")")
            if depth == 0 and licence.startswith(operator, place):
                parts.append(licence[begin:place])
                begin = place + len(operator)
        if parts:
            return join(is_allowed(part.strip(), allowed) for part in [*parts, licence[begin:]])
    inner = licence.removeprefix("(").removesuffix(")")
    return licence in allowed or (inner != licence and is_allowed(inner, allowed))


def refused(libraries: Collection[Library], rules: Mapping[str, object]) -> Iterator[Library]:
    """Yield the libraries whose licence is not taken and which are no exception."""
    allowed = cast("Collection[str]", rules["allow"])
    exceptions = cast("Mapping[str, str]", rules["exceptions"])
    for library in libraries:
        if library.name not in exceptions and not is_allowed(library.licence, allowed):
            yield library


def read_rules() -> Mapping[str, object]:
    """Return what is allowed."""
    rules: Mapping[str, object] = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["supportbot"]["licences"]
    return rules


def main() -> int:
    """List all; return 1 if one is not taken."""
    libraries = installed()
    for library in libraries:
        sys.stdout.write(f"{library.name:32} {library.version:20} {library.licence}\n")
    wrong = list(refused(libraries, read_rules()))
    for library in wrong:
        sys.stderr.write(
            f"{library.name} is under '{library.licence}', which pyproject.toml does not allow: take another "
            "library, or say there why it may stay.\n"
        )
    return 1 if wrong else 0


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
