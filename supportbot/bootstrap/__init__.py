"""The one composition root: what is opened, in which order, and closed in reverse.

``home`` has the folder and the database, ``knowing`` what is known, and ``opening`` the whole core.
"""

from supportbot.bootstrap.home import create_home, initialise, open_database
from supportbot.bootstrap.knowing import encoder_opener, make_knowledge, make_passages, open_encoder
from supportbot.bootstrap.opening import open_core

__all__ = [
    "create_home",
    "encoder_opener",
    "initialise",
    "make_knowledge",
    "make_passages",
    "open_core",
    "open_database",
    "open_encoder",
]
