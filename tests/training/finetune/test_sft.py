"""A run from rows to a model directory: it loads as documented, resumes exactly, and leaves nothing half-made."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

from supportbot.engine.prompt import prompt_text
from tests.training.finetune.conftest import HELD_OUT_ROWS, TRAIN_ROWS, Finetune, Plain, losses_of
from training.dataset import PaddingCollator, encode_row
from training.finetune.arguments import SAFE_GLOBALS, load_arguments
from training.finetune.command import main
from training.finetune.output import UNFINISHED
from training.finetune.sources import FileRows

SAME = 1e-5
"""Resumed against uninterrupted, in fp32 on one machine: the sums are the same, in the same order."""


def test_documented_snippet_loads_what_a_run_writes(plain: Plain) -> None:
    """The documented loading and generating code works unchanged, on fp16 safetensors."""
    OUTPUT_DIR = str(plain[0])
    tokenizer: Any = AutoTokenizer.from_pretrained(OUTPUT_DIR)
    model: Any = AutoModelForCausalLM.from_pretrained(OUTPUT_DIR, device_map="auto", torch_dtype=torch.float16)
    prompt = prompt_text("Where is my order?")
    inputs = tokenizer(prompt, return_tensors="pt").to(model.device)
    torch.manual_seed(0)
    outputs = model.generate(
        **inputs,
        max_length=200,
        temperature=0.8,
        top_p=0.95,
        repetition_penalty=1.2,
        do_sample=True,
        pad_token_id=tokenizer.eos_token_id,
    )
    text = tokenizer.decode(outputs[0], skip_special_tokens=True)
    assert text.startswith(prompt)
    assert text[len(prompt) :].strip()
    assert model.dtype == torch.float16


def test_run_reports_what_it_did(plain: Plain) -> None:
    """The report has the curve, the arguments, the data and the versions; what people wrote is not left behind."""
    output_dir, printed = plain
    report = json.loads((output_dir / "report" / "run.json").read_text())
    assert [entry["step"] for entry in report["loss_history"] if "loss" in entry] == [1, 2, 3, 4]
    assert report["final_loss"] == printed["final_loss"] == losses_of(output_dir)[-1]
    assert report["eval_loss"] == printed["eval_loss"] > 0
    assert report["data"]["train_rows"] == TRAIN_ROWS == len(report["data"]["example_ids"])
    assert report["data"]["held_out_rows"] == HELD_OUT_ROWS
    assert len(report["data"]["fingerprint"]) == 64
    assert report["arguments"] == json.loads((output_dir / "report" / "arguments.json").read_text())
    assert report["arguments"] == load_arguments(output_dir).to_dict()
    assert report["precision"] == "fp32"
    assert report["differences"]["fp16"]["documented"] is True
    assert report["versions"]["transformers"]
    assert report["peak_memory_mb"] > 0
    assert report["train_seconds"] > 0
    assert (output_dir / "report" / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert report["data"]["fingerprint"] in (output_dir / "README.md").read_text()
    assert not (output_dir / "UNFINISHED").exists()
    assert not (output_dir / "data").exists()
    with safe_open(output_dir / "model.safetensors", framework="pt") as tensors:
        assert {tensors.get_slice(name).get_dtype() for name in tensors.keys()} == {"F16"}  # noqa: SIM118


@pytest.mark.long
def test_loss_does_not_depend_on_packing_or_the_micro_batch(finetune: Finetune, tmp_path: Path) -> None:
    """The same eight rows a step give the same losses, however they are split, padded or packed."""
    order = "--train-sampling-strategy=sequential"  # grouping by length goes by the micro-batch
    finetune(tmp_path / "plain", order)
    finetune(tmp_path / "packed", order, "--packing")
    finetune(tmp_path / "wide", order, "--per-device-train-batch-size=8", "--gradient-accumulation-steps=1")
    plain = losses_of(tmp_path / "plain")
    assert losses_of(tmp_path / "packed") == pytest.approx(plain, abs=1e-4)
    assert losses_of(tmp_path / "wide") == pytest.approx(plain, abs=1e-4)


def test_loss_on_all_counts_the_prompt(finetune: Finetune, plain: Plain, tmp_path: Path) -> None:
    """The plain causal form is another loss."""
    finetune(tmp_path / "all", "--loss-on=all")
    assert losses_of(plain[0])[0] != pytest.approx(losses_of(tmp_path / "all")[0], abs=1e-2)


def test_resume_skips_damage_and_ends_as_if_uninterrupted(
    finetune: Finetune, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the second epoch, behind an empty, a torn and a poisoned checkpoint, the losses are those of one run."""
    flags = ("--num-train-epochs=2", "--save-steps=1", "--save-total-limit=20")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finetune(whole, *flags)
    broken.mkdir()
    for step in (4, 5, 6, 7, 8):
        shutil.copytree(whole / f"checkpoint-{step}", broken / f"checkpoint-{step}")
    poison(broken / "checkpoint-6")
    (broken / "checkpoint-7" / "optimizer.pt").unlink()
    shutil.rmtree(broken / "checkpoint-8")
    (broken / "checkpoint-8").mkdir()
    command = [f"--data={rows_of(whole)}", f"--base-model={base_of(whole)}", f"--output-dir={broken}"]
    assert main([*command, *flags, "--bf16=False", "--logging-steps=1", "--resume", "--json"]) == 0
    told = capsys.readouterr().err
    assert "checkpoint-8 is skipped: the folder is empty." in told
    assert "checkpoint-7 is skipped: optimizer.pt is missing." in told
    assert "checkpoint-6 is skipped: 'transformer.h.0.ln_1.weight' has values that are not numbers." in told
    assert "Resuming from checkpoint-5." in told
    assert losses_of(broken) == pytest.approx(losses_of(whole), abs=SAME)


def test_resume_without_a_checkpoint_begins_anew(
    finetune: Finetune, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that was killed before its first checkpoint is simply begun again."""
    finetune(tmp_path / "out", "--resume")
    assert losses_of(tmp_path / "out")


def test_documented_resume_works(finetune: Finetune, still_model: Path, tmp_path: Path) -> None:
    """torch.load with the one safe_globals line, and a plain Trainer, go on from the last checkpoint."""
    OUTPUT_DIR = tmp_path / "out"
    finetune(OUTPUT_DIR, "--save-steps=2")
    shutil.rmtree(OUTPUT_DIR / "checkpoint-4")
    tokenizer = AutoTokenizer.from_pretrained(OUTPUT_DIR)
    row = encode_row(tokenizer, "Where is my order?", "On its way.")

    torch.serialization.add_safe_globals(SAFE_GLOBALS)
    args = torch.load(OUTPUT_DIR / "training_args.bin")
    torch.serialization.clear_safe_globals()
    assert isinstance(args, TrainingArguments)
    trainer = Trainer(
        args=args,
        model=AutoModelForCausalLM.from_pretrained(still_model, dtype=torch.float32),
        train_dataset=Dataset.from_list([{**row, "length": len(row["input_ids"])}] * TRAIN_ROWS),
        eval_dataset=Dataset.from_list([{**row, "length": len(row["input_ids"])}]),
        data_collator=PaddingCollator(0),
    )
    trainer.train(resume_from_checkpoint=True)
    assert [entry["step"] for entry in trainer.state.log_history if "loss" in entry] == [1, 2, 3, 4]


def test_weights_that_are_no_numbers_are_not_finished(
    still_model: Path, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A training that diverges is an error in one sentence, and leaves no model behind."""
    flags = [f"--base-model={still_model}", f"--data={rows}", f"--output-dir={tmp_path / 'out'}"]
    assert main([*flags, "--bf16=False", "--learning-rate=1e38", "--max-grad-norm=0", "--logging-steps=1"]) == 2
    assert "lower --learning-rate" in capsys.readouterr().err
    assert (tmp_path / "out" / "UNFINISHED").exists()
    assert not (tmp_path / "out" / "model.safetensors").exists()


@pytest.mark.parametrize("made", [True, False])
def test_failure_before_training_leaves_nothing(
    still_model: Path, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], made: bool
) -> None:
    """Without a step there is nothing to resume, so neither is there a folder that says so."""
    out = tmp_path / "out"
    if made:
        out.mkdir()
    assert main([f"--base-model={still_model}", f"--data={rows}", f"--output-dir={out}", "--max-length=20"]) == 2
    assert "--max-length 20 is too small" in capsys.readouterr().err
    assert not out.exists()


def test_failed_resume_keeps_the_run(
    plain: Plain, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an interrupted run left is still there when it could not be resumed for want of its base."""
    out = shutil.copytree(plain[0], tmp_path / "out")
    (out / UNFINISHED).touch()  # as if it had been killed at the last moment
    base = shutil.copytree(base_of(out), tmp_path / "base")
    (base / "model.safetensors").write_bytes(b"torn")
    command = [f"--base-model={base}", f"--data={rows}", f"--output-dir={out}"]
    assert main([*command, "--resume"]) == 2
    assert "No usable model at" in capsys.readouterr().err
    assert (out / UNFINISHED).exists()
    assert (out / "checkpoint-4").is_dir()


def test_bad_answers_of_a_file_are_left_out(tmp_path: Path) -> None:
    """Plain fine-tuning learns no answer that the file calls bad, in our words or in those of TRL."""
    path = tmp_path / "rows.jsonl"
    labels = [None, "good", "bad", True, False, "spam"]
    records = [{"question": "Why?", "answer": "So.", "label": label} for label in labels]
    path.write_text("".join(json.dumps(record) + "\n" for record in records) + '{"question": " ", "answer": "a"}')
    found = asyncio.run(FileRows(path).survey())
    assert found.taken + found.held_out == 4
    assert found.left_out == {"labelled bad": 2, "empty question or answer": 1}


def test_folder_in_use_is_refused(rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that holds anything is not trained over."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert main([f"--data={rows}", f"--output-dir={tmp_path / 'out'}"]) == 2
    assert "is not empty: add --resume" in capsys.readouterr().err


def test_damaged_line_of_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of rows with a line that is none is refused with the number of the line."""
    (tmp_path / "rows.jsonl").write_text('{"question": "Why?", "answer": "So."}\n\n{"question": "Why?"}\n')
    assert main([f"--data={tmp_path / 'rows.jsonl'}", "--dry-run"]) == 2
    assert "Line 3 of" in capsys.readouterr().err


def poison(checkpoint: Path) -> None:
    """Put a value that is no number into one tensor."""
    path = checkpoint / "model.safetensors"
    tensors = load_file(path)
    tensors["transformer.h.0.ln_1.weight"][3] = torch.nan
    save_file(tensors, path, metadata={"format": "pt"})


def rows_of(output_dir: Path) -> str:
    """Return the file that a run was trained on."""
    source: str = json.loads((output_dir / "report" / "run.json").read_text())["data"]["source"]
    return source


def base_of(output_dir: Path) -> str:
    """Return where a run loaded its base from."""
    location: str = json.loads((output_dir / "report" / "run.json").read_text())["base_location"]
    return location
