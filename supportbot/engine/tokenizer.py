"""A model's own tokenizer without transformers, whose import takes longer than everything else before an answer.

It is called like a fast Hugging Face tokenizer, so that serving and training share one prompt
(``supportbot.engine.prompt``). The tokens are those of the same library (tokenizers) from the same file.

This module knows no model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from supportbot.errors import ModelError

TOKENIZER_FILE = "tokenizer.json"


class ModelTokenizer:
    """The tokenizer of a model directory; special tokens in a text are plain text.

    Args:
        backend: as ``tokenizer.json`` describes it; it belongs to this object from now on.
        eos_token_id: of the token that ends a text.
    """

    def __init__(self, backend: Tokenizer, eos_token_id: int) -> None:
        backend.no_padding()
        backend.no_truncation()
        backend.encode_special_tokens = True
        self.backend_tokenizer = backend
        self.eos_token_id = eos_token_id

    def __call__(
        self,
        text: str,
        *,
        add_special_tokens: bool,
        split_special_tokens: bool,
        return_offsets_mapping: bool = False,
        verbose: bool = False,
    ) -> dict[str, Any]:
        """Encode a text: ``input_ids``, and ``offset_mapping`` if it is wanted.

        Raises:
            ValueError: special tokens were requested, which this tokenizer does not add.
        """
        if add_special_tokens or not split_special_tokens:
            raise ValueError("This tokenizer neither adds special tokens nor reads them in a text.")
        encoding = self.backend_tokenizer.encode(text, add_special_tokens=False)
        encoded: dict[str, Any] = {"input_ids": encoding.ids}
        if return_offsets_mapping:
            encoded["offset_mapping"] = encoding.offsets
        return encoded

    def __len__(self) -> int:
        """Return the number of tokens."""
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=True))

    def decode(self, token_ids: Sequence[int], *, skip_special_tokens: bool) -> str:
        """Return the text of tokens."""
        return str(self.backend_tokenizer.decode(list(token_ids), skip_special_tokens=skip_special_tokens))


def load_tokenizer(directory: Path, digests: Mapping[str, str] | None = None) -> ModelTokenizer:
    """Load the tokenizer of a model directory.

    Args:
        directory: of the model.
        digests: sha256 of the model's files by name, as its manifest says; None where there is none.

    Raises:
        ModelError: its files are missing, damaged or not what the manifest says, or name no end-of-text token.
    """
    path = directory / TOKENIZER_FILE
    if not path.is_file():
        raise ModelError(f"The tokenizer at '{directory}' has no {TOKENIZER_FILE}, which this program needs.")
    try:
        content = path.read_bytes()
        is_ours = digests is None or digests.get(TOKENIZER_FILE) == hashlib.sha256(content).hexdigest()
        backend = Tokenizer.from_buffer(content)
        name = _end_of_text(directory)
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelError(f"'{path}' is damaged: install or train that model again.") from error
    if not is_ours:
        raise ModelError(f"'{path}' was changed meanwhile: install or train that model again.")
    eos_token_id = None if name is None else backend.token_to_id(name)
    if eos_token_id is None:
        raise ModelError(f"The tokenizer at '{directory}' has no end-of-text token: answers would never end.")
    return ModelTokenizer(backend, eos_token_id)


def _end_of_text(directory: Path) -> str | None:
    """Return the directory's name of the end-of-text token; GPT-2's own files leave it to transformers."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        path = directory / name
        if path.is_file():
            token = json.loads(path.read_text("utf-8")).get("eos_token")
            if token is not None:
                return str(token["content"] if isinstance(token, dict) else token)
    config = directory / "config.json"
    is_gpt2 = config.is_file() and json.loads(config.read_text("utf-8")).get("model_type") == "gpt2"
    return "<|endoftext|>" if is_gpt2 else None
