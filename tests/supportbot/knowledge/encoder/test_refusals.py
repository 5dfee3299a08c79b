"""What is no encoder, or a damaged one, is refused with a sentence that says what and how to fix it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer

from supportbot.errors import SupportBotError
from supportbot.knowledge.encoder.errors import EncoderError
from supportbot.knowledge.encoder.open import open_encoder
from tests.supportbot.knowledge.encoder.tiny import (
    build_tokenizer,
    change_config,
    change_tensors,
    save_tiny_encoder,
    write,
)

SCALE = "encoder.layer.1.output.LayerNorm.weight"


def _remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _config(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: change_config(folder, **changes)


def _file(name: str, content: object) -> Callable[[Path], None]:
    return lambda folder: write(folder, name, content)


def _tensor(name: str, value: torch.Tensor) -> Callable[[Path], None]:
    return lambda folder: change_tensors(folder, lambda tensors: tensors | {name: value})


def _without_tensor(folder: Path) -> None:
    change_tensors(folder, lambda tensors: {name: tensors[name] for name in tensors if name != SCALE})


def _zero(folder: Path) -> None:
    change_tensors(folder, lambda tensors: {name: torch.zeros_like(tensor) for name, tensor in tensors.items()})


def _truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1_000])


def _pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _broken_index(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    write(folder, "model.safetensors.index.json", [])


def _broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _larger_tokenizer(folder: Path) -> None:
    tokenizer = build_tokenizer()
    tokenizer.add_tokens(["<extra>"])
    tokenizer.save(str(folder / "tokenizer.json"))


def _bare_tokenizer(folder: Path) -> None:
    said = json.loads((folder / "tokenizer.json").read_text())
    Tokenizer.from_str(json.dumps(said | {"post_processor": None})).save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_remove("config.json"), r"has no config\.json"),
        (_remove("tokenizer.json"), r"has no tokenizer\.json"),
        (_remove("model.safetensors"), r"has no model\.safetensors"),
        (_pickle, r"pickle.*must first be converted to model\.safetensors"),
        (_broken_index, r"index\.json names, is missing or damaged"),
        (_file("model.safetensors", "no tensors"), "file of weights is damaged"),
        (_truncated, "file of weights is damaged"),
        (_without_tensor, f"tensor '{SCALE}' is missing"),
        (_tensor(SCALE, torch.ones(7)), rf"tensor '{SCALE}' has the shape \[7\] instead of \[24\]"),
        (_tensor(SCALE, torch.full((24,), float("nan"))), f"tensor '{SCALE}' has values that are not numbers"),
        (_tensor(SCALE, torch.ones(24, dtype=torch.int8)), "no floating-point numbers"),
        (_zero, "not numbers or are all zero"),
        (_config(hidden_size=48), r"has the shape \[.*24\] instead of \[.*48\]"),
        (_broken_config, r"config\.json cannot be read or is damaged"),
        (_file("config.json", []), r"config\.json is damaged"),
        (_config(model_type="roberta"), "type 'roberta'"),
        (_config(model_type=None), "type 'None'"),
        (_config(hidden_act="relu"), "hidden_act=relu"),
        (_config(position_embedding_type="relative_key"), "position_embedding_type=relative_key"),
        (_config(hidden_size=25), "hidden_size=25 is no multiple"),
        (_config(num_hidden_layers=0), "num_hidden_layers=0"),
        (_config(vocab_size="67"), "vocab_size=67"),
        (_config(layer_norm_eps=7), "layer_norm_eps=7"),
        (_file("tokenizer.json", {}), r"tokenizer\.json is damaged"),
        (_larger_tokenizer, "tokenizer has 78 tokens and the model embeds only 77"),
        (_bare_tokenizer, r"puts no \[CLS\] and \[SEP\]"),
        (_file("modules.json", [{"type": "sentence_transformers.models.Dense"}]), "'Dense' module"),
        (_file("1_Pooling/config.json", {"pooling_mode_max_tokens": True}), r"\['max_tokens'\]"),
        (_file("1_Pooling/config.json", {}), "asks for nothing"),
        (_file("sentence_bert_config.json", {"max_seq_length": 2}), "max_seq_length=2"),
    ],
)
def test_unsuitable_folders_are_refused(damage: Callable[[Path], None], sentence: str, tmp_path: Path) -> None:
    """One sentence names the folder, what is wrong with it, and the setting."""
    folder = save_tiny_encoder(tmp_path / "encoder")
    damage(folder)
    with pytest.raises(EncoderError, match=sentence) as raised:
        open_encoder(str(folder))
    told = str(raised.value)
    assert isinstance(raised.value, SupportBotError)
    assert str(folder) in told
    assert "SUPPORTBOT_ENCODER" in told
    assert told.endswith(".")
    assert "\n" not in told


@pytest.mark.parametrize("name", ["/no/such/folder", "./missing", "a/b/c", "no such folder"])
def test_a_folder_that_does_not_exist_is_named(name: str) -> None:
    """What cannot be a hub id is not asked for on the hub."""
    with pytest.raises(EncoderError, match=rf"no folder '{name}'.*SUPPORTBOT_ENCODER"):
        open_encoder(name)


def _open_from_hub(endpoint: str, home: Path) -> str:
    """Open a hub id in a process of its own, since the hub's address is read when its client is imported."""
    code = (
        "import os, sys; os.environ.update(HF_ENDPOINT=sys.argv[1], HF_HOME=sys.argv[2], NO_PROXY='127.0.0.1'); "
        "from supportbot.knowledge.encoder.errors import EncoderError\n"
        "from supportbot.knowledge.encoder.open import open_encoder\n"
        "try: open_encoder('someone/encoder')\n"
        "except EncoderError as error: print(error)"
    )
    arguments = [sys.executable, "-c", code, endpoint, str(home)]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=30)
    return printed.stdout.splitlines()[-1]


def test_a_hub_that_refuses_or_never_answers_is_told_soon(tmp_path: Path) -> None:
    """Without the hub the sentence says so and offers a folder, also where the hub accepts and is silent."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        told = _open_from_hub(address, tmp_path)
    assert "cannot be reached" in told
    assert "SUPPORTBOT_ENCODER to the folder" in told
    assert _open_from_hub(address, tmp_path) == told  # now that nobody listens there


def test_an_earlier_copy_is_used_without_the_hub(tmp_path: Path) -> None:
    """What was fetched once still opens when the hub is away; here it then lacks a file, which is told."""
    kept = tmp_path / "hub" / "models--someone--encoder"
    snapshot = kept / "snapshots" / "0123456789012345678901234567890123456789"
    snapshot.parent.mkdir(parents=True)
    save_tiny_encoder(snapshot)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(snapshot.name)
    (snapshot / "tokenizer.json").unlink()
    assert f"'{snapshot}' cannot be used because it has no tokenizer.json" in _open_from_hub(
        "http://127.0.0.1:9", tmp_path
    )


@pytest.mark.parametrize(
    ("module", "sentence"),
    [("openvino", "needs OpenVINO"), ("supportbot_minilm", "install the program with pip once more")],
)
def test_what_is_not_installed_is_named(module: str, sentence: str) -> None:
    """Without the library, or without the shipped weights, the sentence says what to install."""
    code = (
        "import sys; sys.modules[sys.argv[1]] = None\n"  # as where it is not installed
        "from supportbot.knowledge.encoder.errors import EncoderError\n"
        "from supportbot.knowledge.encoder.open import open_encoder\n"
        "try: open_encoder('')\n"
        "except EncoderError as error: print(error)"
    )
    arguments = [sys.executable, "-c", code, module]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert sentence in printed.splitlines()[-1]
    assert "SUPPORTBOT_ENCODER" in printed
