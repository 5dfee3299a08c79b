"""``make audit``: does any library of the lock have a known vulnerability?

``pip-audit`` asks PyPI. Where that cannot be reached, or is a mirror that knows no vulnerabilities, it ends well
all the same; so this counts what was really looked up, and says it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "constraints.txt"

_SECONDS = 10
"""For one request; there are some hundred."""


def report(dependencies: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """Return what to say of the libraries that ``pip-audit`` has listed, and the exit status."""
    asked = [one for one in dependencies if "skip_reason" not in one]
    known = [(one, hole) for one in asked for hole in one["vulns"]]
    if not asked:
        return "PyPI's list of known vulnerabilities could not be asked: nothing was checked.", 0
    said = f"{len(asked)} of {len(dependencies)} libraries were looked up; known vulnerabilities: {len(known)}."
    holes = [
        f"  {one['name']} {one['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or 'none yet'}"
        for one, hole in known
    ]
    return "\n".join([said, *holes]), int(bool(known))


def main() -> int:
    """Ask, and say what was found; the status is 1 if there is something."""
    options = ["--disable-pip", "--no-deps", "--format", "json", "--timeout", str(_SECONDS)]
    asking = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--progress-spinner", "off", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    dependencies = json.loads(asking.stdout)["dependencies"] if asking.stdout.startswith("{") else []
    said, status = report(dependencies)
    print(said)  # noqa: T201 - this is what it is for
    return status


if __name__ == "__main__":
    sys.exit(main())
