"""Fine-tuning on votes: what people liked becomes likelier, what they disliked less likely, by KTO.

KTO (Ethayarajh et al., 2024, https://arxiv.org/abs/2402.01306) needs no pairs of a better and a worse answer, only
answers with a judgement, such as thumbs. The reward of an answer is how much likelier it became than in a frozen
copy of the base; good answers should gain more than the average, bad ones less. The result looks like every
fine-tuned model; ``report/kto.json`` says how the votes counted.

This module knows no loss and no tokens: those are in ``kto_trainer``, which needs an optional extra and is
imported only when needed.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from transformers import Trainer

from supportbot.errors import ConfigError
from training.finetune.report import REPORT, Figures
from training.finetune.run import Run
from training.finetune.session import Ready

if TYPE_CHECKING:  # an optional extra
    from training.finetune.kto_trainer import Votes

KTO_JSON = "kto.json"

_REWARDS = {"rewards/margins": "reward_margin", "eval_rewards/margins": "eval_reward_margin", "kl": "kl"}
"""Values of TRL's log to keep besides the loss, and their names in the report."""


class Judgements:
    """The method that learns from votes.

    Raises:
        ConfigError: TRL is missing, or the run's arguments are unusable.
    """

    _votes: Votes

    def __init__(self, run: Run) -> None:
        _check(run)

    def build_trainer(self, ready: Ready) -> Trainer:
        """Return TRL's trainer on our rows."""
        from training.finetune.kto_trainer import Votes, build_trainer

        # TRL 1.16 uses a name that transformers 5.23 has changed; it means the same.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        self._votes = votes = Votes.of(ready.prepared.train)
        ready.tell(f"Learning from {votes.good:,} good and {votes.bad:,} bad answers.")
        trainer: Trainer = build_trainer(
            ready.run, ready.model, ready.tokenizer, ready.prepared, votes, ready.callbacks
        )
        return trainer

    def report(self, run: Run, figures: Figures, log: list[dict[str, Any]]) -> tuple[Figures, Mapping[str, Any]]:
        """Write how the votes counted, and add TRL's rewards to the history."""
        _write_votes(run, self._votes)
        figures = _with_rewards(figures, log)
        return figures, {
            "good_rows": self._votes.good,
            "bad_rows": self._votes.bad,
            "reward_margin": _last(figures, "reward_margin"),
            "eval_reward_margin": _last(figures, "eval_reward_margin"),
        }


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
            "--method kto compares the answers of a batch with one another: set "
            "--per-device-train-batch-size to at least 2, or 4 and more if memory allows."
        )
    run.arguments.train_sampling_strategy = "sequential"  # the rows are shuffled before; TRL requires it


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


def _last(figures: Figures, name: str) -> float | None:
    return next((entry[name] for entry in reversed(figures.loss_history) if name in entry), None)
