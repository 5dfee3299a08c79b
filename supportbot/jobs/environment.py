"""What a job's process knows of the daemon's environment: the same settings, and no token of any platform.

Each setting is passed on by its variable, so a ``.env`` beside the daemon changes nothing later: a job reads the
settings as the daemon has them, and what it has no business with is as if nobody had set it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from supportbot.config import Settings
from supportbot.config.loading import env_name
from supportbot.engine.openvino.process import passed_on

TOLD = frozenset(
    {
        *("home", "database_url", "model", "engine", "precision", "candidates", "confidence_floor"),
        *("answer_mode", "encoder", "wrong_rate", "small_talk", "quote_documents", "answer_seconds"),
        *("public_contacts", "language"),
    }
)
"""Settings that training, evaluating and publishing read; all others are passed on as if they were not set."""

_FAMILIES = (
    *(
        "HF_",
        "HUGGINGFACE_",
        "TRANSFORMERS_",
        "TORCH_",
        "PYTORCH_",
    ),  # where bases come from and how they are opened
    *("CUDA_", "NVIDIA_", "NCCL_", "ROCR_", "HIP_"),  # which GPUs there are
    *("SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    "XDG_",  # where caches lie
    "PG",  # what the PostgreSQL client reads beside its address
)

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(settings: Settings, ours: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a job.

    Args:
        settings: of the daemon.
        ours: its environment.
    """
    others = {key: value for key, value in ours.items() if key.upper().startswith(_FAMILIES)}
    # Half of the cores at most: the other half answers.
    threads = {name: str(max(1, (os.cpu_count() or 1) // 2)) for name in _THREADS}
    width = {"COLUMNS": "110"}  # the output is read on a page, not in a terminal
    return {**threads, **width, **passed_on(ours), **others, **_settings(settings)}


def _settings(settings: Settings) -> dict[str, str]:
    """Return all settings as variables."""
    told = {name: getattr(settings, name) for name in TOLD}
    told |= {"home": settings.home.absolute(), "database_url": settings.sqlalchemy_url}
    if settings.engine == "remote":
        told["engine"] = "auto"  # what is trained here is measured here
    fields = type(settings).model_fields
    return {env_name(name): _written(told.get(name, field.default)) for name, field in fields.items()}


def _written(value: object) -> str:
    """Return a value as a variable has it; what is not set is empty."""
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.as_posix() if isinstance(value, Path) else str(value)
