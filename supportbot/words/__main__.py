"""``python -m supportbot.words``: bring the catalogues up to date with the sentences in the code."""

from __future__ import annotations

import sys
from pathlib import Path

from supportbot.words.extraction import update
from supportbot.words.language import LANGUAGES, SOURCE

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Update them; say what a translator still has to do, and fail while there is something."""
    missing = {language: update(ROOT, language) for language in LANGUAGES if language != SOURCE}
    for language, sentences in missing.items():
        for sentence in sentences:
            sys.stderr.write(f"{language}: not translated: {sentence}\n")
    return 1 if any(missing.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
