"""The one place where transformers opens a model or a tokenizer: it reads weights and runs none of the model's
code.

A model directory may name Python files (``auto_map``), and on a terminal transformers asks whether to run them.
Here it does not ask. A model of a kind that transformers knows is loaded as that kind; any other is refused.

A base for training is published and reaches other machines, so ``refuse_code`` comes first there: a model with
code is not accepted at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.hub import cached_file

from supportbot.errors import ModelError

_CONFIGS = ("config.json", "tokenizer_config.json")
_CODE = "auto_map"


def open_tokenizer(location: str | Path) -> Any:
    """Return the tokenizer of a model directory or hub id.

    Raises:
        OSError, ValueError, KeyError: it is missing or damaged.
    """
    return AutoTokenizer.from_pretrained(location, trust_remote_code=False)


def open_model(location: str | Path, **options: Any) -> Any:
    """Return what ``from_pretrained`` does with these options: a model, or a pair with what was found.

    Raises:
        OSError, ValueError, KeyError, RuntimeError, SafetensorError: it is missing or damaged, or needs code.
    """
    # A pickle runs code when it is read, so only safetensors are.
    return AutoModelForCausalLM.from_pretrained(location, trust_remote_code=False, use_safetensors=True, **options)


def refuse_code(location: str | Path) -> None:
    """Refuse a model that brings its own code.

    Raises:
        ModelError: it does.
        OSError, ValueError: it can't be read.
    """
    for name in _CONFIGS:
        path = cached_file(location, name, _raise_exceptions_for_missing_entries=False)
        if path is None:
            continue
        config = json.loads(Path(path).read_text("utf-8"))
        if isinstance(config, dict) and _CODE in config:
            raise ModelError(
                f"The model at '{location}' brings code of its own ('{_CODE}' in {name}), which is never run "
                "here: take one of a kind that transformers knows."
            )
