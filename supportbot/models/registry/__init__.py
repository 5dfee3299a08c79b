"""Model versions on disk, and which of them is live.

``models/<version>/`` holds one model in Hugging Face format with a ``manifest.json`` that is written last: a
folder without one, or whose files do not match its digests, is no version. ``models/current`` is a one-line file
with the name of the live version, replaced atomically, so a reader sees the old name or the new one and nothing
in between. ``models/history`` lists the versions that were live before it, the latest last, so that a rollback
needs nothing but this folder: the database may be down when it is needed most.

The registry knows files only: whether a model is any good is for training and evaluation to say, and who may
switch is for ``publishing``.
"""

from supportbot.models.registry.manifest import (
    MANIFEST,
    RESERVED,
    Manifest,
    check_kinds,
    read_manifest,
    verify,
    write_manifest,
)
from supportbot.models.registry.store import INT8_LOSS_RISE, STARTER, ModelSource, Registry, starter_directory

__all__ = [
    "INT8_LOSS_RISE",
    "MANIFEST",
    "RESERVED",
    "STARTER",
    "Manifest",
    "ModelSource",
    "Registry",
    "check_kinds",
    "read_manifest",
    "starter_directory",
    "verify",
    "write_manifest",
]
