"""``python -m training.finetune --from-db``: fine-tune a model on approved rows.

It first checks whether the base is available, because importing the libraries that train takes longer than that.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from supportbot.config import load_settings
from supportbot.errors import SupportBotError
from supportbot.extras import Extra, require
from supportbot.private import keep_private
from training.finetune.hub import check_base

_FAULT = 2
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run the command; return its exit status."""
    try:
        require(Extra.TRAIN)
        check_base(argv, load_settings())
        from training.finetune import command
    except SupportBotError as error:
        sys.stderr.write(f"{error}\n")
        return _FAULT
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted before training began.\n")
        return _INTERRUPTED
    return command.main(argv)


if __name__ == "__main__":
    keep_private()
    sys.exit(main(sys.argv[1:]))
