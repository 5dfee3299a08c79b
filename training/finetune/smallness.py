"""When a run could teach its base next to nothing: a small base, and too short a way for its weights.

AdamW moves a weight by about the learning rate a step, whatever the gradient. So learning rate × steps says how
far weights can go, and a model of a few million parameters, whose embeddings hold all it knows, has to go far: its
recipe goes 12. On 658 rows, the documented 2e-4 in 83 steps, a way of .02, left the starter with no right
answer, old or new; 2e-3 in 14 epochs, a way of 2, got two in three right. A pretrained base of 80 million
parameters or more knows the language already and need not go far.

This module knows no model, only numbers.
"""

from __future__ import annotations

import math

from training.finetune.run import Run

SMALL = 10_000_000
"""Parameters: the starter has .75 million, the smallest GPT-2 that is in use (distilgpt2) 82 million."""

LEAST_WAY = 1.0
"""Learning rate × steps; half of the shortest way that taught a small base something."""


def objection(run: Run, parameters: int, rows: int) -> str | None:
    """Return the sentence to say before a run begins that would teach nothing, if it would not.

    Args:
        run: as it was asked for.
        parameters: of its base.
        rows: to train on, in an epoch.
    """
    arguments = run.arguments
    batch = arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    steps = (
        arguments.max_steps if arguments.max_steps > 0 else math.ceil(rows / batch * arguments.num_train_epochs)
    )
    # Learning from votes is to move a model a little and no further.
    if run.method != "sft" or parameters >= SMALL or arguments.learning_rate * steps >= LEAST_WAY:
        return None
    return (
        f"This base has only {parameters / 1e6:.2g} million parameters: {steps:,} steps at a learning rate of "
        f"{arguments.learning_rate:g} will make it forget much and learn next to nothing. `--recipe faq` makes a "
        "model of that size anew from the approved rows, in minutes."
    )
