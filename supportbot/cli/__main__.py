"""``python -m supportbot.cli``."""

from supportbot.cli import main

main()
