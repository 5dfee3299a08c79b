"""How a model directory becomes an engine: exported unless it was before, and checked against its tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from supportbot.engine.openvino.engine import OpenVINOEngine, build_load
from supportbot.engine.openvino.export import export, read_about
from supportbot.engine.openvino.messages import Precision
from supportbot.engine.openvino.use import hold
from supportbot.engine.prompt import encode_text, prompt_text
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ModelError

log = structlog.get_logger(__name__)


def load_openvino(
    directory: Path,
    model_version: str,
    precision: Precision,
    exports: Path,
    digests: Mapping[str, str] | None = None,
) -> OpenVINOEngine:
    """Make an engine; blocks while it exports. Its process starts with the first request.

    Args:
        directory: a GPT-2 in Hugging Face format.
        model_version: name stored with each answer.
        precision: see ``messages.Load``; ``int8`` takes the export with int8 weights.
        exports: folder in which exported models are kept.
        digests: sha256 of the model's files by name, as its manifest says; None where there is none.

    Raises:
        ModelError: the model is damaged, or tokenizer and model do not belong together.
    """
    tokenizer = load_tokenizer(directory, digests)
    # Before the weights are read: a tokenizer's first use after that left 44 KB a switch that were not used again.
    prefix_ids = encode_text(tokenizer, prompt_text(""))
    graph = export(directory, exports, "int8" if precision == "int8" else "16bit", digests)
    vocabulary = read_about(graph).vocabulary
    if len(tokenizer) > vocabulary:
        raise ModelError(
            f"The tokenizer at '{directory}' has {len(tokenizer)} tokens and the model only {vocabulary}: "
            "they do not belong together."
        )
    load = build_load(str(graph), precision, prefix_ids=prefix_ids)
    weights = "int8" if precision == "int8" else "fp16"
    log.info("engine.loaded", model_version=model_version, engine="openvino", precision=precision, weights=weights)
    engine = OpenVINOEngine(load, tokenizer, model_version, weights=weights)
    hold(graph, engine)
    return engine
