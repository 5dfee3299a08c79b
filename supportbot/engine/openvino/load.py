"""How a model directory becomes an engine: exported if it was not before, and checked against its tokenizer."""

from __future__ import annotations

from pathlib import Path

import structlog

from supportbot.engine.openvino.engine import OpenVINOEngine, build_load
from supportbot.engine.openvino.export import export, read_about
from supportbot.engine.tokenizer import load_tokenizer
from supportbot.errors import ModelError

log = structlog.get_logger(__name__)


def load_openvino(directory: Path, model_version: str, precision: str, exports: Path) -> OpenVINOEngine:
    """Make an engine; blocks while it exports. Its process starts with the first request.

    Args:
        directory: a GPT-2 in Hugging Face format.
        model_version: name stored with each answer.
        precision: ``int8`` (weights, computed in bf16 or fp32), ``bf16`` (fp32 where the processor has no bf16)
            or ``fp32`` (exactly so, cache included).
        exports: folder in which exported models are kept.

    Raises:
        ModelError: the model is damaged, or tokenizer and model do not belong together.
    """
    tokenizer = load_tokenizer(directory)
    graph = export(directory, exports, "int8" if precision == "int8" else "16bit")
    vocabulary = read_about(graph).vocabulary
    if len(tokenizer) > vocabulary:
        raise ModelError(
            f"The tokenizer at '{directory}' has {len(tokenizer)} tokens and the model only {vocabulary}: "
            "they do not belong together."
        )
    load = build_load(str(graph), exact=precision == "fp32")
    weights = "int8" if precision == "int8" else "fp16"
    log.info("engine.loaded", model_version=model_version, engine="openvino", precision=precision, weights=weights)
    return OpenVINOEngine(load, tokenizer, model_version, weights=weights)
