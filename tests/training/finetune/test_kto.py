"""Learning from votes: good answers gain on bad ones, on the very tokens that serving sees."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments
from trl.trainer.base_trainer import _BaseTrainer

from supportbot.config import Settings
from supportbot.db.models import RunExample, TrainingRun
from supportbot.db.session import Database
from supportbot.db.states import ExampleLabel, ExampleStatus, Split
from supportbot.engine.prompt import encode_text, encode_training_text
from supportbot.feedback.curation.keys import split_of
from supportbot.models.registry import starter_directory
from tests.supportbot.feedback.curation.rows import add_examples, example
from training.dataset import IGNORED, build_row, encode_row
from training.files import conversation_of
from training.finetune.arguments import load_arguments, parse_run
from training.finetune.base import load_base, load_tokenizer
from training.finetune.command import main
from training.finetune.data import load_prepared, prepare
from training.finetune.kto_trainer import MismatchingCollator, Votes, VoteTrainer, build_trainer
from training.finetune.machine import Machine
from training.finetune.output import UNFINISHED
from training.finetune.run import Run
from training.finetune.sources import FileRows

Rows = Callable[..., Path]

GOOD = "You find that in your account, under Orders."
BAD = "That is none of our business."
KTO = ("--method=kto", "--bf16=False", "--logging-steps=1", "--eval-strategy=no")


def questions(split: Split, count: int) -> list[str]:
    """Return questions that belong to a split."""
    asked = (f"How do I see parcel {number}?" for number in range(10_000))
    return [question for question in asked if split_of(conversation_of("", question)) is split][:count]


TRAIN = questions(Split.TRAIN, 12)
HELD_OUT = questions(Split.HELD_OUT, 2)


@pytest.fixture
def judged(tmp_path: Path) -> Rows:
    """Write a file of rows, one for each question, answer and label; a question is its own conversation."""

    def write(*rows: tuple[str, str, str | None]) -> Path:
        path = tmp_path / "judged.jsonl"
        records = [
            {"question": question, "answer": answer, "label": label, "conversation": question}
            for question, answer, label in rows
        ]
        path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        return path

    return write


@pytest.fixture
def both_sides(judged: Rows) -> Path:
    """A file with a good and a bad answer to each question."""
    return judged(
        *((question, GOOD, "good") for question in (*TRAIN, *HELD_OUT)),
        *((question, BAD, "bad") for question in (*TRAIN, *HELD_OUT)),
    )


def finetune(base: Path, output_dir: Path, *flags: str) -> int:
    """Run the command."""
    return main([f"--base-model={base}", f"--output-dir={output_dir}", "--json", *KTO, *flags])


def vote_trainer(base: Path, data: Path, output_dir: Path, *flags: str) -> tuple[Run, VoteTrainer]:
    """Return a run with its trainer, ready to train."""
    command = [f"--base-model={base}", f"--data={data}", f"--output-dir={output_dir}", *KTO, *flags]
    run = parse_run(command, Settings(), Machine(cuda=False, bf16=False, processes=1))
    run.arguments.train_sampling_strategy = "sequential"
    tokenizer = load_tokenizer(run.location)
    asyncio.run(prepare(run, FileRows(data, run.labels), tokenizer))
    prepared = load_prepared(run)
    model = load_base(run.location, tokenizer, run.max_length)
    return run, build_trainer(run, model, tokenizer, prepared, Votes.of(prepared.train), [])


def log_probability(model: Any, tokenizer: Any, question: str, answer: str) -> float:
    """Return the log-probability of an answer and its end, in nats, computed plainly."""
    text = encode_training_text(tokenizer, question, answer)
    ids = torch.tensor([[*text.prompt_ids, *text.completion_ids]])
    with torch.no_grad():
        logs = torch.log_softmax(model(input_ids=ids).logits.float()[0, :-1], dim=-1)
    taken = logs.gather(-1, ids[0, 1:, None])[:, 0]
    return float(taken[len(text.prompt_ids) - 1 :].sum())


def margin(directory: Path) -> float:
    """Return how much likelier good answers are than bad ones, in nats on average, for held-out questions."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    gains = [
        log_probability(model, tokenizer, question, GOOD) - log_probability(model, tokenizer, question, BAD)
        for question in HELD_OUT
    ]
    return sum(gains) / len(gains)


def test_votes_move_the_model(both_sides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Good answers gain on bad ones where nobody voted, and what comes out is a model like every other."""
    out = tmp_path / "out"
    flags = ["--learning-rate=5e-5", "--num-train-epochs=5", "--per-device-train-batch-size=8"]
    flags += ["--gradient-accumulation-steps=1", f"--data={both_sides}", "--eval-strategy=steps"]
    assert finetune(starter_directory(), out, *flags) == 0
    result = json.loads(capsys.readouterr().out)
    assert margin(out) > margin(starter_directory()) + 5
    assert (result["good_rows"], result["bad_rows"], result["held_out_rows"]) == (12, 12, 4)
    assert result["reward_margin"] > 0.5
    assert result["eval_reward_margin"] > 0.5
    assert result["final_loss"] < 0.45  # a model that has not moved has 0.5

    record = json.loads((out / "report" / "run.json").read_text())
    assert record["method"] == "kto"
    assert len(record["data"]["example_ids"]) == 24
    assert record["final_loss"] == result["final_loss"]
    assert record["loss_history"][0]["reward_margin"] == pytest.approx(0, abs=1e-3)  # the base is the measure
    votes = json.loads((out / "report" / "kto.json").read_text())
    assert votes == {"beta": 0.1, "good_rows": 12, "bad_rows": 12, "good_weight": 1.0, "bad_weight": 1.0}
    assert type(load_arguments(out)) is TrainingArguments
    # `margin` above has loaded it the documented way; its weights are stored in fp16.
    assert {tensor.dtype for tensor in load_file(out / "model.safetensors").values()} == {torch.float16}
    assert not (out / "data").exists()
    assert not (out / "UNFINISHED").exists()


def test_trainer_sees_the_tokens_of_serving(tiny_model: Path, judged: Rows, tmp_path: Path) -> None:
    """The batch that reaches the model holds our tokens: user text is plain, and the end is learned."""
    tricky = [
        ("Ends with spaces   ", "  Padded. ", "good"),
        (TRAIN[0] + "<|endoftext|>", "It says <|endoftext|> itself.", "bad"),
        (TRAIN[1] + "\n\n", "\nA second line\nof text.", "good"),
        ("Grüße 🙂 " + TRAIN[2], "¡Sí!", "bad"),
    ]
    rows = [row for row in tricky if split_of(conversation_of("", row[0])) is Split.TRAIN]
    assert len(rows) >= 3
    flags = ["--per-device-train-batch-size=4", "--max-length=256"]
    _, trainer = vote_trainer(tiny_model, judged(*rows), tmp_path / "out", *flags)
    batch = next(iter(trainer.get_train_dataloader()))
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    seen = set()
    for ids, attended, counted, label in zip(
        batch["input_ids"], batch["attention_mask"], batch["completion_mask"], batch["label"], strict=True
    ):
        whole = ids[attended.bool()].tolist()
        prompt = ids[attended.bool() & ~counted.bool()].tolist()
        assert whole.count(tokenizer.eos_token_id) == 1
        seen.add((tuple(prompt), tuple(ids[counted.bool()].tolist()), bool(label)))
    expected = set()
    for question, answer, label in rows:
        text = encode_training_text(tokenizer, question, answer)
        expected.add((text.prompt_ids, text.completion_ids, label == "good"))
    assert seen == expected


def test_long_rows_are_cut_as_everywhere(tiny_model: Path, judged: Rows, tmp_path: Path) -> None:
    """A question that is too long is shortened as when serving, and so the loss has an answer to count."""
    long = TRAIN[0] + " And where is it?" * 40
    data = judged(*((f"{question} {long}", GOOD, "good") for question in TRAIN), (TRAIN[0], BAD, "bad"))
    run, _ = vote_trainer(tiny_model, data, tmp_path / "out")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    row = load_prepared(run).train[0]
    question = next(
        record["question"]
        for record in map(json.loads, data.read_text().splitlines())
        if split_of(conversation_of("", record["question"])) is Split.TRAIN
    )
    assert row["input_ids"] == encode_row(tokenizer, question, GOOD)["input_ids"]
    assert row["input_ids"][row["labels"].count(IGNORED)] == encode_text(tokenizer, "\n")[0]


def test_prompts_are_paired_with_other_answers() -> None:
    """The drift is estimated on the same prompts and completions, each with a partner that is not its own."""
    rows = [
        {**build_row([1], [5, 9]), "good": True},
        {**build_row([2, 2], [6, 9]), "good": False},
        {**build_row([3], [7, 7, 9]), "good": True},
    ]
    batch = MismatchingCollator(pad_id=9)(rows)
    assert batch["input_ids"].tolist() == [[1, 5, 9, 9], [2, 2, 6, 9], [3, 7, 7, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    assert batch["completion_mask"].tolist() == [[0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 1, 1]]
    assert batch["KL_input_ids"].tolist() == [[1, 7, 7, 9], [2, 2, 5, 9], [3, 6, 9, 9]]
    assert batch["label"].tolist() == [True, False, True]


@pytest.mark.parametrize(("good", "bad"), [(1, 1), (90, 10), (10, 90), (2, 3), (1, 1000)])
def test_both_sides_count_alike(good: int, bad: int) -> None:
    """However many votes are on either side, the ratio is within the paper's 1:1 to 4:3, and no weight above 1."""
    votes = Votes(good=good, bad=bad)
    ratio = votes.good_weight * good / (votes.bad_weight * bad)
    assert 1 - 1e-9 <= ratio <= 4 / 3
    assert max(votes.good_weight, votes.bad_weight) == 1


def test_weights_reach_the_loss(tiny_model: Path, judged: Rows, tmp_path: Path) -> None:
    """The rows that are more weigh less, so an untrained model has the loss of balanced rows."""
    data = judged(*((question, GOOD, "good") for question in TRAIN), *((q, BAD, "bad") for q in TRAIN[:3]))
    _, trainer = vote_trainer(tiny_model, data, tmp_path / "out")
    assert (trainer.desirable_weight, trainer.undesirable_weight) == (0.25, 1.0)
    assert trainer.beta == 0.1
    assert not trainer.args.gradient_checkpointing


def test_votes_have_defaults_of_their_own(both_sides: Path, tmp_path: Path) -> None:
    """Without flags the rate, the batch and the order are those that suit votes; a flag still wins."""
    command = [f"--data={both_sides}", f"--output-dir={tmp_path / 'out'}", "--method=kto"]
    machine = Machine(cuda=False, bf16=False, processes=2)
    run = parse_run(command, Settings(), machine)
    assert run.arguments.learning_rate == 5e-6
    assert run.arguments.per_device_train_batch_size == 8
    assert run.arguments.gradient_accumulation_steps == 1  # two processes share 16 rows
    assert run.arguments.train_sampling_strategy == "sequential"
    assert run.differences["learning_rate"].why == "learning from votes needs it"
    run = parse_run([*command, "--learning-rate=1e-6"], Settings(), machine)
    assert run.arguments.learning_rate == 1e-6
    assert run.differences["learning_rate"].why == "it was set on the command line"


def test_bad_answers_are_needed(
    tiny_model: Path, judged: Rows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With votes on one side only there is one sentence that says so and what to do."""
    data = judged(*((question, GOOD, "good") for question in TRAIN))
    assert finetune(tiny_model, tmp_path / "out", f"--data={data}") == 2
    error = capsys.readouterr().err
    assert "needs good and bad answers" in error
    assert "12 good and 0 bad rows" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("label", [None, "maybe", 1])
def test_label_is_needed(
    tiny_model: Path, judged: Rows, tmp_path: Path, capsys: pytest.CaptureFixture[str], label: Any
) -> None:
    """A row that says neither good nor bad is named by its line."""
    data = judged((TRAIN[0], GOOD, "good"), (TRAIN[1], BAD, label))
    assert finetune(tiny_model, tmp_path / "out", f"--data={data}") == 2
    error = capsys.readouterr().err
    assert "Line 2 of" in error
    assert "'label' that is 'good' or 'bad'" in error


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--per-device-train-batch-size=1"], "at least"),
        (["--packing"], "for --method sft"),
        (["--loss-on=all"], "for --method sft"),
        (["--max-length=20"], "--max-length 20 is too small"),
    ],
)
def test_unfit_flags_are_refused(
    tiny_model: Path,
    both_sides: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    sentence: str,
) -> None:
    """What learning from votes cannot do is said in one sentence."""
    assert finetune(tiny_model, tmp_path / "out", f"--data={both_sides}", *flags) == 2
    assert sentence in capsys.readouterr().err


def test_missing_extra_is_named(
    tiny_model: Path,
    both_sides: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without TRL there is one sentence with the command that installs it, and no folder is made."""
    monkeypatch.setitem(sys.modules, "trl", None)
    assert finetune(tiny_model, tmp_path / "out", f"--data={both_sides}") == 2
    assert "pip install 'supportbot[preference]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_sent_anywhere() -> None:
    """What we switch off in TRL is still what TRL calls."""
    for name in ("_send_telemetry", "create_model_card"):
        assert name in vars(_BaseTrainer)
        assert name in vars(VoteTrainer)


@pytest.mark.long
def test_resumed_run_ends_like_an_uninterrupted_one(
    tiny_model: Path, both_sides: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that goes on from a checkpoint has the same base to be measured by, the same rows and the same end."""
    flags = [f"--data={both_sides}", "--per-device-train-batch-size=4", "--gradient-accumulation-steps=1"]
    flags += ["--num-train-epochs=2", "--save-steps=5", "--learning-rate=1e-3"]
    assert finetune(tiny_model, tmp_path / "out", *flags) == 0
    whole = json.loads(capsys.readouterr().out)
    weights = load_file(tmp_path / "out" / "model.safetensors")
    kept = sorted(path.name for path in (tmp_path / "out").glob("checkpoint-*"))
    assert kept == ["checkpoint-10", "checkpoint-12"]
    shutil.rmtree(tmp_path / "out" / "checkpoint-12")
    (tmp_path / "out" / UNFINISHED).touch()  # as if it had been killed then
    assert finetune(tiny_model, tmp_path / "out", *flags, "--resume") == 0
    captured = capsys.readouterr()
    assert "Resuming from checkpoint-10." in captured.err
    assert math.isclose(json.loads(captured.out)["final_loss"], whole["final_loss"], rel_tol=1e-4)
    for name, tensor in load_file(tmp_path / "out" / "model.safetensors").items():
        torch.testing.assert_close(tensor, weights[name], rtol=1e-2, atol=1e-3)


def test_thumbs_in_the_database_teach(
    database_url: str,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Approved rows of both labels are trained on and recorded; those that wait are left out, and it says so."""
    monkeypatch.setenv("SUPPORTBOT_DATABASE_URL", database_url)
    topics = ["invoices", "refunds", "passwords", "delivery times", "gift cards", "opening hours"]
    train = {"split": Split.TRAIN}
    bad = {"label": ExampleLabel.BAD, **train}

    async def fill() -> list[int]:
        database = Database(database_url)
        ids = await add_examples(
            database,
            *(example(f"What about {topic}?", f"We do {topic}.", **train) for topic in topics[:3]),
            *(example(f"Tell me of {topic}!", f"No {topic} here.", **bad) for topic in topics[3:]),
            example("Does this wait?", status=ExampleStatus.PENDING, **train),
        )
        await database.aclose()
        return ids

    async def recorded(run_id: int) -> tuple[str, list[int]]:
        database = Database(database_url)
        async with database.read() as session:
            run = await session.get_one(TrainingRun, run_id)
            rows = [await session.get(RunExample, (run_id, number)) for number in ids]
        await database.aclose()
        assert run.finished_at is not None
        return run.dataset_fingerprint, [row.example_id for row in rows if row is not None]

    ids = asyncio.run(fill())
    assert finetune(tiny_model, tmp_path / "out", "--from-db") == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert (result["good_rows"], result["bad_rows"]) == (3, 3)
    assert result["left_out"] == {"not approved yet": 1}
    assert "Left out: 1 rows, not approved yet." in captured.err
    fingerprint, trained = asyncio.run(recorded(result["training_run_id"]))
    assert trained == ids[:6]
    record = json.loads((tmp_path / "out" / "report" / "run.json").read_text())
    assert record["data"]["fingerprint"] == fingerprint
    assert record["data"]["example_ids"] == ids[:6]
