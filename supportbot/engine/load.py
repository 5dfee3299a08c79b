"""How a model directory becomes the reference engine: the documented loading, checked, in the right precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as library_logging

from supportbot.engine.precision import Precision, PrecisionSetting, choose_precision
from supportbot.engine.pretrained import open_model, open_tokenizer
from supportbot.engine.transformers import TransformersEngine
from supportbot.errors import ModelError

log = structlog.get_logger(__name__)

_DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}


def precision_here(setting: PrecisionSetting) -> Precision:
    """Return the precision of the arithmetic on this machine."""
    return choose_precision(setting, cuda=torch.cuda.is_available(), cpu_has_bf16=cpu_has_bf16())


def cpu_has_bf16() -> bool:
    """Return whether this processor multiplies bf16 matrices natively (AVX512-BF16 or AMX on x86, BF16 on Arm)."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def load_engine(
    location: str | Path, model_version: str, precision: PrecisionSetting, *, static: bool | None = None
) -> TransformersEngine:
    """Load a model directory or hub id and start an engine on it; blocks while it reads.

    Args:
        location: of the model.
        model_version: name stored with each answer.
        precision: of the arithmetic.
        static: as in ``TransformersEngine``.

    Raises:
        ModelError: there is no such model, or it is damaged; the sentence says what and how to fix it.
    """
    chosen = precision_here(precision)
    model, tokenizer = load_model(location)
    torch.nn.Module.to(model, dtype=_DTYPES[chosen.name])
    log.info(
        "engine.loaded",
        model_version=model_version,
        parameters=model.num_parameters(),
        device=str(model.device),
        precision=chosen.name,
        why=chosen.reason,
    )
    return TransformersEngine(model, tokenizer, model_version, static=static)


def load_model(location: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load fp16 weights and the tokenizer, as documented; refuse a model that could not answer.

    Raises:
        ModelError: as ``load_engine``.
    """
    # The library's reports go to the project's log; a progress bar for milliseconds is noise.
    library_logging.disable_progress_bar()
    library_logging.disable_default_handler()
    library_logging.enable_propagation()
    try:
        tokenizer = open_tokenizer(location)
        loaded: Any = open_model(
            location,
            device_map="auto",
            dtype=torch.float16,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        log.debug("engine.load_failed", location=str(location), error=str(error))
        raise ModelError(
            f"No usable model at '{location}': set SUPPORTBOT_MODEL to a directory in Hugging Face format with "
            "safetensors weights or to a hub id, or leave it empty and run `supportbot init`."
        ) from error
    model: PreTrainedModel
    model, report = loaded
    _check(location, model, tokenizer, missing=sorted(report["missing_keys"]))
    model.train(False)
    return model, tokenizer


def _check(
    location: str | Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, missing: list[str]
) -> None:
    if missing:
        raise ModelError(f"The model at '{location}' lacks the tensor '{missing[0]}': its file is incomplete.")
    if not tokenizer.is_fast:
        raise ModelError(f"The tokenizer at '{location}' has no tokenizer.json, which this program needs.")
    if tokenizer.eos_token_id is None:
        raise ModelError(f"The tokenizer at '{location}' has no end-of-text token: answers would never end.")
    vocabulary = int(model.config.vocab_size)
    if len(tokenizer) > vocabulary:
        raise ModelError(
            f"The tokenizer at '{location}' has {len(tokenizer)} tokens and the model only {vocabulary}: "
            "they do not belong together."
        )
    for name, weight in model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            raise ModelError(f"The model at '{location}' has values in '{name}' that are not numbers.")
