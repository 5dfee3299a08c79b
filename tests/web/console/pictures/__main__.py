"""``python -m tests.web.console.pictures``: draws docs/images/console-*.png; with names, only those."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.web.browsing import open_browser
from tests.web.console.pictures.drawing import FOLDER, SCENES, opened


async def main(names: list[str]) -> None:
    """Draw the scenes of these names."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_browser() as browser, opened(Path(folder), browser) as draw:
            for name in names:
                picture = await draw(name)
                await asyncio.to_thread((FOLDER / f"{name}.png").write_bytes, picture)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(SCENES)))
