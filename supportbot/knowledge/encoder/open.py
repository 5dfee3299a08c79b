"""From a name to an encoder that is ready: found, checked, built, and tried once.

Opening takes about half a second and nothing is cached on disk: a graph that was saved was no sooner ready.
OpenVINO is imported only here and when it is needed; importing this module costs nothing.

This module knows no texts.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import structlog
from tokenizers import Tokenizer

from supportbot.engine.openvino.layout import find_weights
from supportbot.errors import ModelError
from supportbot.knowledge.encoder.encoder import REQUESTS, Encoder
from supportbot.knowledge.encoder.errors import EncoderError, refusal
from supportbot.knowledge.encoder.find import find_encoder
from supportbot.knowledge.encoder.settings import (
    CONFIG,
    LENGTH,
    POOLING,
    TOKENIZER,
    EncoderSettings,
    read_settings,
)

log = structlog.get_logger(__name__)

_FORMAT = 1
"""Part of the digest: a change of this package that makes other vectors of the same files raises it."""

_COMPILATION = {
    "INFERENCE_PRECISION_HINT": "f32",  # bf16 is no faster for a model of this size, and less exact
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": REQUESTS,
    "INFERENCE_NUM_THREADS": REQUESTS,  # one for each stream
    "ENABLE_CPU_PINNING": False,  # the model that generates computes on the same cores
    "CPU_RUNTIME_CACHE_CAPACITY": 16,  # shapes that stay prepared; with all of them kept, memory grows by a third
}


def open_encoder(name: str) -> Encoder:
    """Return an encoder that is ready; blocks while it reads and compiles.

    Args:
        name: a folder in Hugging Face format or a hub id; empty means the shipped all-MiniLM-L6-v2.

    Raises:
        EncoderError: there is no such encoder, or it is damaged or of another kind; the sentence says what.
    """
    folder = find_encoder(name)
    settings = read_settings(folder)
    tokenizer = _tokenizer(folder, settings)
    files = _weights(folder)
    try:
        digest = _digest(folder, files)
        encoder = _compiled(settings, tokenizer, files, digest)
    except ModelError as error:
        raise refusal(folder, str(error)) from error
    except ImportError as error:
        raise EncoderError(
            "The encoder needs OpenVINO, which is not installed or not made for this kind of machine: run "
            "`pip install openvino` where that exists; SUPPORTBOT_ENCODER can't name one that works without it."
        ) from error
    except OSError as error:
        raise refusal(folder, f"a file of it cannot be read ({error.strerror or error})") from error
    # The first text also prepares what the next ones need.
    if not np.allclose(np.linalg.norm(encoder.encode([""])), 1, atol=1e-3):  # false also for what is no number
        raise refusal(folder, "its weights make vectors that are not numbers or are all zero")
    log.info("encoder.ready", name=name or "all-MiniLM-L6-v2", dimensions=encoder.dimensions, digest=digest[:12])
    return encoder


def _compiled(settings: EncoderSettings, tokenizer: Tokenizer, files: list[Path], digest: str) -> Encoder:
    # Whatever is imported of the engine's package, and is above, has shut OpenVINO's reporting out by now.
    import openvino as ov

    from supportbot.engine.openvino.weights import read_tensors
    from supportbot.knowledge.encoder.graph import build_graph

    graph = build_graph(settings, read_tensors(files))
    compiled = ov.Core().compile_model(graph, "CPU", _COMPILATION)
    return Encoder(compiled, tokenizer, digest=digest, dimensions=settings.width, tokens=settings.tokens)


def _tokenizer(folder: Path, settings: EncoderSettings) -> Tokenizer:
    path = folder / TOKENIZER
    if not path.is_file():
        raise refusal(folder, f"it has no {TOKENIZER}")
    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_padding()
        tokenizer.enable_truncation(settings.tokens)
        tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        opened = bool(tokenizer.encode("").ids)
    except Exception as error:  # tokenizers raises plain Exception
        raise refusal(folder, f"its {TOKENIZER} is damaged") from error
    if not opened:
        raise refusal(folder, f"its {TOKENIZER} puts no [CLS] and [SEP] around a text")
    highest = max(tokenizer.get_vocab(with_added_tokens=True).values())
    if highest >= settings.vocabulary:
        raise refusal(
            folder, f"its tokenizer has {highest + 1} tokens and the model embeds only {settings.vocabulary}"
        )
    return tokenizer


def _weights(folder: Path) -> list[Path]:
    try:
        return find_weights(folder)
    except ModelError as error:
        if any(folder.glob("*.safetensors*")):
            reason = (
                "its model.safetensors, or a part that model.safetensors.index.json names, is missing or damaged"
            )
        elif any(folder.glob("*.bin")):
            reason = (
                "its weights are a pickle, which can run code when it is read, and must first be converted to "
                "model.safetensors"
            )
        else:
            reason = "it has no model.safetensors"
        raise refusal(folder, reason) from error


def _digest(folder: Path, weights: list[Path]) -> str:
    digest = hashlib.sha256(str(_FORMAT).encode())
    for path in (folder / CONFIG, folder / TOKENIZER, folder / POOLING, folder / LENGTH, *weights):
        if path.is_file():
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        else:
            digest.update(b"-")
    return digest.hexdigest()
