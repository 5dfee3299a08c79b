"""Trains a model from scratch on rows: a tokenizer of its own, arguments that follow from the recipe, a loss.

All randomness of weights and order comes from torch's generator, seeded by the recipe, so a machine makes the same
model again. It always computes on the CPU, in bf16 if the processor has it: that measured a quarter faster than
fp32 at this size, and a GPU would mostly wait.

The module does not know how good the model gets, and knows no versions, runs and databases.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from supportbot.engine.load import cpu_has_bf16
from supportbot.engine.prompt import prompt_text
from training.dataset import IGNORED, PaddingCollator, Row, RowDataset
from training.faq.material import Material
from training.faq.model import build_model, save_model
from training.faq.recipe import Recipe
from training.faq.rows import build_rows
from training.faq.teacher import Teacher
from training.faq.tokenizer import train_tokenizer


def train(
    material: Material, recipe: Recipe, teacher: Teacher, directory: Path, callbacks: Sequence[TrainerCallback]
) -> None:
    """Train a model and save weights (fp16), tokenizer and generation settings into ``directory``."""
    tokenizer = learn_tokenizer(material, recipe)
    rows = build_rows(material, recipe, tokenizer, teacher)
    with tempfile.TemporaryDirectory() as scratch:
        trainer = build_trainer(recipe, build_arguments(recipe, scratch), tokenizer, rows, callbacks)
        trainer.train()
        save_model(trainer.model, tokenizer, directory)


def learn_tokenizer(material: Material, recipe: Recipe) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a model that learns ``material``."""
    wordings = [prompt_text(wording) for wording, _ in material.pairs()]
    answers = [topic.answer for topic in material.topics] * recipe.answer_weight
    return train_tokenizer(wordings + answers, recipe.vocabulary, recipe.positions)


def build_arguments(recipe: Recipe, output_dir: str) -> TrainingArguments:
    """Return Trainer's arguments; Trainer writes nothing into ``output_dir``."""
    return TrainingArguments(
        output_dir=output_dir,
        use_cpu=True,
        bf16=cpu_has_bf16(),
        seed=recipe.seed,
        num_train_epochs=1,
        per_device_train_batch_size=recipe.batch,
        # Truncated and whole answers differ by a factor of two: random batches were half padding.
        train_sampling_strategy="group_by_length",
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warmup,  # below 1, so a share of all steps
        weight_decay=recipe.weight_decay,
        adam_beta2=recipe.adam_beta2,
        max_grad_norm=recipe.max_grad_norm,
        optim="adamw_torch_fused",
        logging_steps=100,  # 40 points of a curve
        include_num_input_tokens_seen="non_padding",  # for the tokens/s
        # The result is one small file: no checkpoints, no bars but our own.
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        prediction_loss_only=True,
    )


def build_trainer(
    recipe: Recipe,
    arguments: TrainingArguments,
    tokenizer: PreTrainedTokenizerBase,
    rows: Sequence[Row],
    callbacks: Sequence[TrainerCallback],
    held_out: Sequence[Row] = (),
) -> Trainer:
    """Return the trainer of a new model on rows.

    Args:
        recipe: has the model's size and seed.
        arguments: see ``build_arguments``.
        tokenizer: of the rows.
        rows: each is seen once.
        callbacks: such as a progress bar.
        held_out: rows to measure the loss on.
    """
    set_seed(recipe.seed)
    trainer = AnswerTrainer(
        model=build_model(recipe, tokenizer),
        args=arguments,
        train_dataset=RowDataset(rows),
        eval_dataset=RowDataset(held_out) if held_out else None,
        data_collator=PaddingCollator(int(tokenizer.pad_token_id)),
        callbacks=list(callbacks),
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for the result
    return trainer


class AnswerTrainer(Trainer):
    """Computes only the logits of answers: those of prompts do not count in the loss and were half of all the
    work."""

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Return the mean cross-entropy of a batch, with empty outputs if outputs are requested."""
        gpt: Any = model
        hidden = gpt.transformer(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state
        following = inputs["labels"][:, 1:]
        counted = following != IGNORED
        logits = gpt.lm_head(hidden[:, :-1][counted])
        loss = torch.nn.functional.cross_entropy(logits.float(), following[counted])
        return (loss, {}) if return_outputs else loss
