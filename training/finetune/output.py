"""What a run leaves in its output directory, and in which order.

An unfinished, killed or failed run has the file ``UNFINISHED``, and the weights get their place only after the
last check: nothing incomplete can be mistaken for a model. Weights are trained in fp32 and stored as fp16
safetensors, so that the documented loading works unchanged.

This module knows no data and no trainer.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from supportbot.engine.base import SamplingParams
from supportbot.errors import ConfigError, ModelError
from training.finetune.arguments import ARGUMENTS_BIN, ARGUMENTS_JSON
from training.finetune.run import Run

UNFINISHED = "UNFINISHED"
RUN_RECORD = Path("report") / "run.json"
_STAGED = ".final"


def check_output(run: Run) -> None:
    """Refuse a folder whose content this run would destroy.

    Raises:
        ConfigError: it is a file, or is not empty and the run is not resumed.
    """
    directory = run.output_dir
    if directory.exists() and not directory.is_dir():
        raise ConfigError(f"'{directory}' is a file: name a folder with --output-dir.")
    if (directory / RUN_RECORD).is_file() and not (directory / UNFINISHED).exists():
        raise ConfigError(f"The run in '{directory}' is finished: name another --output-dir.")
    if not run.resume and not is_fresh(run):
        raise ConfigError(
            f"'{directory}' is not empty: add --resume to continue the run in it, or name another --output-dir."
        )


def is_fresh(run: Run) -> bool:
    """Return whether the folder is empty, so that its later content belongs to this run."""
    return not run.output_dir.is_dir() or not any(run.output_dir.iterdir())


def begin_output(run: Run) -> None:
    """Make the folder, mark it as unfinished, and write down the arguments.

    Raises:
        ConfigError: the folder cannot be written.
    """
    try:
        run.output_dir.mkdir(parents=True, exist_ok=True)
        (run.output_dir / UNFINISHED).write_text(
            "This run is in progress, or was interrupted: continue it with --resume.\n", "utf-8"
        )
        torch.save(run.arguments, run.output_dir / ARGUMENTS_BIN)
        record = json.dumps(run.arguments.to_dict(), indent=2, sort_keys=True)
        (run.output_dir / ARGUMENTS_JSON).write_text(record + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"'{run.output_dir}' cannot be written: {error.strerror}.") from error


def discard_output(run: Run) -> None:
    """Remove a folder that was empty before the run and has nothing to resume."""
    for name in (ARGUMENTS_BIN, ARGUMENTS_JSON, UNFINISHED):
        (run.output_dir / name).unlink(missing_ok=True)
    with suppress(OSError):  # it stays if it is a mount, or if somebody else added a file meanwhile
        run.output_dir.rmdir()


def staged(run: Run) -> Path:
    """Return the folder for the trained model in fp32, before ``finish_output``."""
    return run.output_dir / _STAGED


def finish_output(run: Run, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Convert the staged weights to fp16, check them, and put everything in place.

    Raises:
        ModelError: a weight is not a number; the folder stays unfinished.
    """
    folder = staged(run)
    for path in sorted(folder.glob("*.safetensors")):
        tensors = {name: _half(name, tensor) for name, tensor in load_file(path).items()}
        save_file(tensors, path, metadata={"format": "pt"})
    config = model.config
    config.dtype = torch.float16
    config.use_cache = True  # training turned it off, and generate() is many times slower without it
    config.save_pretrained(folder)
    GenerationConfig(
        **SamplingParams().as_record(),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for path in sorted(folder.iterdir()):
        path.replace(run.output_dir / path.name)
    shutil.rmtree(folder)


def mark_finished(run: Run) -> None:
    """Mark the run as finished; call this last."""
    (run.output_dir / UNFINISHED).unlink(missing_ok=True)


def _half(name: str, tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not bool(torch.isfinite(half).all()):
        raise ModelError(
            f"The trained weights in '{name}' are not numbers that fit into fp16: train with a lower "
            "--learning-rate."
        )
    return half
