"""Which engine answers with a model on this machine, how its weights are kept, and why.

On a CPU, OpenVINO runs a GPT-2: it measured three to five times the speed of transformers. The reference engine,
transformers, runs other architectures, runs on a GPU, and computes in fp16, which a CPU hardly can.

Libraries are imported only when they are needed, so neither engine pays for the other.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import structlog

from supportbot.engine.hub import HubError, NotOnHubError, fetch
from supportbot.engine.precision import PrecisionSetting
from supportbot.errors import ConfigError, MissingExtraError, ModelError
from supportbot.extras import Extra, is_installed

if TYPE_CHECKING:
    from supportbot.engine.base import Engine
    from supportbot.engine.openvino.messages import Precision

log = structlog.get_logger(__name__)

EngineSetting = Literal["auto", "openvino", "transformers"]

INT8_MOST_RISE = 0.01
"""``auto`` takes int8 only if the loss on held-out rows rises by at most this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is set.

    Attributes:
        engine: ``SUPPORTBOT_ENGINE``, if the model is to run on this machine.
        precision: ``SUPPORTBOT_PRECISION``.
        exports: folder in which exported models are kept.
        digests: sha256 of the model's files by name, as its manifest says; None where there is none.
    """

    engine: EngineSetting
    precision: PrecisionSetting
    exports: Path
    digests: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An engine, the precision that it is given, and why."""

    engine: Literal["openvino", "transformers"]
    precision: PrecisionSetting
    reason: str


def load_chosen(location: str, version: str, wanted: Wanted, *, int8_loss_rise: float | None) -> Engine:
    """Make an engine of a model; blocks while it exports or reads.

    Args:
        location: a directory in Hugging Face format, or a hub id.
        version: name stored with each answer.
        wanted: what is set.
        int8_loss_rise: what int8 weights cost this model on held-out rows, if somebody measured it.

    Raises:
        ConfigError: the settings contradict each other or the model.
        MissingExtraError: the engine's libraries are not installed.
        ModelError: there is no such model, or it is damaged.
    """
    directory = find_model(location)
    choice = choose(directory, wanted, int8_loss_rise=int8_loss_rise, cuda=has_cuda())
    log.info("engine.chosen", model_version=version, engine=choice.engine, why=choice.reason)
    if choice.engine == "transformers":
        if not is_installed(Extra.TRAIN):
            raise MissingExtraError(
                f"The engine transformers ({choice.reason}) needs more packages: pip install 'supportbot[train]'."
            )
        from supportbot.engine.load import load_engine

        if choice.precision == "int8":
            raise ConfigError("SUPPORTBOT_PRECISION=int8 needs the engine openvino: set SUPPORTBOT_ENGINE=auto.")
        return load_engine(directory, version, choice.precision)
    from supportbot.engine.openvino.load import load_openvino

    # `choose` has refused fp16 and settled what auto means.
    precision = cast("Precision", choice.precision)
    return load_openvino(directory, version, precision, wanted.exports, wanted.digests)


def choose(directory: Path, wanted: Wanted, *, int8_loss_rise: float | None, cuda: bool) -> Choice:
    """Return the engine for a model directory, and what precision ``auto`` means for it.

    Raises:
        ConfigError: the settings contradict each other or the model.
    """
    precision = wanted.precision
    if wanted.engine == "openvino":
        if precision == "fp16":
            raise ConfigError("SUPPORTBOT_PRECISION=fp16 is for a GPU; the engine openvino computes on the CPU.")
        reason = "set by SUPPORTBOT_ENGINE"
    elif wanted.engine == "transformers":
        return Choice(engine="transformers", precision=precision, reason="set by SUPPORTBOT_ENGINE")
    elif precision == "fp16":
        return Choice(engine="transformers", precision=precision, reason="SUPPORTBOT_PRECISION is fp16")
    elif cuda and precision != "int8":
        return Choice(engine="transformers", precision=precision, reason="there is a GPU")
    elif not is_for_openvino(directory):
        return Choice(engine="transformers", precision=precision, reason="openvino has no form of this model here")
    else:
        reason = "GPT-2 on a CPU"
    if precision == "auto":
        precision, why = _weights(int8_loss_rise)
        reason = f"{reason}; {why}"
    return Choice(engine="openvino", precision=precision, reason=reason)


def is_for_openvino(directory: Path) -> bool:
    """Return whether OpenVINO supports this kind of machine and the model is a GPT-2 that it can run."""
    if find_spec("openvino") is None:
        return False
    from supportbot.engine.openvino.export import is_exportable

    return is_exportable(directory)


def find_model(location: str, *, weights: bool = True) -> Path:
    """Return the directory of a model, fetched from the model hub if it is a hub id.

    Args:
        location: a directory or hub id.
        weights: whether they are needed; for a remote model only the tokenizer is.

    Raises:
        ModelError: there is no such model, or it would have to be fetched and the hub does not answer.
    """
    if Path(location).is_dir():
        return Path(location)
    patterns = ["*.json", "*.txt", *(["*.safetensors"] if weights else [])]
    try:
        return fetch(location, patterns)
    except NotOnHubError as error:
        raise ModelError(
            f"No usable model at '{location}': set SUPPORTBOT_MODEL to a directory in Hugging Face format with "
            "safetensors weights or to a hub id, or leave it empty and run `supportbot init`."
        ) from error
    except HubError as error:
        raise ModelError(
            f"'{location}' is no folder here, and {error}: set SUPPORTBOT_MODEL to a directory in Hugging Face "
            "format with safetensors weights, or leave it empty and run `supportbot init`."
        ) from error


def has_cuda() -> bool:
    """Return whether there is a usable GPU; asks torch if it and a driver are installed."""
    if not is_installed(Extra.TRAIN):
        return False
    if not (Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi")):
        return False
    import torch

    return torch.cuda.is_available()


def _weights(int8_loss_rise: float | None) -> tuple[PrecisionSetting, str]:
    """Return what ``auto`` means on a CPU."""
    if int8_loss_rise is None:
        return "bf16", "16-bit weights, since nobody measured what int8 costs this model"
    share = f"int8 weights cost {int8_loss_rise:+.2%} of the loss"
    if int8_loss_rise <= INT8_MOST_RISE:
        return "int8", share
    return "bf16", f"16-bit weights, since {share}"
