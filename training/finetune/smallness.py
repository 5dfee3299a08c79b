"""Whether a run would teach its base almost nothing: a small base, and too little change of its weights.

AdamW moves a weight by about the learning rate per step, whatever the gradient. So learning rate × steps says how
far weights can move. A model of a few million parameters, whose embeddings hold all its knowledge, must move far:
its recipe comes to 12. On 658 rows, the documented 2e-4 in 83 steps (.02) left the starter with no right answer,
old or new; 2e-3 in 14 epochs (2) got two in three right. A pretrained base of 80 million parameters or more knows
the language already and need not move far.

This module knows no model, only numbers.
"""

from __future__ import annotations

import math

from training.finetune.run import Run

SMALL = 10_000_000
"""Parameters: the starter has .75 million, the smallest GPT-2 in use (distilgpt2) 82 million."""

LEAST_WAY = 1.0
"""Learning rate × steps; half of the least that taught a small base something."""


def objection(run: Run, parameters: int, rows: int) -> str | None:
    """Return a warning if a run would teach almost nothing.

    Args:
        run: with its arguments.
        parameters: of its base.
        rows: to train on, in an epoch.
    """
    arguments = run.arguments
    batch = arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    steps = (
        arguments.max_steps if arguments.max_steps > 0 else math.ceil(rows / batch * arguments.num_train_epochs)
    )
    # Learning from votes should move a model only a little.
    if run.method != "sft" or parameters >= SMALL or arguments.learning_rate * steps >= LEAST_WAY:
        return None
    return (
        f"This base has only {parameters / 1e6:.2g} million parameters: {steps:,} steps at a learning rate of "
        f"{arguments.learning_rate:g} will make it forget much and learn very little. `--recipe "
        "faq` makes a new model of that size from the approved rows, in minutes."
    )
