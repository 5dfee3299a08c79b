"""The browser of these tests is the one that Playwright would start, but for what is said in ``browsing``."""

from __future__ import annotations

import psutil

from tests.web.browsing import OFF, open_browser

_OFF = "--disable-features="


async def test_what_playwright_turns_off_stays_off() -> None:
    """Of two lists only the last one counts, which is ours: it has all that Playwright's has."""
    running = set(psutil.Process().children(recursive=True))
    async with open_browser():
        started = [one.cmdline() for one in psutil.Process().children(recursive=True) if one not in running]
        # A script may stand before the program; what has a type is a part of it.
        switches = {tuple(part for part in line if part.startswith("--")) for line in started}
        [of_it] = [one for one in switches if _OFF in " ".join(one) and "--type=" not in " ".join(one)]
    lists = [part.removeprefix(_OFF).split(",") for part in of_it if part.startswith(_OFF)]
    theirs, ours = lists
    assert set(ours) == set(OFF)
    assert set(theirs) <= set(ours)
