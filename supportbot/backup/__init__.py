"""Backups: one folder with everything that a bot cannot make again, and restoring it.

``<backup>/manifest.json`` is written last and names every other file with its sha256, and the folder is renamed to
its name at the very end: one without a manifest, or whose files differ from it, is no backup. Beside it are the
database (``supportbot.db``, or ``supportbot.dump`` of PostgreSQL), ``models/`` with every version that is whole
and the names of the live and the earlier ones, and ``settings.json``, which lists what was set, and no secret.
"""
