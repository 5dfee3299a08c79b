"""Optional libraries, which only some installations need, in the groups of ``pyproject.toml``.

Code that imports one of them checks for it first, so that a person reads how to install it. Nothing is
imported to find out.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec

from supportbot.errors import MissingExtraError
from supportbot.words import N_


class Extra(StrEnum):
    """A group of libraries, as in ``pip install 'supportbot[train]'``."""

    DOCUMENTS = "documents"
    PARQUET = "parquet"
    REMOTE = "remote"
    TRAIN = "train"


MODULES = {
    Extra.DOCUMENTS: ("mammoth", "pypdf"),
    Extra.PARQUET: ("pyarrow",),
    Extra.REMOTE: ("openai",),
    Extra.TRAIN: (
        "accelerate",
        "datasets",
        "matplotlib",
        "pyarrow",
        "rouge_score",
        "sklearn",
        "torch",
        "transformers",
    ),
}
"""The modules that are imported of each group."""

_SENTENCES = {
    Extra.DOCUMENTS: N_("Word and PDF documents need extra packages: pip install 'supportbot[documents]'."),
    Extra.PARQUET: N_("Parquet files need an extra package: pip install 'supportbot[parquet]'."),
    Extra.REMOTE: N_("SUPPORTBOT_ENGINE=remote needs an extra package: pip install 'supportbot[remote]'."),
    Extra.TRAIN: N_("Training needs extra packages: pip install 'supportbot[train]'."),
}


def is_installed(extra: Extra) -> bool:
    """Return whether all libraries of a group are there."""
    return all(find_spec(module) is not None for module in MODULES[extra])


def require(extra: Extra) -> None:
    """Do nothing where a group is installed.

    Raises:
        MissingExtraError: it is not.
    """
    if not is_installed(extra):
        raise MissingExtraError(_SENTENCES[extra])
