"""Trains the starter model from scratch: texts in, a model directory in Hugging Face format out.

All randomness of the rows comes from Python's generator and all of the weights and the order from torch's, both
seeded by the recipe, so a machine gives the same model again. It always computes on the CPU, in bf16 where the
processor has it: that measured a quarter faster than fp32 at this size.

The module knows nothing of how good the model gets (``measure``) nor of versions and manifests (``__main__``).
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from supportbot.engine.base import SamplingParams
from supportbot.engine.load import cpu_has_bf16
from supportbot.engine.prompt import encode_text, encode_training_text, prompt_text
from training.dataset import IGNORED, PaddingCollator, Row, RowDataset, build_row
from training.starter.augment import augment, split_words
from training.starter.data import Faq
from training.starter.recipe import Recipe
from training.starter.spelling import spelling_vectors
from training.starter.teacher import Inventor, Teacher
from training.starter.tokenizer import train_tokenizer

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


def train(faq: Faq, recipe: Recipe, directory: Path, progress: Progress) -> None:
    """Train a model and save weights (fp16), tokenizer and generation settings into ``directory``."""
    tokenizer = train_tokenizer(_texts(faq, recipe), recipe.vocabulary, recipe.positions)
    rows = build_rows(faq, recipe, tokenizer)
    set_seed(recipe.seed)
    model = build_model(recipe, tokenizer)
    with tempfile.TemporaryDirectory() as scratch:
        trainer = _AnswerTrainer(
            model=model,
            args=_arguments(recipe, scratch),
            train_dataset=RowDataset(rows),
            data_collator=PaddingCollator(tokenizer.pad_token_id),
            callbacks=[_ProgressCallback(progress)],
        )
        trainer.remove_callback(PrinterCallback)  # stdout is for the result
        trainer.train()
    _save(model, tokenizer, directory)


def build_rows(faq: Faq, recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> list[Row]:
    """Return the rows of the whole training, each seen once; held-out wordings are not touched.

    A part of them are the wordings in turn, differently augmented each time, and the others invented questions
    with the topic that the teacher says, or foreign ones with any topic.
    """
    rng = random.Random(recipe.seed)  # noqa: S311 - variety, not secrecy
    count = recipe.steps * recipe.batch
    invented = round(count * recipe.invented_share)
    foreign = round(count * recipe.foreign_share) if faq.foreign else 0
    pairs = [(wording, number) for number, topic in enumerate(faq.topics) for wording in topic.wordings]
    wordings = islice(cycle(pairs), count - invented - foreign)
    asked = [(augment(text, recipe, rng), number) for text, number in wordings]
    inventor = Inventor(faq)
    questions = [augment(inventor.invent(rng), recipe, rng) for _ in range(invented)]
    topics = Teacher(faq, recipe).label(questions, rng)
    questions += [augment(text, recipe, rng) for text in islice(cycle(faq.foreign), foreign)]
    topics += [rng.randrange(len(faq.topics)) for _ in range(foreign)]

    completions = [encode_training_text(tokenizer, "", topic.answer).completion_ids for topic in faq.topics]
    rows = []
    for number, (question, topic) in enumerate([*asked, *zip(questions, topics, strict=True)]):
        # An invented or foreign question only teaches which answer it is.
        truncated = number >= len(asked) or rng.random() < recipe.truncated_share
        first, *rest = split_words(question, recipe.split_words, rng)
        pieces = [prompt_text(first), *rest]  # the instruction is always the same, so it stays whole
        prompt = [token for piece in pieces for token in encode_text(tokenizer, piece)]
        rows.append(build_row(prompt, completions[topic][: recipe.truncated_tokens if truncated else None]))
    return rows


def build_model(recipe: Recipe, tokenizer: PreTrainedTokenizerBase) -> GPT2LMHeadModel:
    """Return an untrained model of the recipe's size; its weights follow from torch's seed and the recipe's."""
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=recipe.positions,
        n_embd=recipe.width,
        n_layer=recipe.layers,
        n_head=recipe.heads,
        resid_pdrop=recipe.dropout,
        embd_pdrop=recipe.dropout,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # Tied, every answer pushes the embeddings of all other words the same way, rare ones furthest.
        tie_word_embeddings=False,
    )
    model = GPT2LMHeadModel(config)
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.no_grad():
        model.transformer.wte.weight.copy_(
            spelling_vectors(tokenizer, recipe.width, recipe.spelling_scale, generator)
        )
    return model


def _texts(faq: Faq, recipe: Recipe) -> list[str]:
    wordings = [prompt_text(wording) for topic in faq.topics for wording in topic.wordings]
    return wordings + [topic.answer for topic in faq.topics] * recipe.answer_weight


def _arguments(recipe: Recipe, scratch: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=scratch,
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
        # The result is one small file: no checkpoints, no logs, no bars but our own.
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
    )


def _save(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerBase, directory: Path) -> None:
    """Write what ``from_pretrained`` and ``generate()`` need, with the documented sampling as the default."""
    sampling: dict[str, Any] = SamplingParams().as_record()
    model.generation_config = GenerationConfig(
        **sampling,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.config.use_cache = True  # training turned it off, and generate() without it is many times slower
    model.half().save_pretrained(directory)
    tokenizer.save_pretrained(directory)


class _AnswerTrainer(Trainer):
    """Computes the logits of answers only: those of prompts carry no loss and were half of all the work."""

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Return the mean cross-entropy of a batch."""
        gpt: Any = model
        hidden = gpt.transformer(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state
        following = inputs["labels"][:, 1:]
        counted = following != IGNORED
        logits = gpt.lm_head(hidden[:, :-1][counted])
        return torch.nn.functional.cross_entropy(logits.float(), following[counted])


class _ProgressCallback(TrainerCallback):
    """Tells how far the training is after each step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Pass the numbers on."""
        self._progress(state.global_step, state.max_steps)
