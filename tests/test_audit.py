"""What the check for known vulnerabilities says; whether there are any is for `make audit` to ask."""

from __future__ import annotations

from tests.audit import report

SAFE = {"name": "safe", "version": "1.0", "vulns": []}
HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": "…"}


def test_a_known_vulnerability_fails_the_check() -> None:
    """It is named with the version that fixes it."""
    said, status = report([SAFE, {"name": "open", "version": "1.0", "vulns": [HOLE]}])
    assert said.splitlines() == [
        "2 of 2 libraries were looked up; known vulnerabilities: 1.",
        "  open 1.0: PYSEC-1, fixed in 1.1",
    ]
    assert status == 1


def test_a_service_that_knows_nothing_is_not_taken_for_safety() -> None:
    """Where nothing could be looked up, that is said; what could be is counted."""
    skipped = {"name": "other", "version": "1.0", "skip_reason": "not found on PyPI"}
    assert report([skipped]) == (
        "PyPI's list of known vulnerabilities could not be asked: nothing was checked.",
        0,
    )
    assert report([]) == report([skipped])
    assert report([SAFE, skipped]) == ("1 of 2 libraries were looked up; known vulnerabilities: 0.", 0)
