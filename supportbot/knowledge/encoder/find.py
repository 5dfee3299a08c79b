"""Where an encoder lies: the one that comes with this program, a folder, or a copy fetched from the model hub.

The shipped one is all-MiniLM-L6-v2 (Apache-2.0), which the build puts beside the packages (``hatch_build.py``).

This module doesn't know what is in a folder.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from supportbot.engine.hub import HubError, NotOnHubError, fetch
from supportbot.knowledge.encoder.errors import REMEDY, EncoderError

_SHIPPED = "supportbot_minilm"

_HUB_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")

_PATTERNS = [
    "config.json",
    "tokenizer.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "1_Pooling/config.json",
    "modules.json",
    "sentence_bert_config.json",
]


def find_encoder(name: str) -> Path:
    """Return the folder of an encoder; fetched first where it is a hub id that is not in the hub's cache.

    Args:
        name: of a folder or on the hub; empty means the shipped one.

    Raises:
        EncoderError: there is no such encoder.
    """
    if not name:
        return _shipped()
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(name):
        raise EncoderError(f"There is no folder '{name}' that could hold an encoder: {REMEDY}.")
    return _fetched(name)


def _shipped() -> Path:
    spec = find_spec(_SHIPPED)  # a folder without code, on the path that modules are found on
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    if not places:
        raise EncoderError(
            "The encoder that comes with this program is missing: install the program with pip once more, or set "
            "SUPPORTBOT_ENCODER to the folder of a BERT sentence encoder with safetensors weights."
        )
    return Path(places[0])


def _fetched(name: str) -> Path:
    try:
        return fetch(name, _PATTERNS)
    except NotOnHubError as error:
        raise EncoderError(f"'{name}' is no folder here, and {error}: {REMEDY}.") from error
    except HubError as error:
        raise EncoderError(
            f"'{name}' is no folder here, and {error}: set SUPPORTBOT_ENCODER to the folder of an encoder, or "
            "leave it empty for the one that comes with this program."
        ) from error
