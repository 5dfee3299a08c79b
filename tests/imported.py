"""What the processes share that ``tests/program.py`` forks: importing it is most of the start of any of them.

None of it is ever garbage. To look for some took a fifth of the time, and in a forked process it writes into all
memory that is shared, which copies it.
"""

import gc
from importlib import import_module

_MODULES = [  # not supportbot.cli: its consoles look at the environment when they are made
    "bot.daemon",
    "bot.discord.client",
    "bot.slack.app",
    "bot.web.app",
    "bot.web.sender",
    "bot.web.server",
    "supportbot.knowledge.encoder.open",
    "supportbot.knowledge.encoder.encoder",
    "alembic.command",
    "psycopg",
    "aiosqlite",
    "scipy.sparse",
    "tokenizers.decoders",
    "rich.table",
    "typer._adapters",
]

gc.disable()
for module in _MODULES:
    import_module(module)
gc.freeze()
