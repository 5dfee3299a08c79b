"""Exported models against the reference implementation, and what is refused or made again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import openvino as ov
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from structlog.testing import capture_logs
from transformers import GPT2Config, GPT2LMHeadModel

from supportbot.engine.openvino import seal
from supportbot.engine.openvino.export import changed_exports, export, is_exportable, is_whole, read_about
from supportbot.engine.openvino.load import load_openvino
from supportbot.engine.openvino.loss import int8_loss_rise
from supportbot.engine.prompt import encode_training_text
from supportbot.errors import ModelError
from tests.tiny_model import build_tokenizer, save_tiny_model

IDS = [5, 17, 3, 99, 3, 42, 250]
ZERO = torch.tensor([0])


def save_model(directory: Path, **changes: Any) -> Path:
    """Save a small GPT-2 of random fp16 weights."""
    torch.manual_seed(1)
    sizes = {"vocab_size": 300, "n_positions": 40, "n_embd": 24, "n_layer": 2, "n_head": 3}
    model = GPT2LMHeadModel(GPT2Config(**{**sizes, "initializer_range": 0.3, **changes}))
    model.half().save_pretrained(directory)
    return directory


def exported_logits(directory: Path) -> np.ndarray[Any, Any]:
    """Return what an export makes of ``IDS``, the last four of them in a second call, in fp32."""
    exact = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
    request = ov.Core().compile_model(directory / "openvino_model.xml", "CPU", exact).create_infer_request()
    parts = []
    for begin, end in ((0, 3), (3, len(IDS))):
        request.infer(
            {
                "input_ids": np.array([IDS[begin:end]]),
                "attention_mask": np.ones((1, end), dtype=np.int64),
                "position_ids": np.arange(begin, end)[None],
                "beam_idx": np.zeros(1, dtype=np.int32),
            }
        )
        parts.append(request.get_tensor("logits").data[0].copy())
    return np.concatenate(parts)


def reference_logits(directory: Path) -> np.ndarray[Any, Any]:
    """Return what transformers makes of ``IDS``."""
    model: Any = GPT2LMHeadModel.from_pretrained(directory, dtype=torch.float16).float()
    with torch.inference_mode():
        logits: np.ndarray[Any, Any] = model(torch.tensor([IDS])).logits[0].numpy()
    return logits


def change_tensors(directory: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Rewrite the weights of a model directory."""
    path = directory / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def change_config(directory: Path, **changes: Any) -> None:
    """Rewrite values of ``config.json``; None removes one."""
    path = directory / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))


@pytest.mark.parametrize(
    "variant",
    [
        {"activation_function": "gelu"},
        {"activation_function": "gelu_pytorch_tanh"},
        {"activation_function": "gelu_fast"},
        {"tie_word_embeddings": False},
        {"n_inner": 50, "layer_norm_epsilon": 1e-3, "n_head": 1},
    ],
    ids=str,
)
def test_every_variant_computes_what_transformers_computes(
    variant: dict[str, Any], tmp_path: Path, exports: Path
) -> None:
    """Logits are equal in fp32, whatever the activation, the sizes and the head, with and without a past."""
    directory = save_model(tmp_path / "model", **variant)
    assert exported_logits(export(directory, exports, "16bit")) == pytest.approx(
        reference_logits(directory), abs=2e-5
    )


def _without_prefix(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    plain = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    # As the oldest files on the hub: with the mask of each layer, which is no weight.
    return plain | {"h.0.attn.bias": torch.ones(1, 1, 40, 40, dtype=torch.uint8)}


def _as(kind: torch.dtype) -> Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    return lambda tensors: {name: tensor.to(kind) for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    "change", [_without_prefix, _as(torch.bfloat16), _as(torch.float32)], ids=["no prefix", "bf16", "fp32"]
)
def test_every_way_of_storing_is_read(
    change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]], tmp_path: Path, exports: Path
) -> None:
    """Names with and without a prefix, and weights in any floating-point kind, give the reference's logits."""
    directory = save_model(tmp_path / "model")
    change_tensors(directory, change)
    assert exported_logits(export(directory, exports, "16bit")) == pytest.approx(
        reference_logits(directory), abs=2e-5
    )


def test_shards_are_put_together(tmp_path: Path, exports: Path) -> None:
    """A model of several files is read by its index; another file beside them is not."""
    directory = save_model(tmp_path / "model")
    whole = exported_logits(export(directory, exports, "16bit"))
    model: Any = GPT2LMHeadModel.from_pretrained(directory, dtype=torch.float16)
    model.save_pretrained(tmp_path / "shards", max_shard_size="20KB")
    assert len(list((tmp_path / "shards").glob("*.safetensors"))) > 1
    (tmp_path / "shards" / "other.safetensors").write_bytes(b"not of this model")
    assert np.array_equal(exported_logits(export(tmp_path / "shards", exports, "16bit")), whole)
    next((tmp_path / "shards").glob("model-00002*")).unlink()
    with pytest.raises(ModelError, match="has no model-00002"):
        export(tmp_path / "shards", exports, "16bit")


def test_int8_weights_are_close_and_smaller(tiny_model: Path, exports: Path) -> None:
    """Rounded weights change the loss by little, which is measured, and take less room."""
    tokenizer = build_tokenizer()
    rows = [encode_training_text(tokenizer, "Where is my order?", f"It is on its way, {name}.") for name in "abcd"]
    rise = int8_loss_rise(tiny_model, exports, rows)
    assert 0 < abs(rise) < 0.02
    sizes = [
        (export(tiny_model, exports, weights) / "openvino_model.bin").stat().st_size
        for weights in ("16bit", "int8")
    ]
    assert sizes[1] < sizes[0]
    with pytest.raises(ValueError, match="no loss"):
        int8_loss_rise(tiny_model, exports, [])


@pytest.mark.parametrize("tied", [True, False])
def test_int8_weights_are_symmetric_and_within_half_a_step(tied: bool, tmp_path: Path) -> None:
    """No matrix has zero points, which take time to subtract; each weight is the nearest step of its output."""
    directory = save_model(tmp_path / "model", tie_word_embeddings=tied)
    # The first row of this matrix, which has one for each output, is 0: it has no highest weight to divide.
    embedding = "transformer.wte.weight"
    change_tensors(directory, lambda tensors: tensors | {embedding: tensors[embedding].index_fill(0, ZERO, 0)})
    graph = ov.Core().read_model(export(directory, tmp_path / "exports", "int8") / "openvino_model.xml")
    kinds = [node.get_element_type() for node in graph.get_ordered_ops() if node.get_type_name() == "Constant"]
    assert kinds.count(ov.Type.i8) == 2 * 4 + (1 if tied else 2)
    assert not {ov.Type.u8, ov.Type.u4} & set(kinds)
    weights = load_file(directory / "model.safetensors")[embedding].float().numpy()
    steps, scales = _codes(graph, weights.shape)
    assert (np.abs(steps * scales - weights) <= scales / 2 * 1.02).all()  # a scale is itself rounded, to fp16
    assert not steps[0].any()


def _codes(graph: ov.Model, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the steps and scales of the first matrix of a shape."""
    code = next(
        node
        for node in graph.get_ordered_ops()
        if node.get_type_name() == "Constant"
        and node.get_element_type() == ov.Type.i8
        and tuple(node.get_output_shape(0)) == shape
    )
    convert = next(iter(code.output(0).get_target_inputs())).get_node()
    multiply = next(iter(convert.output(0).get_target_inputs())).get_node()
    scales = multiply.input_value(1).get_node()
    return code.get_data().astype(np.float32), scales.get_data().astype(np.float32)


def _nan(directory: Path) -> None:
    change_tensors(
        directory, lambda tensors: tensors | {"transformer.ln_f.bias": torch.full((24,), float("nan")).half()}
    )


def _too_large_for_fp16(directory: Path) -> None:
    change_tensors(directory, lambda tensors: tensors | {"transformer.ln_f.bias": torch.full((24,), 1e6)})


def _missing(directory: Path) -> None:
    change_tensors(
        directory, lambda tensors: {name: value for name, value in tensors.items() if "h.1.mlp.c_fc" not in name}
    )


def _untied_without_head(directory: Path) -> None:
    change_config(directory, tie_word_embeddings=False)


def _integers(directory: Path) -> None:
    change_tensors(directory, _as(torch.int8))


def _truncated(directory: Path) -> None:
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1_000])


def _no_weights(directory: Path) -> None:
    (directory / "model.safetensors").unlink()


def _broken_index(directory: Path) -> None:
    _no_weights(directory)
    (directory / "model.safetensors.index.json").write_text("[]")


def _no_config(directory: Path) -> None:
    (directory / "config.json").unlink()


def _broken_config(directory: Path) -> None:
    (directory / "config.json").write_text("{")


def _list_as_config(directory: Path) -> None:
    (directory / "config.json").write_text("[]")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_nan, "not numbers"),
        (_too_large_for_fp16, "not numbers"),
        (_missing, "missing"),
        (_untied_without_head, "lm_head.weight' is missing"),
        (_integers, "no floating-point numbers"),
        (_truncated, "damaged"),
        (_no_weights, r"has no model\.safetensors"),
        (_broken_index, "damaged"),
        (_no_config, r"has no config\.json"),
        (_broken_config, "damaged"),
        (_list_as_config, "damaged"),
        (lambda directory: change_config(directory, vocab_size=301), "has the shape"),
        (lambda directory: change_config(directory, n_positions=41), "has the shape"),
    ],
)
def test_damaged_models_are_refused(
    damage: Callable[[Path], None], sentence: str, tmp_path: Path, exports: Path
) -> None:
    """What is damaged, incomplete or contradicts itself is refused with a sentence that says what and where."""
    directory = save_model(tmp_path / "model")
    damage(directory)
    before = set(exports.iterdir())
    with pytest.raises(ModelError, match=sentence) as raised:
        export(directory, exports, "16bit")
    assert str(directory) in str(raised.value)
    assert not {path for path in set(exports.iterdir()) - before if not path.name.startswith(".")}


@pytest.mark.parametrize(
    "change",
    [
        {"model_type": "llama"},
        {"scale_attn_by_inverse_layer_idx": True},
        {"reorder_and_upcast_attn": True},
        {"add_cross_attention": True},
        {"scale_attn_weights": False},
        {"activation_function": "relu"},
        {"n_layer": None},
        {"n_embd": "24"},
        {"n_embd": 25},
        {"n_head": 0},
        {"layer_norm_epsilon": 7},
    ],
    ids=str,
)
def test_other_architectures_and_variants_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    """A model that the graph would compute wrongly is refused before anything is built."""
    directory = save_model(tmp_path / "model")
    assert is_exportable(directory)
    change_config(directory, **change)
    assert not is_exportable(directory)
    with pytest.raises(ModelError):
        export(directory, tmp_path / "exports", "16bit")


def test_an_export_is_made_once(tmp_path: Path) -> None:
    """The same model is exported once, also from another folder; another width is another export."""
    model = save_model(tmp_path / "model")
    made = export(model, tmp_path / "exports", "16bit")
    with capture_logs() as lines:
        assert export(model, tmp_path / "exports", "16bit") == made
        assert export(model.rename(tmp_path / "moved"), tmp_path / "exports", "16bit") == made
    assert not lines
    assert export(tmp_path / "moved", tmp_path / "exports", "int8") != made
    assert read_about(made).positions == 40


def _half_made(made: Path) -> None:
    (made / "export.json").unlink()


def _flip_a_bit(made: Path) -> None:
    path = made / "openvino_model.bin"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def _lose_the_graph(made: Path) -> None:
    (made / "openvino_model.xml").unlink()


def _tear_the_note(made: Path) -> None:
    (made / "export.json").write_text('{"model": "mo')


@pytest.mark.parametrize("damage", [_half_made, _flip_a_bit, _lose_the_graph, _tear_the_note])
def test_damaged_exports_are_made_again(damage: Callable[[Path], None], tmp_path: Path) -> None:
    """Whatever a crash or a bad disk left of an export, the next start fixes it."""
    model = save_model(tmp_path / "model")
    made = export(model, tmp_path / "exports", "16bit")
    before = (made / "openvino_model.bin").read_bytes()
    damage(made)
    assert not is_whole(made)
    (tmp_path / "exports" / f".{made.name}").mkdir()  # where another attempt was killed
    assert export(model, tmp_path / "exports", "16bit") == made
    assert is_whole(made)
    assert (made / "openvino_model.bin").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "exports").iterdir()) == [".lock", made.name]


def _change_weights_and_their_times(made: Path) -> None:
    """Change numbers as somebody would who wants it unnoticed: same size, same times."""
    path = made / "openvino_model.bin"
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-4:] = bytes(4)
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_changed_weights_are_noticed_though_everything_beside_them_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights of another model do not answer as this one, not even with an ``export.json`` of their own."""
    monkeypatch.setattr(seal, "_SETTLED_SECONDS", 0.0)  # as after a while: files are known by their times
    cache = tmp_path / "exports"
    made = export(save_model(tmp_path / "model"), cache, "16bit")
    other = export(save_model(tmp_path / "other", initializer_range=0.2), cache, "16bit")
    before = (made / "openvino_model.bin").read_bytes()
    assert is_whole(made)
    assert changed_exports(cache) == []
    for change in (
        _change_weights_and_their_times,
        lambda made: shutil.copytree(other, made, dirs_exist_ok=True),
    ):
        change(made)
        assert changed_exports(cache) == [made.name]
        with capture_logs() as lines:
            assert export(tmp_path / "model", cache, "16bit") == made
        assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["engine.export_changed"]
        assert (made / "openvino_model.bin").read_bytes() == before
        assert changed_exports(cache) == []


def test_an_export_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start does not read hundreds of megabytes again that it has hashed and nobody has touched."""
    monkeypatch.setattr(seal, "_SETTLED_SECONDS", 0.0)
    model = save_model(tmp_path / "model")
    made = export(model, tmp_path / "exports", "16bit")
    assert is_whole(made)
    known = seal.read_seal(made)
    assert known is not None
    assert set(known.marks) == set(known.digests)
    others = seal.Seal(dict.fromkeys(known.digests, "0" * 64), known.marks)
    (tmp_path / ".seals" / f"{made.name}.json").write_bytes(msgspec.json.encode(others))
    assert is_whole(made)  # known by its times: whoever hashed it would find another digest
    os.utime(made / "openvino_model.bin")
    assert not is_whole(made)


def test_a_model_that_is_not_what_its_manifest_says_is_not_exported(tmp_path: Path) -> None:
    """Files that were swapped after the registry looked at them are refused before anything is made of them."""
    model = save_model(tmp_path / "model")
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in model.iterdir()}
    assert is_whole(export(model, tmp_path / "exports", "16bit", digests))
    (model / "config.json").write_text((model / "config.json").read_text() + "\n")
    with pytest.raises(ModelError, match=r"config.json' was changed meanwhile"):
        export(model, tmp_path / "exports", "16bit", digests)


def test_the_process_refuses_what_is_not_the_export(tmp_path: Path) -> None:
    """What is changed between the daemon's look and the process's is refused by the process itself."""
    made = export(save_model(tmp_path / "model"), tmp_path / "exports", "16bit")
    known = seal.read_seal(made)
    assert known is not None
    with seal.reading(made, known):
        (made / "openvino_model.bin").read_bytes()
    with pytest.raises(RuntimeError, match=r"openvino_model.bin' was changed"), seal.reading(made, known):
        _flip_a_bit(made)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Without a place for exports the sentence names the place and the remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"file.*make room.*SUPPORTBOT_ENGINE=transformers"):
        export(save_model(tmp_path / "model"), tmp_path / "file" / "exports", "16bit")


def test_two_processes_export_at_once(tmp_path: Path) -> None:
    """Two daemons that start together make one whole export, and both get it."""
    model = save_model(tmp_path / "model")
    code = (
        "import sys; from pathlib import Path; from supportbot.engine.openvino.export import export, is_whole; "
        "made = export(Path(sys.argv[1]), Path(sys.argv[2]), '16bit'); assert is_whole(made)"
    )
    arguments = [sys.executable, "-c", code, str(model), str(tmp_path / "exports")]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    logs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(logs).count("engine.exporting") == 1
    assert "".join(logs).count("engine.exported") == 1


def test_an_existing_export_costs_no_import(tiny_model: Path, exports: Path) -> None:
    """A daemon that finds its export never loads OpenVINO, torch or transformers into its own memory."""
    export(tiny_model, exports, "16bit")
    code = (
        "import sys; from pathlib import Path; from supportbot.engine.openvino.load import load_openvino; "
        "load_openvino(Path(sys.argv[1]), 'tiny', 'bf16', Path(sys.argv[2])); "
        "print({'openvino', 'openvino_genai', 'torch', 'transformers'} & set(sys.modules))"
    )
    arguments = [sys.executable, "-c", code, str(tiny_model), str(exports)]
    printed = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines()[-1] == "set()"


def test_a_tokenizer_of_another_model_is_refused(tmp_path: Path, exports: Path) -> None:
    """A tokenizer with more tokens than the model knows does not belong to it."""
    directory = save_tiny_model(tmp_path / "model")
    tokenizer = build_tokenizer()
    tokenizer.add_tokens([f"<extra-{number}>" for number in range(20)])
    tokenizer.save_pretrained(directory)
    with pytest.raises(ModelError, match="do not belong together"):
        load_openvino(directory, "tiny", "fp32", exports)
