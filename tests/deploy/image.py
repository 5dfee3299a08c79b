"""What the Dockerfile says of the image."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

DOCKERFILE = Path(__file__).parents[2] / "deploy" / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the last stage, each with what follows it."""
    lines = [line for line in DOCKERFILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    all_of_them = [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line]
    last = max(number for number, (name, _) in enumerate(all_of_them) if name == "FROM")
    return all_of_them[last:]


def image_environment() -> dict[str, str]:
    """Return the variables that the image sets."""
    return dict(pair.split("=", 1) for name, rest in instructions() if name == "ENV" for pair in shlex.split(rest))


def health_check() -> list[str]:
    """Return the command that says whether a container is well."""
    [rest] = [rest for name, rest in instructions() if name == "HEALTHCHECK"]
    command: list[str] = json.loads(rest.partition("CMD ")[2])
    return command
