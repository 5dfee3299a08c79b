"""Fine-tuning on votes: what people liked becomes likelier, what they disliked less likely, by KTO.

KTO (Ethayarajh et al., 2024, https://arxiv.org/abs/2402.01306) needs no pairs of a better and a worse answer, only
answers with a judgement, which is what thumbs are. A frozen copy of the base is the measure: how much likelier an
answer is than it was there is its reward, and a good one is to gain more, a bad one less, than answers do on
average. What comes out has the form of every fine-tuned model; ``report/kto.json`` says how the votes counted.

This module knows no loss and no tokens: those are in ``kto_trainer``, which needs an optional extra and is
therefore imported only when it is wanted.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from accelerate import PartialState
from rich.console import Console
from transformers import PreTrainedTokenizerBase

from supportbot.bootstrap import open_database
from supportbot.db.schema import check_schema
from supportbot.errors import ConfigError
from training.finetune import session
from training.finetune.base import load_base, load_tokenizer
from training.finetune.data import remove_prepared
from training.finetune.judged import JudgedDatabaseRows, JudgedFileRows, load_judged, prepare_judged
from training.finetune.output import begin_output, check_output, finish_output, mark_finished, staged
from training.finetune.progress import ProgressBar
from training.finetune.report import REPORT, Figures, write_report
from training.finetune.run import Run

if TYPE_CHECKING:  # an optional extra
    from training.finetune.kto_trainer import Votes

KTO_JSON = "kto.json"

_REWARDS = {"rewards/margins": "reward_margin", "eval_rewards/margins": "eval_reward_margin", "kl": "kl"}
"""What is kept of TRL's log besides the loss, and its name in the report."""


def train_kto(run: Run) -> Mapping[str, Any]:
    """Fine-tune a model on judged answers; return what is to be said of the run.

    Raises:
        ConfigError: TRL is missing, the arguments or the output directory are not usable, or the rows are not of
            both kinds.
        DatabaseError: the database is not usable.
        ModelError: the base is not usable, or what came out is not a model.
    """
    _check(run)
    from training.finetune.kto_trainer import Votes, build_trainer

    state = PartialState()
    console = Console(stderr=True)
    tell = session.teller(console, main=state.is_main_process)
    check_output(run)
    state.wait_for_everyone()  # all have looked before one of them writes
    tokenizer = load_tokenizer(run.location)
    if state.is_main_process:
        begin_output(run)
        asyncio.run(_prepare(run, tokenizer, tell))
    state.wait_for_everyone()
    prepared = load_judged(run)
    votes = Votes.of(prepared.train)
    tell(f"Learning from {votes.good:,} good and {votes.bad:,} bad answers.")
    run_id = None
    if run.from_db and state.is_main_process:
        run_id = asyncio.run(session.begin_run_record(run, prepared.train, prepared.counts.fingerprint))
    session.tell_differences(run, tell)
    model = load_base(run.location, tokenizer, run.max_length)
    checkpoint = session.choose_checkpoint(run, model, tell, main=state.is_main_process)
    with warnings.catch_warnings():
        # TRL 1.16 asks a model by a name that transformers 5.23 has renamed; it means the same.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        trainer: Any = build_trainer(run, model, tokenizer, prepared, votes, [ProgressBar(console)])
        figures = _with_rewards(session.train(trainer, checkpoint, run_id), trainer.state.log_history)
    trainer.save_model(str(staged(run)))
    state.wait_for_everyone()
    if state.is_main_process:
        finish_output(run, model, tokenizer)
        _write_votes(run, votes)
        write_report(run, prepared.counts, list(session.example_ids(prepared.train)), figures)
        if run_id is not None:
            asyncio.run(session.finish_run_record(run, run_id, figures))
        remove_prepared(run)
        mark_finished(run)
    return _summary(run, session.Result(run.output_dir, prepared.counts, figures), votes)


def _check(run: Run) -> None:
    try:
        import trl  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ConfigError(
            "Learning from votes needs the library TRL, an optional extra: pip install 'supportbot[preference]'."
        ) from error
    if run.packing or run.loss_on == "all":
        raise ConfigError("--packing and --loss-on all are for --method sft: votes judge whole answers.")
    if run.arguments.per_device_train_batch_size < 2:
        raise ConfigError(
            "--method kto compares the answers of a batch with one another: give --per-device-train-batch-size 2 "
            "at least, and 4 or more if there is room."
        )
    run.arguments.train_sampling_strategy = "sequential"  # the rows are shuffled beforehand; TRL wants it so


async def _prepare(run: Run, tokenizer: PreTrainedTokenizerBase, tell: session.Teller) -> None:
    if run.data is not None:
        counts = await prepare_judged(run, JudgedFileRows(run.data), tokenizer)
    else:
        async with open_database(run.settings) as database:
            await check_schema(database)
            counts = await prepare_judged(run, JudgedDatabaseRows(database), tokenizer)
    session.tell_rows(counts, load_judged(run).counts, tell)


def _with_rewards(figures: Figures, log: list[dict[str, Any]]) -> Figures:
    """Add to the history how far good answers are ahead of bad ones, and how far the model is from its base."""
    rewards = {
        (entry["step"], "eval_loss" in entry): {
            name: entry[theirs] for theirs, name in _REWARDS.items() if theirs in entry
        }
        for entry in log
        if "loss" in entry or "eval_loss" in entry
    }
    history = [{**entry, **rewards[entry["step"], "eval_loss" in entry]} for entry in figures.loss_history]
    return replace(figures, loss_history=history)


def _write_votes(run: Run, votes: Votes) -> None:
    from training.finetune.kto_trainer import BETA

    folder = run.output_dir / REPORT
    folder.mkdir(exist_ok=True)
    record = {
        "beta": BETA,
        "good_rows": votes.good,
        "bad_rows": votes.bad,
        "good_weight": votes.good_weight,
        "bad_weight": votes.bad_weight,
    }
    (folder / KTO_JSON).write_text(json.dumps(record, indent=2) + "\n", "utf-8")


def _summary(run: Run, result: session.Result, votes: Votes) -> dict[str, Any]:
    figures = result.figures
    return {
        "output_dir": str(result.output_dir),
        "base_model": run.base_model,
        "train_rows": result.counts.taken,
        "good_rows": votes.good,
        "bad_rows": votes.bad,
        "held_out_rows": result.counts.held_out,
        "left_out": dict(result.counts.left_out),
        "final_loss": figures.final_loss,
        "eval_loss": figures.eval_loss,
        "reward_margin": _last(figures, "reward_margin"),
        "eval_reward_margin": _last(figures, "eval_reward_margin"),
        "train_seconds": figures.train_seconds,
        "tokens_per_second": figures.tokens_per_second,
        "peak_memory_mb": figures.peak_memory_mb,
        "training_run_id": figures.training_run_id,
    }


def _last(figures: Figures, name: str) -> float | None:
    return next((entry[name] for entry in reversed(figures.loss_history) if name in entry), None)
