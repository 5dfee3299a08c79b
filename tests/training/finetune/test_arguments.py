"""The command line: the documented run by default, every value of it by a flag, and one sentence for a fault."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from supportbot.config import Settings
from supportbot.errors import ConfigError, ModelError
from training.finetune.arguments import DOCUMENTED, load_arguments, parse_run
from training.finetune.command import main
from training.finetune.machine import Machine
from training.finetune.output import begin_output
from training.finetune.run import Run

GPU = Machine(cuda=True, bf16=True, processes=1)
CPU = Machine(cuda=False, bf16=True, processes=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a home of their own."""
    return Settings(home=tmp_path / "home")


def parse(settings: Settings, *flags: str, machine: Machine = CPU) -> Run:
    """Parse flags after the one that every run needs."""
    return parse_run(["--from-db", *flags], settings, machine)


def test_documented_run_is_the_default(settings: Settings, tmp_path: Path) -> None:
    """Both files say the documented run when they are read back, each value of it."""
    run = parse(settings, f"--output-dir={tmp_path / 'out'}", machine=GPU)
    begin_output(run)
    loaded = load_arguments(tmp_path / "out").to_dict()
    written = json.loads((tmp_path / "out" / "training_args.json").read_text())
    expected: dict[str, Any] = {
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 4,
        "learning_rate": 2e-4,
        "num_train_epochs": 1,
        "optim": "adamw_torch_fused",
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "weight_decay": 0.0,
        "lr_scheduler_type": "linear",
        "max_grad_norm": 1.0,
        "fp16": True,
        "seed": 42,
        "logging_steps": 50,
        "eval_strategy": "steps",
        "eval_steps": 1000,
        "save_strategy": "steps",
        "save_steps": 1000,
        "save_total_limit": 2,
        "report_to": [],
        "warmup_steps": 0,
    }
    assert {name: loaded[name] for name in expected} == expected
    assert {name: written[name] for name in expected} == expected
    assert loaded == written
    assert run.base_model == "gpt2"
    assert run.differences == {}


def test_documented_output_directory_works_as_given(settings: Settings) -> None:
    """The documented path is taken as it stands."""
    assert parse(settings, "--output-dir", "/content/support-bot-gpt2").output_dir == Path(
        "/content/support-bot-gpt2"
    )


@pytest.mark.parametrize("flag", ["--learning-rate", "--learning_rate"])
def test_flag_overrides_a_documented_value(settings: Settings, flag: str) -> None:
    """A value can be given with hyphens or underscores, and is then listed as different."""
    run = parse(settings, flag, "5e-5", machine=GPU)
    assert run.arguments.learning_rate == 5e-5
    assert run.differences["learning_rate"].documented == 2e-4
    assert list(run.differences) == ["learning_rate"]


def test_every_documented_value_has_a_flag(settings: Settings) -> None:
    """Each value of the documented run can be overridden."""
    other = {
        "optim": "adamw_torch",
        "lr_scheduler_type": "cosine",
        "fp16": "False",
        "eval_strategy": "no",
        "save_strategy": "no",
        "report_to": "tensorboard",
        "adam_beta1": "0.8",
        "adam_beta2": "0.99",
    }
    flags = [f"--{name}={other.get(name, '3')}" for name in DOCUMENTED]
    assert set(parse(settings, *flags, machine=GPU).differences) == set(DOCUMENTED)


@pytest.mark.parametrize(("bf16", "precision"), [(True, "bf16"), (False, "fp32")])
def test_cpu_differs_from_the_documented_precision(settings: Settings, bf16: bool, precision: str) -> None:
    """Without a GPU it is bf16 where the processor has it, else fp32, and the reason is given."""
    run = parse(settings, machine=replace(CPU, bf16=bf16))
    assert (run.precision.name, run.arguments.fp16, run.arguments.bf16) == (precision, False, bf16)
    assert run.arguments.use_cpu
    assert run.differences["fp16"].why == run.precision.reason
    assert "no GPU" in run.precision.reason


@pytest.mark.parametrize(("processes", "accumulation"), [(1, 4), (2, 2), (4, 1), (16, 1)])
def test_processes_share_the_effective_batch(settings: Settings, processes: int, accumulation: int) -> None:
    """Two processes accumulate half as often, so that a step still learns from eight rows."""
    machine = replace(CPU, processes=processes)
    assert parse(settings, machine=machine).arguments.gradient_accumulation_steps == accumulation
    given = parse(settings, "--gradient-accumulation-steps=4", machine=machine)
    assert given.arguments.gradient_accumulation_steps == 4


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "either --from-db or --data"),
        (["--from-db", "--data=rows.jsonl"], "either --from-db or --data"),
        (["--data=missing.jsonl"], "'missing.jsonl' is not a file"),
        (["--from-db", "--learning-rat=1"], "--learning-rat=1"),
        (["--from-db", "--seed=many"], "many"),
        (["--from-db", "--method=dpo"], "dpo"),
        (["--from-db", "--save-steps=2.5"], "save_steps must be an integer"),
        (["--from-db", "--resume"], "no run in"),
        (["--from-db", "--dry-run"], "is empty: run `supportbot init`"),
    ],
)
def test_fault_is_one_sentence(argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with a command line is told in one line, with exit status 2."""
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1


def test_active_base_is_the_live_version(settings: Settings) -> None:
    """'active' means the registry's live version; without any it says what to do."""
    with pytest.raises(ModelError, match="supportbot init"):
        parse(settings, "--base-model=active")


def test_hostile_arguments_are_not_unpickled(tmp_path: Path) -> None:
    """A pickle that would run something is refused before it does."""
    mark = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (mark,)

    torch.save(Hostile(), tmp_path / "training_args.bin")
    with pytest.raises(ConfigError, match="does not contain the arguments"):
        load_arguments(tmp_path)
    (tmp_path / "training_args.bin").write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(ConfigError, match="does not contain the arguments"):
        load_arguments(tmp_path)
    assert not mark.exists()


def test_dry_run_counts_and_changes_nothing(
    rows: Path, still_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run prints base, arguments and rows as JSON, and makes no folder."""
    output_dir = tmp_path / "out"
    flags = [f"--base-model={still_model}", f"--output-dir={output_dir}", "--dry-run", "--json"]
    assert main([f"--data={rows}", *flags]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"base_model", "arguments", "rows"}
    assert printed["base_model"].startswith("model@")
    assert printed["arguments"]["learning_rate"] == 2e-4
    assert printed["arguments"]["warmup_steps"] == 0
    assert printed["rows"] == {"taken": 32, "held_out": 4, "left_out": {}}
    assert not output_dir.exists()
